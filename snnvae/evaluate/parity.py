"""Parity: one stimulus through every backend, compared spike for spike, membrane by membrane."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

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
        """Tells whether no spike differs and, in fixed point, no bit of any membrane."""
        allowed = FLOAT_TOLERANCE * max(self.largest, 1.0) if self.precision == "float" else 0.0
        return self.mismatches == 0 and (self.membrane or 0.0) <= allowed


def compare(
    program: Program, reference: Recording, peer: str, other: Recording
) -> list[LayerParity]:
    """Compares every layer of `other` with `reference`;
    last membranes too, which are read apart."""
    rows = compare_arrays(program, reference, peer, other.spikes, other.membranes or other.final)
    if not other.membranes:
        return rows
    last = compare_arrays(program, reference, peer, other.spikes, other.final)
    ends = {row.layer: row.membrane for row in last if row.layer in reference.final}
    return [_with_end(row, ends.get(row.layer)) for row in rows]


def _with_end(row: LayerParity, end: float | None) -> LayerParity:
    """The row, its membrane difference no smaller than that of the last membrane."""
    if end is None or row.membrane is None:
        return row
    return replace(row, membrane=max(row.membrane, end))


def compare_arrays(
    program: Program,
    reference: Recording,
    peer: str,
    spikes: Mapping[str, np.ndarray],
    membranes: Mapping[str, np.ndarray],
) -> list[LayerParity]:
    """Compares as `compare` does, for spikes (B, T, …) and membranes that may lack trailing axes of
    length 1."""
    rows = []
    for layer in program.layers:
        name = layer.name
        mine = _like(membranes.get(name), reference.final.get(name), reference.membranes.get(name))
        fired = reference.spikes.get(name)
        mismatches, count = 0, 0
        if fired is not None:
            count = int(fired.sum())
            other = spikes.get(name)
            mismatches = (
                fired.size if other is None else int((other.reshape(fired.shape) != fired).sum())
            )
        difference, largest = None, 0.0
        if mine is not None:
            gap = membranes[name].reshape(mine.shape) - mine
            difference = float(np.abs(gap).max(initial=0.0))
            largest = float(np.abs(mine).max(initial=0.0))
        elif fired is None:
            difference = float("inf")  # nothing else of a silent layer could be compared
        rows.append(
            LayerParity(program.precision, peer, name, count, mismatches, difference, largest)
        )
    return rows


def _like(
    other: np.ndarray | None, final: np.ndarray | None, trace: np.ndarray | None
) -> np.ndarray | None:
    """Picks what of the reference has as many values as `other`: last membranes or all of them."""
    if other is None:
        return None
    return next(
        (mine for mine in (trace, final) if mine is not None and mine.size == other.size), None
    )


def all_agree(rows: Sequence[LayerParity]) -> bool:
    """Tells whether every row agrees; False where nothing was compared."""
    return bool(rows) and all(row.agrees() for row in rows)
