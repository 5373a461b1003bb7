"""Neuron parameters: from NIR's arrays to what the arithmetic needs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from snnvae.errors import ConfigError, GraphError
from snnvae.primitive import Conventions
from snnvae.primitives import fixed_point


def uniform(parameter: np.ndarray) -> np.ndarray:
    """An array of equal values → a 0-d array; any other as it is. float64."""
    values = np.asarray(parameter, np.float64)
    first = values.flat[0] if values.size else np.float64(0)
    return np.asarray(first) if (values == first).all() else values


def decay_per_step(tau: np.ndarray, dt: float) -> np.ndarray:
    """dv = dt/τ of one forward-Euler step; GraphError where the step would be unstable."""
    tau = uniform(tau)
    if not (tau > 0).all():  # NaN included
        raise GraphError("tau must be positive")
    # dt/τ of τ = dt/0.75 may come out as 0.75 ± 1 ulp: take the short decimal that was meant.
    ratio = dt / tau
    short = np.round(ratio, 12)
    dv = np.where(np.abs(ratio - short) <= 4 * np.spacing(ratio), short, ratio)
    if (dv > 1).any():
        raise GraphError(
            f"tau = {tau.min():g} s is shorter than dt = {dt:g} s, so an Euler step overshoots; "
            "check --dt or the file's tau"
        )
    return dv


def first_membrane(conventions: Conventions, leak: np.ndarray, reset: np.ndarray) -> np.ndarray:
    """The membrane before the first step; ConfigError where it matters and nobody said."""
    if conventions.initial is None and np.any(leak != reset):
        raise ConfigError(
            f"its membrane could start at v_leak ({leak.flat[0]:g}) or at v_reset "
            f"({reset.flat[0]:g}), and the file does not say; pass --initial v_leak (as Norse) "
            "or v_reset"
        )
    return reset if conventions.initial == "v_reset" else leak


@dataclass(frozen=True, eq=False)
class FixedBias:
    """A bias current as Loihi holds it: ``mantissa << exponent``, 64 per weight unit."""

    mantissa: np.ndarray
    exponent: int

    @classmethod
    def of(cls, bias: np.ndarray, scale: float) -> FixedBias:
        """The finest exponent in 0…7 whose 13-bit mantissa holds every bias, else saturated."""
        units = np.asarray(bias, np.float64) * scale * (1 << fixed_point.ACTIVATION_SHIFT)
        largest = float(np.abs(units).max(initial=0))
        exponent = 0
        while (
            np.rint(largest / (1 << exponent)) > fixed_point.BIAS_MANTISSA_MAX
            and exponent < fixed_point.BIAS_EXPONENT_MAX
        ):
            exponent += 1
        mantissa = np.rint(units / (1 << exponent))
        limit = fixed_point.BIAS_MANTISSA_MAX
        return cls(np.clip(mantissa, -limit, limit).astype(np.int64), exponent)

    @property
    def value(self) -> np.ndarray:
        """The bias in membrane units."""
        return self.mantissa << self.exponent
