"""What a run did, in exact integers: synaptic operations, updates, words, spikes. No prices here.

For a connection with fan-out F per source position (`Synapse.fan_out`) and S spikes that this
position delivers within the sample:

    sop_dense     = T·Σ F          every source at every step
    sop_event     = Σ S·F          every synapse that a spike reaches
    sop_effective = Σ S·F_eff      of these, the synapses whose weight is not zero

A spike that a delayed connection would deliver after the sample's last step is never delivered
(every sample starts afresh) and not counted. Connections driven by analog values cost
multiply-accumulates instead; the class comes from the graph (`Connection.on_host`), not from the
values. Everything is per sample (B,), int64. `counter.Counter` counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Literal, TypeVar

import numpy as np

from snnvae.shown import Columns, Shown, as_columns

Drive = Literal["spikes", "recomputed", "cached", "membranes"]
"""What drives a connection: spikes; analog values, run at every step or once per sample; or the
membranes of a layer that does not spike, at every step."""

Kind = Literal["linear", "sparse", "kernel"]
"""How synapses are stored: a full matrix, one by one, or a kernel that many positions share."""

Counted = TypeVar("Counted")


@dataclass(frozen=True)
class ConnectionCounts:
    """The counts of one connection. Arrays hold one int64 per sample.

    synapses: one per source and target that the geometry joins; nonzero: those with a weight other
    than 0; weights: numbers that are stored for them; naive: what they would be without borders,
    every tap at every output position. fan_out: least, mean and largest over source positions.
    macs: multiply-accumulates of an analog-driven connection; host_adds: adds of its bias and of
    its cached currents (T·N). Where a placement is known, messages: a spike to each core that it
    reaches; hops_x, hops_y: tiles that these cross, east-west and north-south.
    """

    name: str
    source: str
    target: str
    delay: int
    drive: Drive
    kind: Kind
    synapses: int
    nonzero: int
    weights: int
    naive: int
    sources: int
    fan_out: tuple[int, float, int]
    spikes: np.ndarray
    sop_dense: np.ndarray
    sop_event: np.ndarray
    sop_effective: np.ndarray
    macs: np.ndarray
    host_adds: np.ndarray
    messages: np.ndarray | None = None
    hops_x: np.ndarray | None = None
    hops_y: np.ndarray | None = None

    @property
    def priced_synapses(self) -> int:
        """Synapses that hardware visits: all of a kernel, else those whose weight is not zero."""
        return self.synapses if self.kind == "kernel" else self.nonzero

    @property
    def sop(self) -> np.ndarray:
        """Synaptic operations that hardware performs, over `priced_synapses`."""
        return self.sop_event if self.kind == "kernel" else self.sop_effective


@dataclass(frozen=True)
class LayerCounts:
    """The counts of one layer. Arrays hold one int64 per sample.

    spikes: emitted, so also the updates that fired; driven + idle = T·N updates: driven where a
    spike or an analog current arrived that step; state_words: numbers that a neuron remembers;
    bias_adds: T·(neurons with a bias); readouts: membranes that the host reads.
    """

    name: str
    kind: str
    neurons: int
    state_words: int
    spikes: np.ndarray
    driven: np.ndarray
    idle: np.ndarray
    bias_adds: np.ndarray
    readouts: np.ndarray


@dataclass(frozen=True)
class InputCounts:
    """One spike input: its size and the spikes that the host sends in, per sample."""

    name: str
    neurons: int
    spikes: np.ndarray


@dataclass(frozen=True)
class MemoryWords:
    """Words that a layer's updates and synapses move, per sample (B,); the host's not among them.

    A synaptic operation reads a weight, and reads and writes the word that it adds to; an update
    reads and writes all that the neuron remembers.
    """

    weights_read: np.ndarray
    states_read: np.ndarray
    states_written: np.ndarray


@dataclass(frozen=True)
class Counts(Shown):
    """Everything a run did, over `samples` samples of `steps` steps.

    >>> import snnvae as sv
    >>> program = sv.compile(sv.read(sv.zoo.path("digits-esvae")))
    >>> counts = sv.count(program, sv.run(program, sv.make_stimulus(program, samples=2)))
    >>> counts.total("sop_event").shape, counts.columns()["layer"][0]
    ((2,), 'decoder.input.lif')
    """

    steps: int
    samples: int
    inputs: tuple[InputCounts, ...]
    layers: tuple[LayerCounts, ...]
    connections: tuple[ConnectionCounts, ...]

    def __repr__(self) -> str:
        operations = int(self.total("sop").sum())
        spikes = sum(int(layer.spikes.sum()) for layer in self.layers)
        return (
            f"<Counts: {self.samples} samples × {self.steps} steps, {spikes:,} spikes of "
            f"{len(self.layers)} layers, {operations:,} synaptic operations>"
        )

    def columns(self) -> Columns:
        """A row per layer, over all samples: spikes, updates, operations and MACs into it."""
        rows = (
            (
                layer.name,
                layer.neurons,
                int(layer.spikes.sum()),
                self.rate(layer),
                int(layer.driven.sum()),
                int(layer.idle.sum()),
                sum(int(c.sop.sum()) for c in self.into(layer.name)),
                sum(int(c.macs.sum()) for c in self.into(layer.name)),
            )
            for layer in self.layers
        )
        names = ("layer", "neurons", "spikes", "rate", "driven", "idle", "synaptic_operations")
        return as_columns((*names, "macs"), rows)

    def into(self, layer: str) -> tuple[ConnectionCounts, ...]:
        """Connections that end at `layer`."""
        return tuple(c for c in self.connections if c.target == layer)

    def rate(self, layer: LayerCounts | InputCounts) -> float:
        """Mean spikes per neuron and step."""
        return float(layer.spikes.sum()) / (layer.neurons * self.steps * self.samples)

    def total(self, quantity: str) -> np.ndarray:
        """Sum of a quantity of the connections (sop_event, macs, …), per sample (B,)."""
        zero = np.zeros(self.samples, np.int64)
        return sum((getattr(c, quantity) for c in self.connections), zero)

    def memory(self, layer: LayerCounts) -> MemoryWords:
        """Words that a layer and the connections into it move."""
        zero = np.zeros(self.samples, np.int64)
        graded = (c.macs for c in self.into(layer.name) if c.drive == "membranes")
        weights = sum((c.sop for c in self.into(layer.name)), zero) + sum(graded, zero)
        states = weights + (layer.driven + layer.idle) * layer.state_words
        return MemoryWords(weights, states, states)

    @staticmethod
    def joined(parts: Sequence[Counts]) -> Counts:
        """Counts of several blocks of samples of one program, as one."""
        whole: Counts = _joined(parts)
        return whole


def _joined(parts: Sequence[Any]) -> Any:
    """Arrays one after another, samples added up; all else is the same in every part."""
    first = parts[0]
    if isinstance(first, np.ndarray):
        return np.concatenate(parts)
    if isinstance(first, tuple):
        return tuple(_joined(row) for row in zip(*parts, strict=True))
    if is_dataclass(first) and not isinstance(first, type):
        values = {f.name: _joined([getattr(p, f.name) for p in parts]) for f in fields(first)}
        if isinstance(first, Counts):
            values["samples"] = sum(p.samples for p in parts)
        return type(first)(**values)
    return first
