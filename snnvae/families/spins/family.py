"""The family of spin systems: what the engine and the commands ask of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch

from snnvae.families.spins.config import LOOP, Config
from snnvae.families.spins.descent import distinct, energies
from snnvae.families.spins.model import SAMPLER, SpinSampler
from snnvae.families.spins.sampler import Chains
from snnvae.families.spins.truth import ground_state
from snnvae.progress import Progress
from snnvae.train.family import Batch, Data, Family, Samples, Values

ITERATIONS = 10
"""Of an epoch."""
JUDGED, BURN_IN, SWEEPS = 16, 50, 100
"""Samples by which an epoch is judged, the sweeps of their chains that are left out, and those that
count."""


class Spins(Family):
    """Samplers of ground states, judged by the energy per site of what their deployed fixed-point
    program draws."""

    name = "spins"
    unit = "chains"
    error = "energy"
    error_name = "energy per site"
    judged = SAMPLER
    verbs: ClassVar[Mapping[str, str]] = {
        "evaluate": "snnvae.families.spins.evaluate:evaluate",
        "diagnose": "snnvae.families.spins.diagnose:diagnose",
    }

    def build(self, settings: Config) -> SpinSampler:
        """The one model."""
        return SpinSampler(settings)

    def data(
        self, settings: Config, where: Path | None = None, progress: Progress | None = None
    ) -> Data:
        """No data: chains, by number."""
        return Data(
            Samples({"chain": np.arange(ITERATIONS * settings.batch)}),
            Samples({"chain": np.arange(JUDGED)}),
        )

    def batch(self, settings: Config, samples: Samples, coin: torch.Generator | None) -> Batch:
        """Nothing: the model draws its own."""
        return ()

    def outputs(self, model: SpinSampler, samples: Samples, seed: int) -> Values:
        """Local energies of what the deployed sampler draws: as many chains as there are samples,
        four times."""
        program = Chains(model, "fixed")
        drawn = program.run(range(len(samples)), LOOP * (BURN_IN + SWEEPS), seed)
        v, weights = distinct(drawn.chains(BURN_IN))
        return energies(model, v, weights) * weights

    def figures(self, settings: Config, outputs: Values, samples: Samples) -> dict[str, float]:
        """The energy per site, and how far it is from the exact one."""
        energy = float(outputs.sum())
        exact = ground_state(settings)
        known = (
            {"relative_error": (energy - exact.energy) / abs(exact.energy)}
            if exact is not None and exact.energy
            else {}
        )
        return {self.error: energy / settings.n, **known}


FAMILY = Spins()
