"""``snnvae diagnose`` of a sampler: what keeps its histogram from the exact ground state."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from snnvae.errors import ConfigError
from snnvae.evaluate.asked import Figures
from snnvae.evaluate.ladder import told
from snnvae.families.spins import observables
from snnvae.families.spins.ground_state import MOST_DIAGONALISED
from snnvae.families.spins.model import SpinSampler
from snnvae.families.spins.sampler import STATES, Chains, drawn_chains
from snnvae.families.spins.truth import ground_state
from snnvae.program import Precision
from snnvae.progress import Progress
from snnvae.train.family import Data


def diagnose(
    model: SpinSampler,
    data: Data,
    out: Path | None,
    *,
    samples: int = STATES,
    seed: int,
    progress: Progress,
    **_: Any,
) -> Figures:
    """Infidelities 1 − Σ√(p·q) with one more cause removed each: rounding, the levels of the noise
    and the chains' memory, the number of states; what is left is the machine's own.

    samples: the states that are drawn. ConfigError for systems whose ground state is not known.
    """
    config = model.config
    exact = ground_state(config)
    if exact is None or exact.p is None:
        raise ConfigError(
            f"n {config.n}: a histogram can be compared with the ground state of at most "
            f"{MOST_DIAGONALISED} sites; use fewer"
        )
    rungs = {}
    stages: tuple[tuple[Precision, str], ...] = (
        ("fixed", "in fixed point"),
        ("float", "without rounding"),
    )
    for precision, name in stages:
        chains = drawn_chains(Chains(model.folded(), precision), samples, seed, progress, name)
        found = observables.of_chains(config, model.machine(), chains, exact)
        rungs[name] = found["histogram infidelity"].value
    p = model.machine().distribution()
    drawn = np.random.default_rng(seed).multinomial(samples, p) / samples
    rungs["independent states, by exact probabilities"] = _infidelity(drawn, exact.p)
    rungs["the machine itself"] = _infidelity(p, exact.p)
    return told(rungs, f"infidelity of the histogram of {samples:,} states", out, seed, samples)


def _infidelity(p: np.ndarray, q: np.ndarray) -> float:
    return 1 - float(np.sqrt(p * q).sum())
