"""Runs the deployed sampler: states of many chains, going on from where they stood."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

import numpy as np

from snnvae.deploy.backends import Backend, RunResources
from snnvae.deploy.compile import compile_graph
from snnvae.deploy.run import run
from snnvae.families.spins.config import LOOP, WAY
from snnvae.families.spins.hamiltonian import Bits
from snnvae.families.spins.loop import chains_of
from snnvae.hardware_sim.make_stimulus import build_stimulus
from snnvae.options import Options
from snnvae.program import Precision
from snnvae.progress import Progress
from snnvae.train.to_nir import to_nir

if TYPE_CHECKING:
    from snnvae.families.spins.model import SpinSampler

STATES = 100_800
"""Drawn where nobody says how many: whole samples of SWEEPS sweeps of all their chains."""
BURN_IN, SWEEPS = 100, 400
"""Sweeps of each chain that are left out, and that count."""
CHUNK = 16
"""Samples at a time."""


@dataclass(frozen=True)
class State:
    """The last steps of both populations, (B, WAY, N) and (B, WAY, M), from which chains go on."""

    v: Bits
    h: Bits


@dataclass(frozen=True)
class Drawn:
    """visible (B, T, N), and the state that all chains stand at."""

    visible: Bits
    last: State

    def chains(self, burn_in: int = 0) -> Bits:
        """As `chains_of`."""
        return chains_of(self.visible, burn_in)


class Chains:
    """The program of a sampler."""

    def __init__(
        self,
        model: SpinSampler,
        precision: Precision,
        options: Options | None = None,
        backend: Backend = "emulator",
        resources: RunResources | None = None,
    ) -> None:
        self.program = compile_graph(to_nir(model), precision, options).program
        self.backend, self.resources = backend, resources

    def run(
        self, samples: Sequence[int], steps: int, seed: int, state: State | None = None
    ) -> Drawn:
        """Draws `steps` states of each sample, from where `state` stood, or from random ones."""
        data = {}
        if state is not None:
            for port, given in (("start.v", state.v), ("start.h", state.h)):
                data[port] = np.zeros((len(samples), steps, *given.shape[2:], 1, 1), bool)
                data[port][:, :WAY, :, 0, 0] = given[:, :steps]
        stimulus = build_stimulus(self.program, samples, seed=seed, steps=steps, data=data)
        found = run(self.program, stimulus, self.backend, resources=self.resources)
        v, h = (found.spikes[name].reshape(len(samples), steps, -1) for name in ("v", "h"))
        return Drawn(v, State(v[:, -WAY:], h[:, -WAY:]))


def drawn_chains(
    chains: Chains, count: int, seed: int, progress: Progress, name: str = "draw"
) -> np.ndarray:
    """At least `count` states of independent chains, each from random first states: (C, S, N)."""
    sweeps = min(SWEEPS, ceil(count / LOOP))
    samples = ceil(count / (LOOP * sweeps))
    progress.start(name, samples)
    found = []
    for start in range(0, samples, CHUNK):
        some = range(start, min(start + CHUNK, samples))
        found.append(chains.run(some, LOOP * (BURN_IN + sweeps), seed).chains(BURN_IN))
        progress.advance(len(some))
    progress.finish()
    return np.concatenate(found)
