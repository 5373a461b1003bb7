"""The scale of each layer of a fixed-point program: integer weight units per unit of membrane.

The largest for which every weight fits in 8 bits, lowered so that scale·threshold is an integer:
rounding the threshold itself would shift every spike of the layer the same way. A layer that does
not spike gets a scale at which no input can drive its membrane to the largest threshold.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from snnvae.deploy.fixed.ranges import NOTHING, WorstCase, extremes, flat, host_peak
from snnvae.deploy.fixed.rounding import MIN_SHIFT, Scale, rounded
from snnvae.errors import ConfigError
from snnvae.primitive import Shape
from snnvae.primitives import fixed_point
from snnvae.primitives.of_layer import float_neuron
from snnvae.program import Layer, Program

HOST_CURRENT_LIMIT = (1 << 15) - 1
"""Largest current that the host sends into an analog-driven layer, in weight units (16 bits)."""
CURRENT_LIMIT = fixed_point.STATE_LIMIT >> fixed_point.ACTIVATION_SHIFT
"""Summed weights beyond this wrap around 24 bits."""
BIAS_LIMIT = (fixed_point.BIAS_MANTISSA_MAX << fixed_point.BIAS_EXPONENT_MAX) / (
    1 << fixed_point.ACTIVATION_SHIFT
)
"""Largest bias that mantissa and exponent hold, in weight units."""
_ANY = 1e26
"""No weight, bias or threshold of a network sets a scale beyond this."""


def choose_scales(program: Program, ranges: WorstCase | None = None) -> dict[str, Scale]:
    """The scale of every layer: a given one, else the module's rule with these ranges.

    ConfigError for a given scale of a layer that does not exist, or of another size.
    """
    given = program.scales
    names = [layer.name for layer in program.layers]
    for name in given:
        if name not in names:
            raise ConfigError(f"a scale is given for '{name}', but the layers are {names}")
    ranges = ranges or WorstCase(program)
    scales: dict[str, Scale] = {}
    # Twice, as in a loop a layer may be fed by the membrane of a later one.
    for _ in range(2 if any(map(program.carries_membranes, program.connections)) else 1):
        for layer in program.layers:
            if layer.name in given:
                scales[layer.name] = _given(given[layer.name], layer)
            else:
                scales[layer.name] = layer_scale(layer, program, scales, ranges)
    return scales


def _given(value: float | Sequence[float], layer: Layer) -> Scale:
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


def layer_scale(
    layer: Layer, program: Program, scales: Mapping[str, Scale], ranges: WorstCase
) -> Scale:
    """The scale of one layer by the module's rule; `scales` are those of its sources so far."""
    neuron = float_neuron(layer)
    per_channel = program.options.scale_per == "channel"
    limit = _weight_limit(layer, program, scales, ranges)
    limit = np.minimum(limit, BIAS_LIMIT / np.maximum(flat(np.abs(neuron.bias), layer), NOTHING))
    threshold = neuron.threshold
    if threshold is None:
        most = np.maximum(ranges.membranes(layer), NOTHING)
        limit = np.minimum(limit, 0.99 * fixed_point.THRESHOLD_MAX / most)
    else:
        most = np.maximum(flat(threshold, layer), NOTHING)
        limit = np.minimum(limit, fixed_point.THRESHOLD_MAX / most)
    scale = by_channel(limit, layer.shape) if per_channel else np.asarray(limit.min())
    # Where nothing comes in that would set a scale, any will do.
    scale = np.where(np.isfinite(scale) & (scale < _ANY), scale, 1.0)
    if threshold is not None:
        return as_scalar(whole_threshold(scale, threshold))
    known = all(
        c.source in scales for c in program.into(layer.name) if program.carries_membranes(c)
    )
    if not known or not ranges.holds_rounded(layer):
        return as_scalar(scale)
    # Rounding may add to what the exact weights allow.
    while (
        over := rounded_peak(layer, program, {**scales, layer.name: as_scalar(scale)})
    ).max() > 1:
        worst = by_channel(over, layer.shape, np.max) if per_channel else over.max()
        scale = np.where(worst > 1, scale * np.maximum(0.99 / np.maximum(worst, 0.5), 0.5), scale)
    return as_scalar(scale)


def _weight_limit(
    layer: Layer, program: Program, scales: Mapping[str, Scale], ranges: WorstCase
) -> np.ndarray:
    """The largest scale at which each neuron's weights and host currents fit, flat."""
    neuron = float_neuron(layer)
    limit = np.full(layer.size, np.inf)
    for c in program.into(layer.name):
        if c.on_host:
            most, room = ranges.currents(c), float(HOST_CURRENT_LIMIT)
        else:
            most, room = ranges.weights(c), float(fixed_point.WEIGHT_MAX)
            if program.carries_membranes(c):
                if c.source not in scales:
                    continue
                # These weights can be made smaller by as much as the shift allows, but their
                # current must not wrap, nor drive a membrane from the threshold past 24 bits.
                current = np.maximum(ranges.graded(c, layer), NOTHING)
                limit = np.minimum(limit, 0.49 * CURRENT_LIMIT / current)
                if neuron.threshold is not None:
                    held = np.maximum(flat(neuron.threshold, layer), NOTHING)
                    limit = np.minimum(limit, 0.49 * CURRENT_LIMIT / held)
                most = most / np.min(scales[c.source]) * 2.0**MIN_SHIFT
        limit = np.minimum(limit, room / np.maximum(most, NOTHING))
    return limit


def by_channel(values: np.ndarray, shape: Shape, choose: Callable = np.min) -> np.ndarray:
    """The least (or other) of each channel's values, for all of its neurons."""
    chosen = choose(values.reshape(shape[0], -1), axis=1)
    return np.broadcast_to(chosen.reshape(-1, *(1,) * (len(shape) - 1)), shape)


def as_scalar(scale: np.ndarray) -> Scale:
    """One number where all are equal."""
    if scale.ndim == 0 or (scale == scale.flat[0]).all():
        return float(scale.flat[0])
    return np.ascontiguousarray(scale)


def whole_threshold(scale: np.ndarray, threshold: np.ndarray) -> np.ndarray:
    """Lowered so that scale·threshold is a whole number, at least 1, if the threshold is one."""
    if threshold.ndim or threshold <= 0:
        return scale
    return np.asarray(np.maximum(np.floor(scale * threshold), 1.0) / threshold)


def rounded_peak(layer: Layer, program: Program, scales: Mapping[str, Scale]) -> np.ndarray:
    """Largest |membrane| of each neuron with rounded weights, as a share of what is allowed."""
    fixed = float_neuron(layer).quantise(scales[layer.name])
    per_unit = 1 << fixed_point.ACTIVATION_SHIFT
    low = high = np.zeros(layer.size)
    for c in program.into(layer.name):
        if c.on_host:
            most = host_peak(c, program) * flat(np.asarray(scales[layer.name]), layer) + 1
            low, high = low - most, high + most
            continue
        own = rounded(c, program, scales)
        most = float(fixed_point.THRESHOLD_MAX) / 2.0 ** (own.shift or 0)
        down, up = extremes(own.synapse, *((-most, most) if own.shift is not None else (0.0, 1.0)))
        low, high = low + down, high + up
    u_decay = None if fixed.du is None else fixed.du + 1
    held_u, held_v = (flat(_held(d, program.steps), layer) for d in (u_decay, fixed.dv))
    bias = flat(fixed.bias.value / per_unit, layer)
    driven = np.maximum(np.abs(low * held_u + bias), np.abs(high * held_u + bias)) * held_v
    start = flat(np.abs(fixed.start) / per_unit, layer)
    return (start * (flat(fixed.dv, layer) == 0) + np.maximum(driven, start)) / (
        fixed_point.THRESHOLD_MAX
    )


def _held(decay: np.ndarray | None, steps: int) -> np.ndarray:
    """Steps' worth of current that a state with a decay in 4096ths holds."""
    if decay is None:
        return np.ones(())
    whole = 1 << fixed_point.DECAY_BITS
    return np.where(decay > 0, whole / np.maximum(decay, 1), steps)
