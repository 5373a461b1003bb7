"""Numbers as people read them."""

from __future__ import annotations

from snnvae.energy.interval import Interval

ENERGY_UNITS = (("pJ", 1.0), ("nJ", 1e3), ("µJ", 1e6), ("mJ", 1e9), ("J", 1e12))


def unit_for(picojoules: float) -> tuple[str, float]:
    """The unit in which an energy is at least 1, and its size in pJ."""
    fitting = [u for u in ENERGY_UNITS if float(f"{picojoules / u[1]:.3g}") >= 1]
    return fitting[-1] if fitting else ENERGY_UNITS[0]


def energy(picojoules: float) -> str:
    """Three significant digits and a unit: 1234.5 → "1.23 nJ"."""
    if not picojoules:
        return "0"
    unit, size = unit_for(picojoules)
    return f"{significant(picojoules / size)} {unit}"


def band(interval: Interval) -> str:
    """ "low to high", or one number where the profile gives no band."""
    low, high = energy(interval.low), energy(interval.high)
    return low if low == high else f"{low} to {high}"


def significant(value: float) -> str:
    """Three significant digits, no exponent."""
    if value in (0, float("inf")):
        return "∞" if value else "0"
    rounded = float(f"{value:.3g}")
    if abs(rounded) >= 100:
        return f"{rounded:,.0f}"
    text = f"{rounded:.2f}" if abs(rounded) < 10 else f"{rounded:.1f}"
    return text if abs(rounded) >= 1 else f"{value:.3g}"


def with_band(interval: Interval) -> str:
    """A number without a unit and its band: "6.78 (4.15 to 11.9)"."""
    low, middle, high = map(significant, interval.ends)
    return middle if low == high else f"{middle} ({low} to {high})"


def integer(value: float) -> str:
    """Thousands grouped; a mean that is not whole and below 100 keeps a digit."""
    return f"{value:,.1f}" if value < 100 and value != round(value) else f"{value:,.0f}"


def percent(share: float) -> str:
    """A share as "12.3 %"."""
    return f"{100 * share:.3g} %"


def seconds(value: float) -> str:
    """Three significant digits and a unit: 0.0123 → "12.3 ms"."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if value >= size:
            return f"{significant(value / size)} {unit}"
    return f"{significant(value / 1e-9)} ns" if value else "0"
