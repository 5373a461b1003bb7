"""The scale of each layer of a fixed-point program: integer weight units per unit of membrane.

The largest for which every weight fits in 8 bits, lowered so that scale·threshold is an integer:
rounding the threshold itself would shift every spike of the layer the same way. A layer that does
not spike gets a scale at which no input can drive its membrane to the largest threshold.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from snnvae.deploy.rounding import MIN_SHIFT, Scale, rounded
from snnvae.errors import ConfigError
from snnvae.primitive import Shape, Synapse
from snnvae.primitives import FloatNeuron, fixed_point
from snnvae.primitives.parameters import fixed_decay
from snnvae.program import Connection, Layer, Program

HOST_CURRENT_LIMIT = (1 << 15) - 1
"""Largest current that the host sends into an analog-driven layer, in weight units (16 bits)."""
BIAS_LIMIT = (fixed_point.BIAS_MANTISSA_MAX << fixed_point.BIAS_EXPONENT_MAX) / (
    1 << fixed_point.ACTIVATION_SHIFT
)
"""Largest bias that mantissa and exponent hold, in weight units."""
_NOTHING = 1e-30
_ANY = 1e26
"""No weight, bias or threshold of a network sets a scale beyond this."""


def choose_scales(program: Program) -> dict[str, Scale]:
    """The scale of every layer: a given one, else the module's rule.

    ConfigError for a given scale of a layer that does not exist, or of another size.
    """
    given = program.metadata.get("options", {}).get("scales") or program.metadata.get("scales", {})
    names = [layer.name for layer in program.layers]
    for name in given:
        if name not in names:
            raise ConfigError(f"a scale is given for '{name}', but the layers are {names}")
    scales: dict[str, Scale] = {}
    # Twice, as in a loop a layer may be fed by the membrane of a later one.
    for _ in range(2 if any(map(program.is_graded, program.connections)) else 1):
        for layer in program.layers:
            if layer.name in given:
                scales[layer.name] = _given(given[layer.name], layer)
            else:
                scales[layer.name] = layer_scale(layer, program, scales)
    return scales


def _given(value: float | list[float], layer: Layer) -> Scale:
    """A given scale: one number, or one for each channel."""
    scale = np.asarray(value, np.float64)
    if not scale.ndim:
        fits = True
    elif fits := scale.size == layer.shape[0]:
        scale = np.broadcast_to(scale.reshape(-1, *(1,) * (len(layer.shape) - 1)), layer.shape)
    if not fits or not np.isfinite(scale).all() or not (scale > 0).all():
        raise ConfigError(
            f"the scale given for '{layer.name}' must be a positive number, or one for each of "
            f"{layer.shape[0]} channels"
        )
    return scale if scale.ndim else float(scale)


def layer_scale(layer: Layer, program: Program, scales: Mapping[str, Scale]) -> Scale:
    """The scale of one layer by the module's rule; `scales` are those of its sources so far."""
    neuron = layer.neuron
    assert isinstance(neuron, FloatNeuron)
    per_channel = program.metadata.get("options", {}).get("scale_per") == "channel"
    limit = np.full(layer.size, np.inf)
    for c in program.into(layer.name):
        if c.on_host:
            limit = np.minimum(
                limit, HOST_CURRENT_LIMIT / np.maximum(host_peak(c, program), _NOTHING)
            )
            continue
        largest = _largest_weights(c.synapse)
        if program.is_graded(c):
            if c.source not in scales:
                continue
            # Its weights can be made smaller by as much as the shift allows.
            largest = largest / np.min(scales[c.source]) * 2.0**MIN_SHIFT
        limit = np.minimum(limit, fixed_point.WEIGHT_MAX / np.maximum(largest, _NOTHING))
    bias = np.broadcast_to(np.abs(neuron.bias), layer.shape).reshape(-1)
    limit = np.minimum(limit, BIAS_LIMIT / np.maximum(bias, _NOTHING))
    threshold = neuron.threshold
    if threshold is None:
        limit = np.minimum(
            limit, 0.99 * fixed_point.THRESHOLD_MAX / silent_peak(layer, program, scales)
        )
    else:
        high = np.broadcast_to(threshold, layer.shape).reshape(-1)
        limit = np.minimum(limit, fixed_point.THRESHOLD_MAX / np.maximum(high, _NOTHING))
    scale = by_channel(limit, layer.shape) if per_channel else np.asarray(limit.min())
    # Where nothing comes in that would set a scale, any will do.
    scale = np.where(np.isfinite(scale) & (scale < _ANY), scale, 1.0)
    if threshold is not None:
        return _plain(_with_whole_threshold(scale, threshold))
    # Rounding may add to what the exact weights allow.
    while (over := rounded_peak(layer, program, {**scales, layer.name: _plain(scale)})).max() > 1:
        worst = by_channel(over, layer.shape, np.max) if per_channel else over.max()
        scale = np.where(worst > 1, scale * np.maximum(0.99 / np.maximum(worst, 0.5), 0.5), scale)
    return _plain(scale)


def by_channel(values: np.ndarray, shape: Shape, choose: Callable = np.min) -> np.ndarray:
    """The least (or other) of each channel's values, for all of its neurons."""
    chosen = choose(values.reshape(shape[0], -1), axis=1)
    return np.broadcast_to(chosen.reshape(-1, *(1,) * (len(shape) - 1)), shape)


def _plain(scale: np.ndarray) -> Scale:
    if scale.ndim == 0 or (scale == scale.flat[0]).all():
        return float(scale.flat[0])
    return np.ascontiguousarray(scale)


def _with_whole_threshold(scale: np.ndarray, threshold: np.ndarray) -> np.ndarray:
    """Lowered so that scale·threshold is a whole number, at least 1, if the threshold is one."""
    if threshold.ndim or threshold <= 0:
        return scale
    return np.asarray(np.maximum(np.floor(scale * threshold), 1.0) / threshold)


def _largest_weights(synapse: Synapse) -> np.ndarray:
    """Largest |weight| into each target, flat."""
    matrix = abs(synapse.matrix())
    return np.asarray(matrix.max(axis=1).todense()).reshape(-1)


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
    held_u, held_v = (_flat(horizon(d, program.steps), layer) for d in (neuron.du, neuron.dv))
    bias = _flat(neuron.bias, layer)
    peak = np.maximum(np.abs(low * held_u + bias), np.abs(high * held_u + bias)) * held_v
    return np.maximum(peak, _NOTHING)


def rounded_peak(layer: Layer, program: Program, scales: Mapping[str, Scale]) -> np.ndarray:
    """Largest |membrane| of each neuron with rounded weights, as a share of what is allowed."""
    exact = layer.neuron
    assert isinstance(exact, FloatNeuron)
    fixed = exact.quantise(scales[layer.name])
    per_unit = 1 << fixed_point.ACTIVATION_SHIFT
    low = high = np.zeros(layer.size)
    for c in program.into(layer.name):
        if c.on_host:
            most = host_peak(c, program) * _flat(np.asarray(scales[layer.name]), layer) + 1
            low, high = low - most, high + most
            continue
        own = rounded(c, program, scales)
        most = float(fixed_point.THRESHOLD_MAX) / 2.0 ** (own.shift or 0)
        down, up = extremes(own.synapse, *((-most, most) if own.shift is not None else (0.0, 1.0)))
        low, high = low + down, high + up
    u_decay = None if fixed.du is None else fixed.du + 1
    held_u, held_v = (_flat(_held(d, program.steps), layer) for d in (u_decay, fixed.dv))
    bias = _flat(fixed.bias.value / per_unit, layer)
    driven = np.maximum(np.abs(low * held_u + bias), np.abs(high * held_u + bias)) * held_v
    start = _flat(np.abs(fixed.start) / per_unit, layer)
    return (start * (_flat(fixed.dv, layer) == 0) + np.maximum(driven, start)) / (
        fixed_point.THRESHOLD_MAX
    )


def _held(decay: np.ndarray | None, steps: int) -> np.ndarray:
    """Steps' worth of current that a state with a decay in 4096ths holds."""
    if decay is None:
        return np.ones(())
    whole = 1 << fixed_point.DECAY_BITS
    return np.where(decay > 0, whole / np.maximum(decay, 1), steps)


def _flat(values: np.ndarray, layer: Layer) -> np.ndarray:
    return np.broadcast_to(values, layer.shape).reshape(-1)
