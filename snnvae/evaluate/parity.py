"""Parity: one stimulus through every backend, compared spike for spike, membrane by membrane."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from snnvae.program import Program
from snnvae.recording import Recording

FLOAT_TOLERANCE = 1e-9
"""Membranes of float programs may differ by this times their largest value (or 1): backends add the
same float64 terms in other orders, which moves the last bits. Spikes may not differ at all."""


@dataclass(frozen=True)
class LayerParity:
    """One layer of one backend beside the reference.

    mismatches: spikes that differ; membrane: largest |difference|, in the backend's units
    (integers must agree exactly), None where a peer has no such membrane; largest: of |membrane|.
    """

    precision: str
    peer: str
    layer: str
    spikes: int
    mismatches: int
    membrane: float | None
    largest: float

    def agrees(self) -> bool:
        """No spike differs and, in fixed point, no bit of any membrane."""
        allowed = FLOAT_TOLERANCE * max(self.largest, 1.0) if self.precision == "float" else 0.0
        return self.mismatches == 0 and (self.membrane or 0.0) <= allowed


def compare(
    program: Program, reference: Recording, peer: str, other: Recording
) -> list[LayerParity]:
    """Every layer of `other` beside `reference`."""
    return compare_arrays(
        program, reference, peer, other.spikes, {**other.final, **other.membranes}
    )


def compare_arrays(
    program: Program,
    reference: Recording,
    peer: str,
    spikes: Mapping[str, np.ndarray],
    membranes: Mapping[str, np.ndarray],
) -> list[LayerParity]:
    """As `compare`, for spikes (B, T, …) and membranes that may lack trailing axes of length 1."""
    known = {**reference.final, **reference.membranes}
    rows = []
    for layer in program.layers:
        name = layer.name
        fired = reference.spikes.get(name)
        mismatches, count = 0, 0
        if fired is not None:
            count = int(fired.sum())
            other = spikes.get(name)
            mismatches = (
                fired.size if other is None else int((other.reshape(fired.shape) != fired).sum())
            )
        difference, largest = None, 0.0
        if name in membranes and name in known:
            mine = known[name]
            gap = membranes[name].reshape(mine.shape) - mine
            difference = float(np.abs(gap).max(initial=0.0))
            largest = float(np.abs(mine).max(initial=0.0))
        elif fired is None:
            difference = float("inf")  # nothing else of a silent layer could be compared
        rows.append(
            LayerParity(program.precision, peer, name, count, mismatches, difference, largest)
        )
    return rows


def all_agree(rows: Sequence[LayerParity]) -> bool:
    """Whether every row agrees."""
    return all(row.agrees() for row in rows)
