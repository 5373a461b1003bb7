"""The metrics of images, a file each, by the name that asks for them.

A metric's file has `NAMES`, what its figures are called in words, and `measure(run)`, which gives
figures by name, or a text where something is missing that cannot be made here; if it may be unable
to, `check(run)`, which fails before long work. Nothing is imported for the names alone.
"""

from __future__ import annotations

METRICS = {
    "mse": "mse",
    "fad": "fad",
    "prdc": "prdc",
    "is": "inception_score",
    "fid": "fid",
    "rates": "rates",
    "sops": "sops",
    "recognised": "recognised",
    "noise": "noise",
}
"""Name → file."""

OF_COPIES = frozenset({"mse", "noise"})
"""Those that need a network which reconstructs."""
