"""Latency and throughput: steps × a time per step, and the static power over that time.

A network whose deepest layer lags by L hardware steps has a sample's result after T + L steps; N
samples, one right after another, take N·T + L. So samples come at 1 / (T·t) per second.
"""

from __future__ import annotations

from dataclasses import dataclass

from snnvae.energy.interval import Interval
from snnvae.energy.profile import Quantity

PJ_PER_JOULE = 1e12


@dataclass(frozen=True)
class Pace:
    """step: seconds per step, and where that comes from; steps: T; depth: L; samples: N."""

    step: Interval
    source: str
    steps: int
    depth: int
    samples: int

    @property
    def latency(self) -> Interval:
        """Seconds from a sample's first step to its result."""
        return self.step * (self.steps + self.depth)

    @property
    def duration(self) -> Interval:
        """Seconds for all samples, streamed."""
        return self.step * (self.samples * self.steps + self.depth)

    @property
    def throughput(self) -> Interval:
        """Samples per second when streamed; low is that of the longest step."""
        ends = (self.step.high, self.step.nominal, self.step.low)
        return Interval(*(1 / (self.steps * t) if t else float("inf") for t in ends))

    def static_energy(self, power: Interval) -> Interval:
        """pJ per sample of a static power in watts, over the time of all samples."""
        return power.times(self.duration) * (PJ_PER_JOULE / self.samples)


def static_power(quantity: Quantity, cores: int | None, chips: int | None) -> Interval | None:
    """Watts of the cores or chips in use; None where their number is not known."""
    number = {"core": cores, "chip": chips}.get(quantity.per, 1)
    return None if number is None else quantity.value * number
