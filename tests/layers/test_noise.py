"""The noise neuron fires with the probability that its current means, in float and in 8 bits.

Not by drawing: at step i every neuron gets its random input i, so that one run of m steps shows
all that can happen, and the probabilities of what fired add up to P(spike).
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
from snnvae.draws.one_hot import one_hot
from snnvae.hardware_sim.make_stimulus import build_stimulus
from snnvae.hardware_sim.reference import run
from snnvae.layers.activity import activity
from snnvae.layers.model import Batch, Losses, SpikingModel
from snnvae.layers.noise import Levels, noise_cell
from snnvae.layers.wiring import Link, Port, Wiring
from snnvae.program import Precision
from snnvae.train.to_nir import to_nir
from snnvae.train.trace import time_first

U = np.linspace(-7.5, 7.5, 61)
"""Currents: four noise neurons a nat."""
EVEN = Levels.even(128, 8.0)


class Noises(SpikingModel):
    """A noise neuron for each current, which one input spike brings."""

    parts = ("net",)

    def __init__(self, levels: Levels) -> None:
        super().__init__(SimpleNamespace(model="noises", dataset="", steps=len(levels)))
        self.levels = levels
        self.current = nn.Linear(1, len(U)).requires_grad_(False)
        self.current.weight[:, 0] = torch.from_numpy(U)
        self.current.bias.zero_()

    def wiring(self, part: str) -> Wiring:
        """on, noise → fires."""
        ports = (Port("on", (1, 1, 1)), self.levels.port("noise", len(U)))
        links = [Link("current", self.current, ("on",))]
        cell = noise_cell("fires", len(U), links, "noise", self.levels, self.current.weight)
        return Wiring(ports, (cell,), "fires")

    def draws(self, part: str) -> tuple[Draw, ...]:
        """The noise."""
        return (self.levels.draw("noise", len(U), 4),)

    def forward(self, batch: Batch, generator: torch.Generator, done: float) -> Losses:
        """Nothing is learned."""
        raise NotImplementedError


def in_turn(levels: Levels) -> dict[str, np.ndarray]:
    """One sample whose step i shows input i to every neuron."""
    m = len(levels)
    every = one_hot(np.repeat(np.arange(m)[:, None], len(U), 1), m).reshape(m, len(U), m, 1)
    return {"on": np.ones((1, m, 1, 1, 1), bool), "noise": every[None]}


def realised(levels: Levels, precision: Precision) -> np.ndarray:
    """P(spike) of each neuron as it is deployed."""
    program = compile_graph(to_nir(Noises(levels)), precision).program
    fired = run(program, build_stimulus(program, [0], data=in_turn(levels))).spikes["fires"]
    p = np.full(len(levels), 1 / len(levels)) if levels.p is None else np.array(levels.p)
    return p @ fired[0].reshape(len(levels), len(U))


@pytest.mark.parametrize("levels", [Levels.quantiles(64), EVEN], ids=["quantiles", "even"])
def test_in_float_the_deployed_probability_is_that_of_the_levels(levels: Levels) -> None:
    np.testing.assert_allclose(realised(levels, "float"), levels.probability(U), rtol=1e-12)
    model = Noises(levels).double()
    model.current.weight[:, 0] = torch.from_numpy(U)
    streams = {name: time_first(stream) for name, stream in in_turn(levels).items()}
    fired = activity(model.wiring("net"), streams).spikes["fires"]
    program = compile_graph(to_nir(model)).program
    deployed = run(program, build_stimulus(program, [0], data=in_turn(levels))).spikes["fires"]
    np.testing.assert_array_equal(fired[:, 0].numpy().ravel(), deployed.ravel())


def test_quantiles_are_within_half_a_level_of_the_logistic() -> None:
    for m in (8, 64):
        error = np.abs(Levels.quantiles(m).probability(U) - expit(U))
        assert error.max() <= 0.5 / m + 1e-12
        assert error.max() > 0.3 / m


def test_even_levels_are_within_half_a_spacing_of_the_current() -> None:
    half = 8.0 / (len(EVEN) - 1)
    found = EVEN.probability(U)
    assert (found >= expit(U - half) - 1e-12).all()
    assert (found <= expit(U + half) + 1e-12).all()
    assert EVEN.probability(-8 - 1e-9) == 0
    assert EVEN.probability(-8 + 1e-9) == pytest.approx(expit(-8 + half))
    assert EVEN.probability(8.1) == pytest.approx(1)


def test_in_8_bits_current_and_level_are_each_rounded_by_half_a_step() -> None:
    """The largest weight, a level of 8, takes 254 units; weights are even, so a step is 2 units."""
    step = 2 * 8.0 / 254
    half = 8.0 / (len(EVEN) - 1)
    found = realised(EVEN, "fixed")
    assert (found >= expit(U - step - half) - 1e-12).all()
    assert (found <= expit(U + step + half) + 1e-12).all()
    kl = _divergence(expit(U), found)
    assert kl.max() < 4e-3
    assert (found != EVEN.probability(U)).any()


def test_more_levels_are_nearer() -> None:
    errors = [
        _divergence(expit(U), Levels.even(m, 8.0).probability(U)).max() for m in (16, 64, 128)
    ]
    assert errors[0] > 4 * errors[1] > 4 * errors[2]
    assert errors[2] < 6e-4


def test_the_host_draws_levels_at_their_probabilities() -> None:
    draw = EVEN.draw("noise", 3, 5)
    index = draw.choices(range(40), 500, 0)
    counts = np.bincount(index.ravel(), minlength=len(EVEN))
    expected = index.size * np.array(EVEN.p)
    # χ² of 127 degrees: mean 127, deviation 16; rare levels are few, so it is not χ² exactly.
    assert ((counts - expected) ** 2 / expected).sum() < 127 + 6 * 16
    again = type(draw).read("noise", 3 * len(EVEN), draw.stated())
    np.testing.assert_array_equal(again.choices(range(40), 500, 0), index)


def _divergence(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """KL(p ‖ q) of two events in nats."""
    return p * np.log(p / q) + (1 - p) * np.log((1 - p) / (1 - q))
