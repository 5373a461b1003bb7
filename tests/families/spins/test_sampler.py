"""The deployed sampler draws from the machine's own distribution, in any number of runs."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from snnvae.deploy.compile import compile_graph
from snnvae.families.spins.config import LOOP, WAY, Config
from snnvae.families.spins.hamiltonian import codes
from snnvae.families.spins.loop import chains_of
from snnvae.families.spins.model import SpinSampler
from snnvae.families.spins.sampler import Chains
from snnvae.hardware_sim.make_stimulus import build_stimulus
from snnvae.hardware_sim.reference import run
from snnvae.program import Precision
from snnvae.train.build import build
from snnvae.train.to_nir import to_nir


def sampler(n: int = 3, m: int = 3) -> SpinSampler:
    """Strong weights, and no symmetry: the biases are the machine's own."""
    terms = ("-1 Z0 Z1", "-0.5 Z2", *(f"-1 X{i}" for i in range(n)))
    model: SpinSampler = build(Config.default("spins", n=n, hidden=m, terms=terms, batch=2))
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(1.5 * torch.randn(parameter.shape, generator=generator))
    return model


@pytest.mark.parametrize("precision", ["float", "fixed"])
def test_states_come_as_often_as_the_machine_says(precision: Precision) -> None:
    model = sampler()
    p = model.machine().distribution()
    assert p.max() / p.min() > 20
    drawn = Chains(model.folded(), precision).run(range(64), 1200, 0).chains(burn_in=20)
    counts = np.bincount(codes(drawn).ravel(), minlength=8)
    found = counts / counts.sum()
    # 71,680 states, of which one in a few is independent: some four standard errors.
    np.testing.assert_allclose(found, p, atol=0.01)
    assert 1 - np.sqrt(found * p).sum() < 1e-3
    swapped = p.reshape(2, 2, 2).transpose(2, 1, 0).ravel()  # sites in another order
    assert 1 - np.sqrt(found * swapped).sum() > 1e-2


def test_both_populations_have_one_scale() -> None:
    model = sampler().folded()
    assert model.scales["v"] == model.scales["h"]
    program = compile_graph(to_nir(model), "fixed").program
    weights = {c.name: c.synapse.matrix().toarray() for c in program.connections}
    np.testing.assert_array_equal(weights["h.v.loop"], weights["v.h.loop"].T)
    np.testing.assert_array_equal(weights["h.v.loop"], weights["h.v.start"])


def test_a_run_goes_on_where_another_stopped() -> None:
    """With the same noise two runs are one: four chains, and nothing else, are carried over."""
    model = sampler()
    program = compile_graph(to_nir(model.folded()), "fixed").program
    whole = build_stimulus(program, range(3), seed=5, steps=24)
    first, second = slice(0, 12), slice(12, 24)
    noise = {name: whole.streams[name] for name in ("noise.v", "noise.h")}
    start = {name: whole.streams[name] for name in ("start.v", "start.h")}
    before = {name: stream[:, first] for name, stream in {**noise, **start}.items()}
    found = run(program, build_stimulus(program, range(3), data=before)).spikes
    after = {name: stream[:, second] for name, stream in noise.items()}
    for name in ("v", "h"):
        stream = np.zeros_like(start[f"start.{name}"][:, first])
        stream[:, :WAY] = found[name][:, -WAY:]
        after[f"start.{name}"] = stream
    then = run(program, build_stimulus(program, range(3), data=after)).spikes
    together = run(program, whole).spikes
    for name in ("v", "h"):
        np.testing.assert_array_equal(together[name][:, first], found[name])
        np.testing.assert_array_equal(together[name][:, second], then[name])


def test_first_states_are_each_as_likely() -> None:
    program = compile_graph(to_nir(sampler().folded())).program
    stream = build_stimulus(program, range(500), steps=6).streams["start.v"]
    assert stream[:, WAY:].sum() == 0
    assert stream[:, :WAY].mean() == pytest.approx(0.5, abs=4 * 0.5 / np.sqrt(500 * WAY * 3))


def test_chains_take_turns_in_the_loop() -> None:
    visible = np.arange(2 * 9 * 1).reshape(2, 9, 1)
    found = chains_of(visible)
    assert found.shape == (2 * LOOP, 2, 1)
    assert found[:, :, 0].tolist()[:4] == [[0, 4], [1, 5], [2, 6], [3, 7]]
    assert chains_of(visible, burn_in=1).shape == (8, 1, 1)
