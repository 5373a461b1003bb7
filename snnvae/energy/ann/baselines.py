"""Energies of the twin: four arithmetics, each without memory, with ideal reuse and with none.

fp32            as trained
int8            weights and activations, 32-bit sums
int8, no zeros  multiplications by an activation of zero are skipped
⌈log2(T+1)⌉ bits   activations of as many levels as T steps of spikes can count, 8-bit weights
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import ceil, log2
from typing import get_args

import numpy as np

from snnvae.energy.ann.twin import AnnTwin, Reuse
from snnvae.energy.bill import Bill
from snnvae.energy.interval import Interval
from snnvae.energy.profile import Price, Profile

INT8_BITS = 8
NARROWED = ("mac", "activation")
"""Terms whose price depends on the width of the activations."""


@dataclass(frozen=True, eq=False)
class AnnEnergy:
    """The twin's energy per sample, in pJ, in one arithmetic and with one reuse of memory."""

    arithmetic: str
    reuse: Reuse
    bill: Bill

    @property
    def name(self) -> str:
        """As in a table."""
        return f"ANN {self.arithmetic}, {self.reuse}"

    @property
    def memory(self) -> bool:
        """Whether memory is on the bill."""
        return self.reuse != "compute only"

    @property
    def total(self) -> Interval:
        """Sum of the bill."""
        return self.bill.total


def bits_of_steps(steps: int) -> int:
    """⌈log2(T+1)⌉: bits that tell 0 to T spikes apart."""
    return max(1, ceil(log2(steps + 1)))


def ann_energies(
    twin: AnnTwin, reference: Profile, steps: int, active: Mapping[str, np.ndarray] | None
) -> tuple[AnnEnergy, ...]:
    """The twin in every arithmetic and reuse that the profile prices.

    Multiply-accumulates must have a price, for memory both of its terms too; what else has none is
    left out, in the ANN's favour. steps: T; active: multiply-accumulates whose input is not zero,
    see `activity`; None where they are not known.
    """
    return tuple(
        AnnEnergy(arithmetic, reuse, Bill.of(items, prices))
        for arithmetic, prices, zeros in _arithmetics(reference, steps, active)
        for reuse in get_args(Reuse)
        if _needed(reuse) <= set(prices)
        for items in [twin.items(reuse, zeros)]
    )


def _arithmetics(
    reference: Profile, steps: int, active: Mapping[str, np.ndarray] | None
) -> Iterator[tuple[str, Mapping[str, Price], Mapping[str, np.ndarray] | None]]:
    yield "fp32", reference.ann("fp32"), None
    int8 = reference.ann("int8")
    yield "int8", int8, None
    if active is not None:
        yield "int8, zeros skipped", int8, active
    bits = bits_of_steps(steps)
    if "mac" in int8 and int8["mac"].accumulate is not None and bits != INT8_BITS:
        share = bits / INT8_BITS
        narrow = {t: p.narrowed(share) if t in NARROWED else p for t, p in int8.items()}
        yield f"{bits}-bit", narrow, None


def _needed(reuse: Reuse) -> set[str]:
    return {"mac"} | (set() if reuse == "compute only" else {"weight", "activation"})
