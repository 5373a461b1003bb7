"""Counting a run: a recording, or blocks of its samples one after another, → `Counts`.

What depends on the program alone (fan-outs, which neurons a spike reaches) is worked out once, so
that a long recording is counted block by block in the memory of one block.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np

from snnvae.errors import DataError
from snnvae.hardware_sim.counts import (
    ConnectionCounts,
    Counts,
    Drive,
    InputCounts,
    Kind,
    LayerCounts,
)
from snnvae.hardware_sim.placement_summary import Route, Routes
from snnvae.hardware_sim.reach import Reach, delivered, driven_updates, reach
from snnvae.primitive import Synapse
from snnvae.primitives.convolution import Convolution
from snnvae.program import Connection, Input, Layer, Program
from snnvae.progress import NoProgress, Progress
from snnvae.recording import Recording


def count(
    program: Program,
    recording: Recording,
    *,
    cache_constant: bool = True,
    routes: Routes | None = None,
    progress: Progress | None = None,
) -> Counts:
    """Count what `recording`, a run of `program`, did: exact integers, per sample; no prices.

    Options as of `Counter`. DataError where the recording is not of this program.

    >>> import snnvae as sv
    >>> program = sv.compile(sv.read(sv.zoo.path("digits-esvae")))
    >>> sv.count(program, sv.run(program, sv.make_stimulus(program, samples=2)))
    <Counts: 2 samples × 16 steps, ... spikes of 4 layers, ... synaptic operations>
    """
    counter = Counter(program, cache_constant=cache_constant, routes=routes)
    return counter.count(recording, progress)


class Counter:
    """Counts recordings of one program.

    cache_constant: connections of a constant analog input run once per sample and their currents
    are added T times, as our host does it; else they are recomputed at every step. routes: where a
    placement sends the spikes of each connection.
    """

    def __init__(
        self, program: Program, *, cache_constant: bool = True, routes: Routes | None = None
    ) -> None:
        self._program = program
        self._cache_constant = cache_constant
        self._routes = routes or {}
        self._geometry = {c.name: _Geometry.of(c.synapse) for c in program.connections}
        self._reaches: dict[str, Reach] = {}

    @property
    def visited(self) -> dict[str, np.ndarray]:
        """The synapses that hardware visits for each source position, flat, by connection."""
        return {
            name: g.fan_out if g.kind == "kernel" else g.effective
            for name, g in self._geometry.items()
        }

    def count(self, recording: Recording, progress: Progress | None = None) -> Counts:
        """Counts of a recording; DataError where it is not one of this program."""
        program = self._program
        samples, steps = _check(program, recording)
        progress = progress or NoProgress()
        progress.start("counting", len(program.layers))
        layers = []
        for layer in program.layers:
            layers.append(self._layer(recording, layer, samples, steps))
            progress.advance()
        progress.finish()
        return Counts(
            steps=steps,
            samples=samples,
            inputs=tuple(_input(i, recording) for i in program.inputs if not i.analog),
            layers=tuple(layers),
            connections=tuple(
                self._connection(recording, c, samples, steps) for c in program.connections
            ),
        )

    def operations(self, recording: Recording) -> np.ndarray:
        """Synaptic operations that hardware performs, per sample (B,): ``Counts.total("sop")``
        without all else, whose updates cost most to count."""
        samples, steps = _check(self._program, recording)
        zero = np.zeros(samples, np.int64)
        connections = self._program.connections
        return sum((self._connection(recording, c, samples, steps).sop for c in connections), zero)

    def _connection(
        self, recording: Recording, c: Connection, samples: int, steps: int
    ) -> ConnectionCounts:
        program, geometry = self._program, self._geometry[c.name]
        synapses, zero = geometry.synapses, np.zeros(samples, np.int64)
        counted = dict.fromkeys(
            ("spikes", "sop_dense", "sop_event", "sop_effective", "macs", "host_adds"), zero
        )
        drive: Drive = "spikes"
        if c.on_host:
            cached = self._cache_constant and program.input(c.source).constant
            drive, runs = ("cached", 1) if cached else ("recomputed", steps)
            biased = 0 if c.host_bias is None else int(np.count_nonzero(c.host_bias))
            added = runs * biased + steps * program.layer(c.target).size * int(cached)
            counted |= {"macs": zero + runs * synapses, "host_adds": zero + added}
        elif program.carries_membranes(c):
            drive = "membranes"
            counted |= {"macs": zero + max(steps - c.delay, 0) * synapses}
        else:
            per_source = delivered(recording, c).sum(axis=1, dtype=np.int64).reshape(samples, -1)
            counted |= {
                "spikes": per_source.sum(axis=1),
                "sop_dense": zero + steps * synapses,
                "sop_event": per_source @ geometry.fan_out,
                "sop_effective": per_source @ geometry.effective,
                **_routed(per_source, self._routes.get(c.name)),
            }
        fan_out = geometry.fan_out
        return ConnectionCounts(
            name=c.name,
            source=c.source,
            target=c.target,
            delay=c.delay,
            drive=drive,
            kind=geometry.kind,
            synapses=synapses,
            nonzero=geometry.nonzero,
            weights=geometry.weights,
            naive=naive_synapses(c.synapse),
            sources=fan_out.size,
            fan_out=(int(fan_out.min()), float(fan_out.mean()), int(fan_out.max())),
            **counted,
        )

    def _layer(self, recording: Recording, layer: Layer, samples: int, steps: int) -> LayerCounts:
        zero = np.zeros(samples, np.int64)
        spikes = zero
        if layer.neuron.spiking:
            spikes = recording.spikes[layer.name].reshape(samples, -1).sum(axis=1, dtype=np.int64)
        driven = self._driven(recording, layer, samples, steps)
        is_output = layer.name in self._program.outputs.values() and not layer.neuron.spiking
        return LayerCounts(
            name=layer.name,
            kind=layer.neuron.kind,
            neurons=layer.size,
            state_words=layer.neuron.state_words,
            spikes=spikes,
            driven=driven,
            idle=steps * layer.size - driven,
            bias_adds=zero + steps * _biased(layer),
            readouts=zero + layer.size * int(is_output),
        )

    def _driven(self, recording: Recording, layer: Layer, samples: int, steps: int) -> np.ndarray:
        incoming = self._program.into(layer.name)
        if any(c.on_host or self._program.carries_membranes(c) for c in incoming):
            return np.full(samples, steps * layer.size, np.int64)
        for c in incoming:
            if c.name not in self._reaches:
                self._reaches[c.name] = reach(c.synapse)
        return driven_updates(recording, layer, incoming, self._reaches, samples, steps)


@dataclass(frozen=True, eq=False)
class _Geometry:
    """The part of a connection's counts that depends on its synapses alone; fan-outs are flat."""

    fan_out: np.ndarray
    effective: np.ndarray
    synapses: int
    nonzero: int
    weights: int
    kind: Kind

    @classmethod
    def of(cls, synapse: Synapse) -> _Geometry:
        fan_out = effective = synapse.fan_out().reshape(-1)
        if not (synapse.weight != 0).all():
            effective = synapse.fan_out_effective().reshape(-1)
        nonzero, kind = int(effective.sum()), kind_of(synapse)
        weights = synapse.weight.size if kind == "kernel" else nonzero
        return cls(fan_out, effective, int(fan_out.sum()), nonzero, int(weights), kind)


def kind_of(synapse: Synapse) -> Kind:
    """Tells how hardware stores synapses.

    Where a weight serves several, they are a kernel that is walked in full, whatever its zeros.
    Else synapses are stored one by one and zeros are not: a linear map, also written as a
    convolution of one position.
    """
    if synapse.macs() > synapse.weight.size:
        return "kernel"
    full = prod(synapse.in_shape) * prod(synapse.out_shape)
    return "linear" if np.count_nonzero(synapse.weight) == full else "sparse"


def is_linear(synapse: Synapse) -> bool:
    """Tells whether there is a weight of its own for each pair of an input and an output: a linear
    map, also written as a convolution whose kernel covers the map, or that fills one from a point.
    """
    pairs = prod(synapse.in_shape) * prod(synapse.out_shape)
    return pairs == synapse.weight.size == synapse.macs()


def naive_synapses(synapse: Synapse) -> int:
    """Synapses by the usual formula: a kernel's every tap at every output position.

    It ignores the borders, and of a strided transposed convolution it counts stride² too many. What
    is linear counts as that, however it is written.
    """
    if isinstance(synapse, Convolution) and not is_linear(synapse):
        return int(synapse.weight.size) * prod(synapse.out_shape[1:])
    return synapse.macs()


def _check(program: Program, recording: Recording) -> tuple[int, int]:
    """(B, T) of a recording that has everything this program's counts need."""
    made_by = recording.info.get("program")
    if made_by is not None and made_by != program.digest():
        raise DataError(
            f"the recording is of another program ({str(made_by)[:12]}, this one is "
            f"{program.digest()[:12]}); give the model, precision and options that it was run with"
        )
    spiking = [layer for layer in program.layers if layer.neuron.spiking]
    wanted: list[Layer | Input] = [*(i for i in program.inputs if not i.analog), *spiking]
    shapes = {
        name: s.shape[:2] for name, s in (*recording.spikes.items(), *recording.analog.items())
    }
    if not shapes:
        raise DataError("the recording holds no spikes and no inputs; record a run again")
    samples, steps = next(iter(shapes.values()))
    for population in wanted:
        spikes = recording.spikes.get(population.name)
        if spikes is None:
            raise DataError(f"the recording has no spikes of '{population.name}'; run it again")
        expected = (samples, steps, *population.shape)
        if spikes.shape != expected:
            raise DataError(
                f"spikes of '{population.name}' have shape {spikes.shape}, the program needs "
                f"{expected}; give the recording of this model"
            )
    if not samples or not steps:
        raise DataError(f"the recording holds {samples} samples of {steps} steps; run at least one")
    return samples, steps


def _routed(per_source: np.ndarray, route: Route | None) -> dict[str, np.ndarray]:
    """Messages and hops of spikes (B, N) by source."""
    if route is None:
        return {}
    ways = {"messages": route.cores, "hops_x": route.hops_x, "hops_y": route.hops_y}
    return {name: per_source @ way for name, way in ways.items() if way is not None}


def _biased(layer: Layer) -> int:
    """Neurons of a layer whose bias is not zero."""
    return int(np.count_nonzero(np.broadcast_to(layer.neuron.bias_value, layer.shape)))


def _input(port: Input, recording: Recording) -> InputCounts:
    spikes = recording.spikes[port.name]
    sent = spikes.reshape(len(spikes), -1).sum(axis=1, dtype=np.int64)
    return InputCounts(port.name, prod(port.shape), sent)
