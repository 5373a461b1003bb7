"""Noise on the grid of 8-bit weights fires with exactly σ(u), in fixed point.

Not by drawing: at step i every neuron gets pattern i, so that one run shows all that can happen.
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from scipy.special import expit
from torch import nn

from snnvae.deploy.compile import compile_graph
from snnvae.draws.draw import Draw
from snnvae.hardware_sim.make_stimulus import build_stimulus
from snnvae.hardware_sim.reference import run
from snnvae.layers.grid_noise import (
    DIGITS,
    LIMIT,
    SCALE,
    STEP,
    GridNoise,
    OnGrid,
    digits,
)
from snnvae.layers.model import Batch, Losses, SpikingModel
from snnvae.layers.noise import noise_cell
from snnvae.layers.wiring import Link, Port, Wiring
from snnvae.program import Precision
from snnvae.train.to_nir import to_nir

UNITS = np.array([*range(-520, -490, 3), *range(-60, 61), *range(490, 521, 3)])
"""Currents: odd and even ones, in the middle and at both ends."""


class Noises(SpikingModel):
    """A neuron for each current: an even weight, which a spike brings, and a bias of 0 or 1."""

    parts = ("net",)

    def __init__(self) -> None:
        super().__init__(SimpleNamespace(model="noises", dataset="", steps=1))
        bias = UNITS % 2
        self.halves = nn.Linear(3, len(UNITS)).requires_grad_(False)
        thirds = (UNITS - bias) // 2
        split = np.stack([thirds // 3, (thirds + 1) // 3, (thirds + 2) // 3], 1) * 2
        self.halves.weight.copy_(torch.from_numpy(split / SCALE))
        self.halves.bias.copy_(torch.from_numpy(bias / SCALE))
        self.noise = GridNoise.of_bias(bias / SCALE)
        self.scales = {"fires": SCALE}

    def wiring(self, part: str) -> Wiring:
        """on, noise → fires."""
        links = [Link("current", self.halves, ("on",))]
        like = self.halves.weight
        cell = noise_cell("fires", len(UNITS), links, "noise", self.noise, like)
        return Wiring((Port("on", (3, 1, 1)), self.noise.port("noise")), (cell,), "fires")

    def draws(self, part: str) -> tuple[Draw, ...]:
        """The noise."""
        return (self.noise.draw("noise", 4),)

    def forward(self, batch: Batch, generator: torch.Generator, done: float) -> Losses:
        """Nothing is learned."""
        raise NotImplementedError


@pytest.mark.parametrize("precision", ["float", "fixed"])
def test_the_deployed_probability_is_the_logistic_one(precision: Precision) -> None:
    model = Noises()
    draw = model.noise.draw("noise", 4)
    patterns, size = len(draw.table), len(UNITS)
    noise = np.repeat(draw.table[:, None], size, axis=1)[None, ..., None]
    data = {"on": np.ones((1, patterns, 3, 1, 1), bool), "noise": noise}
    program = compile_graph(to_nir(model), precision).program
    fired = run(program, build_stimulus(program, [0], data=data)).spikes["fires"]
    p = (draw.p[draw.kind_of].T * fired.reshape(patterns, size)).sum(0)
    inside = np.abs(UNITS) < LIMIT * SCALE
    np.testing.assert_allclose(p[inside], expit(UNITS / SCALE)[inside], rtol=1e-12)
    assert (p[UNITS >= LIMIT * SCALE] >= expit(LIMIT) - 1e-12).all()
    assert (p[UNITS <= -LIMIT * SCALE] <= expit(-LIMIT) + 1e-12).all()
    assert inside.sum() > 120


def test_a_number_is_the_sum_of_its_digits_and_each_is_a_weight() -> None:
    for number in range(-508, 509, 2):
        found = digits(number)
        assert sum(found) == number
        assert {*found} - {0} <= {*DIGITS}
    assert max(map(abs, DIGITS)) == 254
    assert all(weight % 2 == 0 for weight in DIGITS)
    assert len({*DIGITS}) == len(DIGITS) == 32


def test_neurons_may_share_a_row_of_noise() -> None:
    """Each is what it would be with a row of its own; the rates are those of the drawn spikes."""
    shared, own = GridNoise((False,)), GridNoise((False,) * 3)
    like = torch.zeros(1)
    one, three = shared.synapse(3, like), own.synapse(3, like)
    row = torch.from_numpy(shared.draw("noise", 4).stream(range(50), 200, 0, ()).copy()).float()
    row = row.view(-1, 1, len(DIGITS), 1)
    torch.testing.assert_close(one(row), three(row.expand(-1, 3, -1, -1)))
    np.testing.assert_allclose(row.mean((0, 1, 3)), shared.rates()[0], atol=0.02)


def test_rounded_weights_are_even_units_and_gradients_go_through() -> None:
    weight = torch.tensor([0.3, -5.0, 9.0], requires_grad=True)
    rounded = OnGrid.apply(weight)
    np.testing.assert_allclose(rounded.detach() / STEP, [10, -127, 127], rtol=1e-6)
    rounded.pow(2).sum().backward()
    torch.testing.assert_close(weight.grad, 2 * rounded.detach())
    assert OnGrid.apply(weight, torch.inf)[2].item() == pytest.approx(9.0, abs=STEP / 2)
