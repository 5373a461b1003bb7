"""Neuron parameters: from NIR's arrays to what the arithmetic needs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from snnvae.conventions import Conventions
from snnvae.errors import ConfigError, GraphError
from snnvae.primitives import fixed_point

FLOAT32 = 4 * float(np.finfo(np.float32).eps)
"""How far τ = dt comes out off dt where a tool works it out in float32, as τ = dt/(1 − β)."""


def uniform(parameter: np.ndarray) -> np.ndarray:
    """An array of equal values → a 0-d array; any other as it is. float64."""
    values = np.asarray(parameter, np.float64)
    first = values.flat[0] if values.size else np.float64(0)
    return np.asarray(first) if (values == first).all() else values


def decay_per_step(tau: np.ndarray, conventions: Conventions) -> np.ndarray:
    """Returns what a step forgets: dv = dt/τ (Euler) or 1 − exp(−dt/τ) (exponential).

    GraphError where an Euler step would be unstable.
    """
    dv = _ratio(tau, conventions.dt)
    if conventions.integrator != "euler":
        return np.asarray(-np.expm1(-dv))
    dv = np.where((dv > 1) & (dv <= 1 + FLOAT32), 1.0, dv)
    if (dv > 1).any():
        raise GraphError(
            f"tau = {np.min(tau):g} s is shorter than dt = {conventions.dt:g} s, so an Euler step "
            "overshoots; check `dt` or the file's tau"
        )
    return dv


def gain_per_step(
    tau: np.ndarray, r: np.ndarray, conventions: Conventions, *, synaptic: bool = False
) -> np.ndarray:
    """Returns what a step makes of an input of 1: r·dt/τ, or r·(1 − exp(−dt/τ)) (exponential); for
    a tool whose files do not say it, 1, or what is left of 1 in a `synaptic` current."""
    if conventions.gain == "decayed" and synaptic:
        return np.asarray(1 - decay_per_step(tau, conventions))
    if conventions.gain != "stated":
        return np.ones(())
    dv = _ratio(tau, conventions.dt)
    taken = -np.expm1(-dv) if conventions.integrator == "exponential" else dv
    return as_meant(taken * uniform(r))


def _ratio(tau: np.ndarray, dt: float) -> np.ndarray:
    """Returns dt/τ."""
    tau = uniform(tau)
    if not (tau > 0).all():  # NaN included
        raise GraphError("tau must be positive")
    return as_meant(dt / tau)


def as_meant(values: np.ndarray) -> np.ndarray:
    """Returns each value, or the decimal of at most 12 places that lies within 4 ulp of it.

    A file holds τ = dt/0.75 and r = τ/dt, so dt/τ and r·dt/τ may come out as 0.75 and 1 but for
    their last bits, which would decide where a membrane meets its threshold exactly.
    """
    short = np.round(values, 12)
    return np.where(np.abs(values - short) <= 4 * np.spacing(np.abs(values)), short, values)


def gain_without_leak(r: np.ndarray, conventions: Conventions) -> np.ndarray:
    """Says by how much a step of I or IF integrates a current of 1;
    ConfigError where nobody said."""
    if conventions.if_gain is None:
        raise ConfigError(
            "adds r·dt per step by NIR's equation, but many tools mean r, and the file does not "
            "say; pass `if_gain` dt or one (or `conventions` with the tool's name)"
        )
    return as_meant(uniform(r) * conventions.dt) if conventions.if_gain == "dt" else uniform(r)


def first_membrane(conventions: Conventions, leak: np.ndarray, reset: np.ndarray) -> np.ndarray:
    """The membrane before the first step; ConfigError where it matters and nobody said."""
    if conventions.initial is None and np.any(leak != reset):
        raise ConfigError(
            f"its membrane could start at v_leak ({leak.flat[0]:g}) or at v_reset "
            f"({reset.flat[0]:g}), and the file does not say; pass `initial` v_leak (as Norse), "
            "v_reset or zero"
        )
    if conventions.initial == "zero":
        return np.zeros(())
    return reset if conventions.initial == "v_reset" else leak


def origin_and_threshold(
    threshold: np.ndarray, reset: np.ndarray, conventions: Conventions
) -> tuple[np.ndarray, np.ndarray]:
    """v_reset as the coordinate's origin, and the threshold relative to it.

    A reset by subtraction has no v_reset: its origin is 0. A threshold at or below the origin is
    valid: such a neuron fires again at once.
    """
    origin = uniform(reset) if conventions.reset == "zero" else np.zeros(())
    above = uniform(uniform(threshold) - origin)
    if not np.isfinite(above).all():
        raise GraphError("has a threshold or a v_reset that is not finite; export it again")
    return origin, above


def membrane_units(scale: float | np.ndarray) -> float | np.ndarray:
    """Integer membrane units per unit of NIR's membrane, at `scale` weight units per unit."""
    return scale * (1 << fixed_point.ACTIVATION_SHIFT)


def fixed_start(start: np.ndarray, scale: float | np.ndarray) -> np.ndarray:
    """A first membrane in integer units."""
    return np.asarray(np.rint(start * membrane_units(scale)), np.int64)


def fixed_decay(dv: np.ndarray, *, is_memoryless: bool = False) -> np.ndarray:
    """dv in 4096ths, 12 bits: 1 becomes 4095/4096, unless the neuron forgets everything."""
    if is_memoryless:
        return np.asarray(fixed_point.FORGET)
    scaled = np.rint(dv * (1 << fixed_point.DECAY_BITS))
    return np.asarray(np.clip(scaled, 0, fixed_point.DECAY_MAX), np.int64)


def fixed_current_decay(du: np.ndarray) -> np.ndarray:
    """du, 12 bits; Loihi decays a current by du + 1, so at least by 1/4096."""
    scaled = np.rint(du * (1 << fixed_point.DECAY_BITS)) - 1
    return np.asarray(np.clip(scaled, 0, fixed_point.DECAY_MAX), np.int64)


def fixed_threshold(threshold: np.ndarray, scale: float | np.ndarray) -> np.ndarray:
    """A threshold in weight units, 17 bits."""
    scaled = np.rint(threshold * scale)
    return np.asarray(np.clip(scaled, 0, fixed_point.THRESHOLD_MAX), np.int64)


@dataclass(frozen=True, eq=False)
class FixedBias:
    """A bias current as Loihi holds it: ``mantissa << exponent``, 64 per weight unit."""

    mantissa: np.ndarray
    exponent: int

    @classmethod
    def of(cls, bias: np.ndarray, scale: float | np.ndarray) -> FixedBias:
        """The finest exponent in 0…7 whose 13-bit mantissa holds every bias, else saturated."""
        units = np.asarray(np.asarray(bias, np.float64) * membrane_units(scale))
        largest = float(np.abs(units).max(initial=0))
        exponent = 0
        while (
            np.rint(largest / (1 << exponent)) > fixed_point.BIAS_MANTISSA_MAX
            and exponent < fixed_point.BIAS_EXPONENT_MAX
        ):
            exponent += 1
        mantissa = np.rint(units / (1 << exponent))
        limit = fixed_point.BIAS_MANTISSA_MAX
        return cls(np.asarray(np.clip(mantissa, -limit, limit), np.int64), exponent)

    @property
    def value(self) -> np.ndarray:
        """The bias in membrane units."""
        return self.mantissa << self.exponent
