"""How figures are written."""

from __future__ import annotations

IN_PARTS = {"rates", "recognised_by_class"}
"""Figures that are several, by layer or by class."""


def figure(value: float | None) -> str:
    """Four digits, or thousands grouped; a dash where nothing was measured."""
    if value is None:
        return "–"
    return f"{value:,.0f}" if value >= 1000 else f"{value:.4f}"
