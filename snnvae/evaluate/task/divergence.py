"""Where a fixed-point program goes another way than the float one: layer, step, neuron.

The layers of a step come in the program's order, so that of all spikes that differ in a sample's
first such step, those of the first layer differ by its own rounding; all later ones may follow from
them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from snnvae.primitives.neuron import FloatNeuron
from snnvae.program import Layer, Program
from snnvae.recording import Recording


@dataclass(frozen=True)
class LayerDivergence:
    """A layer in float and in fixed point, over all samples and steps.

    rates: spikes per neuron and step, float and fixed; differing: share of the spikes that differ
    (neurons × steps); None where a layer does not spike. error: RMS difference of the membranes, in
    units of the distance from reset to threshold (`spiking`), else of NIR; None where they were not
    recorded. saturated: updates that left 24 bits; first: samples that diverge here first.
    """

    layer: str
    spiking: bool
    rates: tuple[float, float] | None
    differing: float | None
    error: float | None
    saturated: int
    first: int


@dataclass(frozen=True)
class First:
    """The first spike that differs: the earliest step, there the first layer, there the neuron
    (flat index)."""

    layer: str
    step: int
    neuron: int


class Divergence:
    """Compares recordings of both programs, block by block of the same samples."""

    def __init__(self, exact: Program, fixed: Program) -> None:
        self._exact, self._fixed = exact, fixed
        names = [layer.name for layer in exact.layers]
        self._spikes = {name: np.zeros(3, np.int64) for name in names}
        """Of float, of fixed, those that differ."""
        self._square = dict.fromkeys(names, 0.0)
        self._saturated = dict.fromkeys(names, 0)
        self._updates, self._seen = dict.fromkeys(names, 0), False
        self._first: list[First | None] = []

    def add(self, one: Recording, other: Recording) -> None:
        """Compares the next samples, float and fixed."""
        samples = len(one.info["samples"])
        self._first += [first_difference(self._exact, one, other, n) for n in range(samples)]
        for layer in self._exact.layers:
            name = layer.name
            self._updates[name] += samples * one.info["steps"] * layer.size
            self._saturated[name] += other.info.get("saturated", {}).get(name, 0)
            if layer.neuron.spiking:
                a, b = one.spikes[name], other.spikes[name]
                self._spikes[name] += [int(a.sum()), int(b.sum()), int((a != b).sum())]
            if name in one.membranes and name in other.membranes:
                self._seen = True
                after = self._fixed.layer(name)
                pairs = zip(one.membranes[name], other.membranes[name])  # a sample at a time
                gaps = (membrane_gap(layer, after, *pair) for pair in pairs)
                self._square[name] += sum(float(np.square(gap).sum()) for gap in gaps)

    @property
    def first(self) -> tuple[First | None, ...]:
        """Of each sample; None where no spike differs."""
        return tuple(self._first)

    def layers(self) -> tuple[LayerDivergence, ...]:
        """A row per layer, in the program's order."""
        found = []
        for layer in self._exact.layers:
            name, spiking, updates = layer.name, layer.neuron.spiking, self._updates[layer.name]
            fired, again, differing = (self._spikes[name] / max(updates, 1)).tolist()
            found.append(
                LayerDivergence(
                    name,
                    spiking,
                    rates=(fired, again) if spiking else None,
                    differing=differing if spiking else None,
                    error=float(np.sqrt(self._square[name] / updates)) if self._seen else None,
                    saturated=self._saturated[name],
                    first=sum(f is not None and f.layer == name for f in self._first),
                )
            )
        return tuple(found)


def first_difference(program: Program, one: Recording, other: Recording, n: int) -> First | None:
    """Of the n-th sample of two recordings; None where no spike differs."""
    found: First | None = None
    for layer in program.layers:
        if not layer.neuron.spiking:
            continue
        wrong = (one.spikes[layer.name][n] != other.spikes[layer.name][n]).reshape(-1, layer.size)
        until = wrong if found is None else wrong[: found.step]
        if until.any():
            step = int(until.any(1).argmax())
            found = First(layer.name, step, int(until[step].argmax()))
    return found


def membrane_gap(before: Layer, after: Layer, one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Fixed − float membranes of a layer, of shape (…, *shape), in units of its threshold, or of
    NIR."""
    gap = after.to_real(other) - before.to_real(one)
    unit = threshold_of(before)
    return gap if unit is None else gap / unit


def threshold_of(layer: Layer) -> np.ndarray | None:
    """The distance from reset to threshold, in NIR's units, where it is a positive number; else 1;
    None of a layer that does not spike."""
    neuron = layer.neuron
    if not isinstance(neuron, FloatNeuron) or neuron.threshold is None:
        return None
    usable = np.isfinite(neuron.threshold) & (neuron.threshold > 0)
    return np.where(usable, neuron.threshold, 1.0)
