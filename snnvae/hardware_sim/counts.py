"""What a run did, in exact integers: synaptic operations, updates, spikes. No prices here.

For a connection with fan-out F per source position (`Synapse.fan_out`) and S spikes that this
position delivers within the sample:

    sop_dense     = T·Σ F          every source at every step
    sop_event     = Σ S·F          every synapse that a spike reaches
    sop_effective = Σ S·F_eff      of these, the synapses whose weight is not zero

A spike that a delayed connection would deliver after the sample's last step is never delivered
(every sample starts afresh) and not counted. Connections driven by analog values cost
multiply-accumulates instead; the class comes from the graph (`Connection.on_host`), not from the
values. Everything is per sample (B,), int64.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from snnvae.errors import DataError
from snnvae.hardware_sim.reach import delivered, driven_updates
from snnvae.primitive import Synapse
from snnvae.program import Connection, Input, Layer, Program
from snnvae.progress import NoProgress, Progress
from snnvae.recording import Recording

Drive = Literal["spikes", "recomputed", "cached", "membranes"]
"""What drives a connection: spikes; analog values, run at every step or once per sample; or the
membranes of a layer that does not spike, at every step."""


def is_shared(synapse: Synapse) -> bool:
    """Whether a weight serves several synapses.

    Then it is a kernel that hardware walks in full, whatever its zeros. Else synapses are stored
    one by one and zeros are not: a linear map, also written as a convolution of one position.
    """
    return synapse.macs() > synapse.weight.size


@dataclass(frozen=True)
class ConnectionCounts:
    """One connection. Arrays hold one int64 per sample.

    synapses: one per source and target that the geometry joins; nonzero: those with a weight other
    than 0. fan_out: least, mean and largest over source positions. shared: see `is_shared`. macs:
    multiply-accumulates of an analog-driven connection; host_adds: adds of its bias and of its
    cached currents (T·N).
    """

    name: str
    source: str
    target: str
    delay: int
    drive: Drive
    shared: bool
    synapses: int
    nonzero: int
    fan_out: tuple[int, float, int]
    spikes: np.ndarray
    sop_dense: np.ndarray
    sop_event: np.ndarray
    sop_effective: np.ndarray
    macs: np.ndarray
    host_adds: np.ndarray

    @property
    def priced_synapses(self) -> int:
        """Synapses that hardware visits: all of a kernel, else those whose weight is not zero."""
        return self.synapses if self.shared else self.nonzero

    @property
    def sop(self) -> np.ndarray:
        """Synaptic operations that hardware performs, over `priced_synapses`."""
        return self.sop_event if self.shared else self.sop_effective


@dataclass(frozen=True)
class LayerCounts:
    """One layer. Arrays hold one int64 per sample.

    spikes: emitted; driven + idle = T·N updates: driven where a spike or an analog current arrived
    that step; bias_adds: T·(neurons with a bias); readouts: membranes that the host reads.
    """

    name: str
    kind: str
    neurons: int
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
class Counts:
    """Everything a run did, over `samples` samples of `steps` steps."""

    steps: int
    samples: int
    inputs: tuple[InputCounts, ...]
    layers: tuple[LayerCounts, ...]
    connections: tuple[ConnectionCounts, ...]

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


def count(
    program: Program,
    recording: Recording,
    *,
    cache_constant: bool = True,
    progress: Progress | None = None,
) -> Counts:
    """Count what `recording`, a run of `program`, did.

    cache_constant: connections of a constant analog input run once per sample and their currents
    are added T times, as our host does it; else they are recomputed at every step.
    Raises DataError where the recording is not one of this program.
    """
    samples, steps = _check(program, recording)
    progress = progress or NoProgress()
    progress.start("counting", len(program.layers))
    layers = []
    for layer in program.layers:
        layers.append(_layer(program, recording, layer, samples, steps))
        progress.advance()
    progress.finish()
    return Counts(
        steps=steps,
        samples=samples,
        inputs=tuple(_input(i, recording) for i in program.inputs if not i.analog),
        layers=tuple(layers),
        connections=tuple(
            _connection(program, recording, c, samples, steps, cache_constant)
            for c in program.connections
        ),
    )


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


def _connection(
    program: Program,
    recording: Recording,
    c: Connection,
    samples: int,
    steps: int,
    cache_constant: bool,
) -> ConnectionCounts:
    fan_out = c.synapse.fan_out().reshape(-1)
    effective = fan_out
    if not (c.synapse.weight != 0).all():
        effective = c.synapse.fan_out_effective().reshape(-1)
    synapses = int(fan_out.sum())
    zero = np.zeros(samples, np.int64)
    spikes = event = useful = macs = adds = dense = zero
    drive: Drive = "spikes"
    if c.on_host:
        cached = cache_constant and program.input(c.source).constant
        drive, runs = ("cached", 1) if cached else ("recomputed", steps)
        biased = 0 if c.host_bias is None else int(np.count_nonzero(c.host_bias))
        macs = zero + runs * synapses
        adds = zero + runs * biased + steps * program.layer(c.target).size * int(cached)
    elif program.is_graded(c):
        drive = "membranes"
        macs = zero + max(steps - c.delay, 0) * synapses
    else:
        per_source = delivered(recording, c).sum(axis=1, dtype=np.int64).reshape(samples, -1)
        spikes = per_source.sum(axis=1)
        event, useful, dense = per_source @ fan_out, per_source @ effective, zero + steps * synapses
    return ConnectionCounts(
        name=c.name,
        source=c.source,
        target=c.target,
        delay=c.delay,
        drive=drive,
        shared=is_shared(c.synapse),
        synapses=synapses,
        nonzero=int(effective.sum()),
        fan_out=(int(fan_out.min()), float(fan_out.mean()), int(fan_out.max())),
        spikes=spikes,
        sop_dense=dense,
        sop_event=event,
        sop_effective=useful,
        macs=macs,
        host_adds=adds,
    )


def _layer(
    program: Program, recording: Recording, layer: Layer, samples: int, steps: int
) -> LayerCounts:
    zero = np.zeros(samples, np.int64)
    spikes = zero
    if layer.neuron.spiking:
        spikes = recording.spikes[layer.name].reshape(samples, -1).sum(axis=1, dtype=np.int64)
    driven = driven_updates(program, recording, layer, samples, steps)
    is_output = layer.name in program.outputs.values() and not layer.neuron.spiking
    return LayerCounts(
        name=layer.name,
        kind=layer.neuron.kind,
        neurons=layer.size,
        spikes=spikes,
        driven=driven,
        idle=steps * layer.size - driven,
        bias_adds=zero + steps * _biased(layer),
        readouts=zero + layer.size * int(is_output),
    )


def _biased(layer: Layer) -> int:
    """Neurons of a layer whose bias is not zero."""
    return int(np.count_nonzero(np.broadcast_to(layer.neuron.bias_value, layer.shape)))


def _input(port: Input, recording: Recording) -> InputCounts:
    spikes = recording.spikes[port.name]
    sent = spikes.reshape(len(spikes), -1).sum(axis=1, dtype=np.int64)
    return InputCounts(port.name, int(np.prod(port.shape)), sent)
