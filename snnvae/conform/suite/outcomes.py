"""What must come out of a case, by reading; readings that come to the same share it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from snnvae.conform.suite.case import Case
from snnvae.conform.suite.interpreter import run
from snnvae.conform.suite.rules import CHOICES, profiles

Outputs = Mapping[str, NDArray[np.float64]]


@dataclass(frozen=True)
class Outcomes:
    """outputs: what may come out, each once, (T, *shape) by output node; of: which of these belongs
    to a reading, by its name; closest: how near a membrane comes to its threshold in any."""

    outputs: tuple[Outputs, ...]
    of: Mapping[str, int]
    closest: float

    @property
    def turns_on(self) -> list[str]:
        """The conventions that, changed alone, change what comes out."""
        return [
            key
            for key, values in CHOICES.items()
            if any(self.of[f"{key}={value}"] != self.of["nir"] for value in values[1:])
        ]


def outcomes(case: Case) -> Outcomes:
    """Those of all readings, NIR's first."""
    found: list[Outputs] = []
    of: dict[str, int] = {}
    closest = np.inf
    for name, rules in profiles().items():
        outcome = run(case, rules)
        closest = min(closest, outcome.closest)
        equal = (n for n, other in enumerate(found) if _same(other, outcome.outputs))
        of[name] = next(equal, len(found))
        if of[name] == len(found):
            found.append(outcome.outputs)
    return Outcomes(tuple(found), of, closest)


def _same(one: Outputs, other: Outputs) -> bool:
    return all(np.array_equal(one[name], other[name]) for name in one)
