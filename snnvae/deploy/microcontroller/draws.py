"""What the host draws, in integers: the same random numbers, so one seed gives the same spikes.

A uniform number of NumPy's is m / 2⁵³ for a whole number m, so that every comparison with a
probability is one of integers, whose bound is worked out here: no floating point is left. What
needs a sigmoid or normal numbers (`GaussSigmoid`) remains a stream.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from snnvae.deploy.microcontroller.network import Network
from snnvae.deploy.microcontroller.table import Table
from snnvae.draws.attributes import Attributes
from snnvae.draws.bernoulli import Bernoulli
from snnvae.draws.clock import Clock
from snnvae.draws.draw import Draw
from snnvae.draws.evidence import Evidence, evidence_spikes
from snnvae.draws.first_steps import FirstSteps
from snnvae.draws.label import Label
from snnvae.draws.one_hot import OneHot
from snnvae.draws.patterns import Patterns

BITS = 53
"""Of a uniform number."""


@dataclass(frozen=True, eq=False)
class Plan:
    """How the spikes of an input come about. substream: the purpose of its random numbers; None
    where it needs none."""

    substream: int | None

    @property
    def random(self) -> bool:
        """Tells whether random numbers are drawn."""
        return self.substream is not None

    @property
    def tables(self) -> tuple[Table, ...]:
        """All constants that it reads."""
        return tuple(held for held in vars(self).values() if isinstance(held, Table))


@dataclass(frozen=True, eq=False)
class OneOf(Plan):
    """In each group of k neurons one fires: the place that a number takes among the bounds; where
    there are none, what a shift of it leaves (all of it: the only place)."""

    groups: int
    k: int
    shift: int
    bounds: Table | None


@dataclass(frozen=True, eq=False)
class Pattern(Plan):
    """In each group of k neurons those of a pattern (bits, rows of bytes) fire; bounds: a row for
    each kind of group, None for a single pattern; kind: of each group, None for one kind."""

    groups: int
    k: int
    bounds: Table | None
    patterns: Table
    kind: Table | None


@dataclass(frozen=True, eq=False)
class Rates(Plan):
    """Each neuron fires where its number is below its bound. by_class: whether classes have rows
    of their own."""

    neurons: int
    bounds: Table
    by_class: bool


@dataclass(frozen=True, eq=False)
class Held(Plan):
    """The neurons fire that the class holds, (classes, n)."""

    neurons: int
    holds: Table


@dataclass(frozen=True, eq=False)
class OfClass(Plan):
    """The class's own neuron fires."""


@dataclass(frozen=True, eq=False)
class InTurn(Plan):
    """From step 1 on each of `count` neurons fires for `pace` steps."""

    pace: int
    count: int


@dataclass(frozen=True, eq=False)
class AtFirst(Plan):
    """These neurons fire at step 0."""

    neurons: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Coins(Plan):
    """In the first steps each of `neurons` fires with probability a half."""

    neurons: int
    steps: int


def drawn(network: Network) -> dict[str, Plan]:
    """The draws that need integers only, by input."""
    made = {}
    for draw in network.program.draws:
        make = MAKERS.get(type(draw))
        if make is not None:
            made[draw.port] = make(draw, network.names[draw.port])
    return made


def least(reaches: Callable[[int], bool]) -> int:
    """The least m on [0, 2⁵³] from which on it holds; 2⁵³ if for none."""
    low, high = 0, 1 << BITS
    while low < high:
        middle = (low + high) // 2
        if reaches(middle):
            high = middle
        else:
            low = middle + 1
    return low


def _below(probability: Any) -> np.ndarray:
    """The bound below which m / 2⁵³ is less than a probability, uint64."""
    return np.ceil(np.asarray(probability, np.float64) * 2.0**BITS).astype(np.uint64)


def _one_hot(draw: OneHot, name: str) -> Plan:
    if draw.k == 1:
        return OneOf(draw.substream, draw.groups, 1, BITS, None)
    if draw.p is None and draw.k & (draw.k - 1) == 0:
        return OneOf(draw.substream, draw.groups, draw.k, BITS - draw.k.bit_length() + 1, None)
    if draw.p is None:
        # float64 rounds u·k: the bounds are those of the very product.
        bounds = [
            least(lambda m, i=i: np.floor(np.float64(m) / 2.0**BITS * draw.k) >= i)  # type: ignore[misc]
            for i in range(1, draw.k)
        ]
        table = _bounds(name, np.array(bounds, np.uint64))
    else:
        table = _bounds(name, _below(np.cumsum(draw.p)[:-1]))
    return OneOf(draw.substream, draw.groups, draw.k, 0, table)


def _bounds(name: str, values: np.ndarray) -> Table:
    return Table(f"bounds_{name}", values, "[place]", "random numbers from which the next begins")


def _patterns(draw: Patterns, name: str) -> Plan:
    rows, k = draw.table.shape
    cumulated = np.array([_below(np.cumsum(p)[:-1]) for p in draw.p], np.uint64)
    packed = np.packbits(draw.table, axis=1, bitorder="little")
    kind = None
    if len(draw.p) > 1:
        kind = Table(f"kind_{name}", draw.kind_of, "[group]", "its row of bounds")
    return Pattern(
        draw.substream,
        len(draw.kind_of),
        k,
        _bounds(name, cumulated.reshape(-1)) if rows > 1 else None,
        Table(f"patterns_{name}", packed, "[pattern][neuron / 8]", "a bit for each neuron"),
        kind,
    )


def _rates(draw: Bernoulli, name: str) -> Plan:
    told = "random numbers below which it fires"
    table = Table(f"bounds_{name}", _below(draw.rate), "[n]", told)
    return Rates(draw.substream, len(draw.rate), table, by_class=False)


def _attributes(draw: Attributes, name: str) -> Plan:
    size = draw.table.shape[1]
    if draw.is_graded:
        told = "random numbers below which it fires"
        table = Table(f"bounds_{name}", _below(draw.table), "[class][n]", told)
        return Rates(draw.substream, size, table, by_class=True)
    return Held(
        None, size, Table(f"holds_{name}", draw.table > 0, "[class][n]", "whether it fires")
    )


def _label(draw: Label, name: str) -> Plan:
    return OfClass(None)


def _clock(draw: Clock, name: str) -> Plan:
    return InTurn(None, draw.pace, draw.count)


def _evidence(draw: Evidence, name: str) -> Plan:
    fires = evidence_spikes(draw.places(draw.known)[None], draw.counts, 1)[0, 0]
    return AtFirst(None, tuple(map(int, np.flatnonzero(fires))))


def _first_steps(draw: FirstSteps, name: str) -> Plan:
    return Coins(draw.substream, draw.size, draw.first)


MAKERS: dict[type[Draw], Callable[[Any, str], Plan]] = {
    OneHot: _one_hot,
    Patterns: _patterns,
    Bernoulli: _rates,
    Attributes: _attributes,
    Label: _label,
    Clock: _clock,
    Evidence: _evidence,
    FirstSteps: _first_steps,
}
"""The kinds of draws that need integers only."""
