"""A front as numbers that JSON holds: its points and the ANNs beside them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from snnvae.energy.interval import Interval, quotient

PROFILES = ("horowitz45", "horowitz45-memory")
"""Arithmetic alone, and memory with it, at the process at which an ANN is priced too."""
COMPUTE, IDEAL, NONE = "compute only", "ideal reuse", "no reuse"
CASES = ((PROFILES[0], COMPUTE), (PROFILES[1], IDEAL), (PROFILES[1], NONE))
"""What is compared: the profile, and the ANN's reuse of memory."""

Labels = Mapping[str, tuple[float, float, float]]
"""Energy per image by the unknown behind its price: low, nominal, high, pJ."""


@dataclass(frozen=True)
class Point:
    """A trained network, deployed in fixed point: encoder, sampler and decoder of an image.

    mse, float_mse: held-out reconstruction in fixed point and in float; operations: synaptic, per
    image; synapses: of the network, per step; still: the part of the energy that no spike changes
    (pJ, nominal); parts: energy by group of terms (pJ, nominal); these and labels by profile.
    """

    name: str
    steps: int
    budget: float
    mse: float
    float_mse: float
    operations: float
    synapses: int
    neurons: int
    labels: Mapping[str, Labels]
    still: Mapping[str, float]
    parts: Mapping[str, Mapping[str, float]]

    def energy(self, profile: str) -> Interval:
        """Returns the energy per image."""
        return total(self.labels[profile])


@dataclass(frozen=True)
class Ann:
    """An ANN VAE in int8. mse: of its means, in float32; labels by profile and reuse of memory."""

    name: str
    mse: float
    macs: int
    labels: Mapping[str, Mapping[str, Labels]]

    def energy(self, profile: str, reuse: str) -> Interval:
        """Returns the energy per image."""
        return total(self.labels[profile][reuse])


@dataclass(frozen=True)
class Front:
    """Points of one model and data set; the first ANN has the same topology."""

    model: str
    dataset: str
    images: int
    priced_images: int
    points: tuple[Point, ...]
    anns: tuple[Ann, ...]

    def ratio(self, point: Point, ann: Ann, profile: str, reuse: str) -> Interval:
        """E_SNN / E_ANN with its band: a price on both sides moves both."""
        return quotient(_intervals(point.labels[profile]), _intervals(ann.labels[profile][reuse]))

    def equal(self, point: Point, profile: str, reuse: str) -> Ann | None:
        """The cheapest ANN that reconstructs at least as well; None if none does."""
        as_good = [ann for ann in self.anns if ann.mse <= point.mse]
        return min(as_good, key=lambda a: a.energy(profile, reuse).nominal, default=None)

    def to_dict(self) -> dict[str, Any]:
        """Returns the front in plain types."""
        return asdict(self)


def total(labels: Labels) -> Interval:
    """Sum of all parts."""
    return Interval.total(_intervals(labels).values())


def sums(bills: Iterable[Mapping[str, Interval]]) -> dict[str, tuple[float, float, float]]:
    """Labels of several bills, added up."""
    found: dict[str, Interval] = {}
    for bill in bills:
        for label, energy in bill.items():
            found[label] = found.get(label, Interval()) + energy
    return {label: energy.ends for label, energy in found.items()}


def _intervals(labels: Labels) -> dict[str, Interval]:
    return {label: Interval(*ends) for label, ends in labels.items()}
