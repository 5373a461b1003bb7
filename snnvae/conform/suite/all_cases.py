"""All cases of the suite."""

from __future__ import annotations

from snnvae.conform.suite import (
    conventions,
    delays,
    loops,
    nesting,
    neurons,
    weights,
    wiring,
)
from snnvae.conform.suite.case import Case


def all_cases() -> list[Case]:
    """In the order of the index: conventions first."""
    rooms = (conventions, neurons, weights, wiring, loops, delays, nesting)
    return [case for room in rooms for case in room.cases()]
