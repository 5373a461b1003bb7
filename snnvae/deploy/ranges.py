"""What the values of a float program can be: the worst that any input could bring.

A scale must leave room for these. `snnvae.deploy.calibrate` has ranges that were observed instead.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from snnvae.deploy.rounding import Scale
from snnvae.primitive import Synapse
from snnvae.primitives import FloatNeuron, fixed_point
from snnvae.primitives.parameters import fixed_decay
from snnvae.program import Connection, Layer, Program

NOTHING = 1e-30
"""Stands for 0 where something is divided by it."""


class WorstCase:
    """Bounds that hold for every input within its stated range.

    exact: nothing can exceed them, so what does is rounding and is made to fit as well.
    """

    exact = True

    def __init__(self, program: Program) -> None:
        self.program = program

    def weights(self, c: Connection) -> np.ndarray:
        """Largest |weight| into each target, flat."""
        matrix = abs(c.synapse.matrix())
        return np.asarray(matrix.max(axis=1).todense()).reshape(-1)

    def currents(self, c: Connection) -> np.ndarray:
        """Largest |current| that the host sends to each target, flat."""
        return host_peak(c, self.program)

    def membranes(self, layer: Layer, scales: Mapping[str, Scale]) -> np.ndarray:
        """Largest |membrane| of each neuron of a layer that does not spike, flat."""
        return silent_peak(layer, self.program, scales)


def value_range(
    c: Connection, program: Program, scales: Mapping[str, Scale]
) -> tuple[float, float]:
    """Least and largest value that a connection's source sends."""
    if c.on_host:
        port = program.input(c.source)
        return port.low, port.high
    if program.is_graded(c):
        most = fixed_point.THRESHOLD_MAX / float(np.min(scales.get(c.source, 1.0)))
        return -most, most
    return 0.0, 1.0


def extremes(synapse: Synapse, low: float, high: float) -> tuple[np.ndarray, np.ndarray]:
    """Smallest and largest current of each target for inputs within [low, high]."""
    matrix = synapse.matrix()
    up, down = matrix.maximum(0).sum(axis=1), matrix.minimum(0).sum(axis=1)
    return low * up + high * down, high * up + low * down


def host_peak(c: Connection, program: Program) -> np.ndarray:
    """Largest |current| of each target that values within the input's range can give."""
    port = program.input(c.source)
    low, high = extremes(c.synapse, port.low, port.high)
    bias = 0.0 if c.host_bias is None else c.host_bias.reshape(-1)
    return np.asarray(np.maximum(np.abs(low + bias), np.abs(high + bias)))


def horizon(decay: np.ndarray | None, steps: int) -> np.ndarray:
    """Steps' worth of current that a state can hold: 1/decay, or all T where it rounds to 0."""
    if decay is None:
        return np.ones(())
    remembers = fixed_decay(decay) == 0
    return np.where(remembers, steps, 1 / np.where(remembers, 1.0, decay))


def silent_peak(layer: Layer, program: Program, scales: Mapping[str, Scale]) -> np.ndarray:
    """Largest |membrane| that any input can drive each neuron to, with the exact weights."""
    neuron = layer.neuron
    assert isinstance(neuron, FloatNeuron)
    low = high = np.zeros(layer.size)
    for c in program.into(layer.name):
        down, up = extremes(c.synapse, *value_range(c, program, scales))
        own = 0.0 if c.host_bias is None else c.host_bias.reshape(-1)
        low, high = low + down + own, high + up + own
    held_u, held_v = (flat(horizon(d, program.steps), layer) for d in (neuron.du, neuron.dv))
    bias = flat(neuron.bias, layer)
    peak = np.maximum(np.abs(low * held_u + bias), np.abs(high * held_u + bias)) * held_v
    return np.maximum(peak, NOTHING)


def flat(values: np.ndarray, layer: Layer) -> np.ndarray:
    """One value per neuron of the layer, flat."""
    return np.broadcast_to(values, layer.shape).reshape(-1)
