"""Running the ANN twin on the inputs of a run: how many of its multiplications have a zero in them.

The twin has the program's own weights, biases and wiring, with a rectifier in place of each spiking
neuron. Values are in units of a rate: an input of spikes is its mean over the steps, and a layer's
output is what its neurons' rate would be without leak,

    a = max(0, (Σ synapse(a_source))/du + bias) / threshold        du = 1 where there is none

A layer that does not spike hands its sum on as it is. A loop is run twice: what a back edge brings
in the second round is what the first one gave. Trained as an ANN, a network of this shape would
have zeros of its own; these are the zeros that the spiking network's weights make.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from snnvae.energy.ann.twin import passes_of
from snnvae.primitives import fixed_point
from snnvae.primitives.fixed_neuron import FixedNeuron
from snnvae.primitives.of_layer import known_neuron
from snnvae.program import Connection, Layer, Program
from snnvae.recording import Recording


def active_macs(
    program: Program, recording: Recording, visited: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Multiply-accumulates whose input is not zero, by connection, per sample (B,), int64.

    visited: fan-outs by connection, see `Counter.visited`.
    """
    values, passes = _run(program, recording), passes_of(program)
    found = {}
    for c in program.connections:
        nonzero = values[c.source].reshape(len(values[c.source]), -1) != 0
        found[c.name] = passes[c.target] * (nonzero @ visited[c.name])
    return found


def _run(program: Program, recording: Recording) -> Mapping[str, np.ndarray]:
    """The twin's values of every population, (B, *shape) float64."""
    values = {}
    for port in program.inputs:
        stream = recording.analog[port.name] if port.analog else recording.spikes[port.name]
        values[port.name] = stream.mean(axis=1, dtype=np.float64)
    batch = len(next(iter(values.values()))) if values else _samples(recording)
    order = {layer.name: n for n, layer in enumerate(program.layers)}
    loops = any(order.get(c.source, -1) >= order[c.target] for c in program.connections)
    for layer in program.layers:
        values[layer.name] = np.zeros((batch, *layer.shape))
    for _ in range(2 if loops else 1):
        for layer in program.layers:
            current = sum(
                (_current(program, c, values[c.source]) for c in program.into(layer.name)),
                np.zeros((batch, *layer.shape)),
            )
            values[layer.name] = _output(layer, current)
    return values


def _current(program: Program, c: Connection, source: np.ndarray) -> np.ndarray:
    """What a connection adds to its target per step, in the program's units."""
    layer = program.layer(c.target)
    current = c.synapse.apply(source).reshape(len(source), *layer.shape)
    if c.on_host:
        bias = 0.0 if c.host_bias is None else c.host_bias
        current = (current + bias) * (layer.scale if program.precision == "fixed" else 1.0)
    return current if c.shift is None else current / 2.0**c.shift


def _output(layer: Layer, current: np.ndarray) -> np.ndarray:
    """A rectified rate of a spiking layer, the plain sum of any other; (B, *shape) both."""
    neuron = known_neuron(layer.neuron)
    gathered, bias = current, neuron.bias_value
    if isinstance(neuron, FixedNeuron):
        bias = bias / 2.0**fixed_point.ACTIVATION_SHIFT
        if neuron.du is not None:
            gathered = current * fixed_point.FORGET / (neuron.du + 1)
    elif neuron.du is not None:
        gathered = current / np.where(neuron.du > 0, neuron.du, 1.0)
    drive: np.ndarray = gathered + bias
    if neuron.threshold is None:
        return drive
    threshold = np.asarray(neuron.threshold, np.float64)
    return np.maximum(drive, 0) / np.where(threshold > 0, threshold, 1.0)


def _samples(recording: Recording) -> int:
    return len(next(iter(recording.spikes.values())))
