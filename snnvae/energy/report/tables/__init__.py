"""The tables of a report."""

from snnvae.energy.report.tables.answers import (
    comparisons,
    meeting,
    swings,
    thresholds,
)
from snnvae.energy.report.tables.bills import layers, missing, prices, sources, terms
from snnvae.energy.report.tables.counted import (
    connections,
    host,
    memory,
    populations,
    routes,
)

__all__ = [
    "comparisons",
    "connections",
    "host",
    "layers",
    "meeting",
    "memory",
    "missing",
    "populations",
    "prices",
    "routes",
    "sources",
    "swings",
    "terms",
    "thresholds",
]
