"""Float program → Loihi fixed point: 8-bit weights, the scale absorbed by threshold and bias.

A layer's `scale` s (integer weight units per unit of membrane) is the largest for which every
weight fits in 8 bits, lowered so that s·threshold is an integer: rounding the threshold itself
would shift every spike of the layer the same way. Weights become even integers, as Loihi's
mixed-sign ones are.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from snnvae.deploy.metadata import stated_scale
from snnvae.errors import UnsupportedError
from snnvae.primitive import Synapse
from snnvae.primitives import (
    LIF,
    FixedNeuron,
    FloatNeuron,
    LeakyIntegrator,
    Threshold,
    fixed_point,
)
from snnvae.primitives.lif import FixedLIF
from snnvae.primitives.neuron import fixed_decay
from snnvae.primitives.threshold import FixedThreshold
from snnvae.program import Connection, Layer, Program

HOST_CURRENT_LIMIT = (1 << 15) - 1
"""Largest current that the host sends into an analog-driven layer, in weight units (16 bits)."""
BIAS_LIMIT = (fixed_point.BIAS_MANTISSA_MAX << fixed_point.BIAS_EXPONENT_MAX) / (
    1 << fixed_point.ACTIVATION_SHIFT
)
"""Largest bias that mantissa and exponent hold, in weight units."""
CURRENT_LIMIT = fixed_point.STATE_LIMIT >> fixed_point.ACTIVATION_SHIFT
"""Summed weights beyond this wrap around 24 bits."""
LOST_SHARE = 0.1
"""Share of a layer's non-zero weights that may round to 0 without a note."""


@dataclass(frozen=True)
class LayerReport:
    """What rounding did to one layer.

    weight_error: RMS of (rounded − exact), relative to the RMS of the weights; threshold_error,
    bias_error, decay_error: largest |rounded − exact| / |exact| over the neurons, so 1 where one
    rounds to 0; clipped: weights beyond 8 bits; peak_current: largest possible |Σ w| in weight
    units (wraps at 131,072); notes: what a user should know.
    """

    layer: str
    scale: float
    threshold: int | None
    bias_exponent: int
    weight_error: float
    threshold_error: float
    bias_error: float
    decay_error: float
    clipped: int
    peak_current: int
    notes: tuple[str, ...] = ()


def notes_text(report: Iterable[LayerReport]) -> str:
    """All notes in one line, each with its layer; empty if there are none."""
    noted = (f"'{layer.layer}': {', '.join(layer.notes)}" for layer in report if layer.notes)
    return " ".join("; ".join(noted).split())


def quantise(program: Program) -> tuple[Program, tuple[LayerReport, ...]]:
    """The fixed-point program and a report per layer."""
    layers, connections, reports = [], {}, []
    for layer in program.layers:
        incoming = program.into(layer.name)
        stated = stated_scale(program, layer.name)
        scale = layer_scale(layer, incoming, program) if stated is None else stated
        neuron = layer.neuron
        assert isinstance(neuron, FloatNeuron)
        try:
            fixed = neuron.quantise(scale)
        except UnsupportedError as error:
            raise UnsupportedError(f"'{layer.name}' {error}") from None
        rounded = {c.name: _round(c, scale) for c in incoming}
        connections.update(rounded)
        layers.append(replace(layer, neuron=fixed, scale=scale))
        reports.append(_report(layer, layers[-1], incoming, rounded, program))
    fixed_program = replace(
        program,
        precision="fixed",
        layers=tuple(layers),
        connections=tuple(connections[c.name] for c in program.connections),
    )
    return fixed_program, tuple(reports)


def layer_scale(layer: Layer, incoming: tuple[Connection, ...], program: Program) -> float:
    """The scale s of one layer; see the module's text."""
    limits = []
    for c in incoming:
        if c.on_host:
            limits.append(HOST_CURRENT_LIMIT / max(_host_peak(c, program), 1e-30))
        else:
            largest = float(np.abs(c.synapse.weight).max(initial=0.0))
            limits.append(fixed_point.WEIGHT_MAX / largest if largest else 1.0)
    neuron = layer.neuron
    assert isinstance(neuron, FloatNeuron)
    if largest_bias := float(np.abs(neuron.bias).max(initial=0.0)):
        limits.append(BIAS_LIMIT / largest_bias)
    scale = min(limits, default=1.0)
    if isinstance(neuron, LeakyIntegrator):
        scale = min(scale, _readout_limit(layer, neuron, incoming, program))
        # Rounding may add to what the exact weights allow.
        while (peak := _readout_peak(layer, incoming, program, scale)) > fixed_point.THRESHOLD_MAX:
            scale *= max(0.99 * fixed_point.THRESHOLD_MAX / peak, 0.5)
        return scale
    if isinstance(neuron, (LIF, Threshold)):
        largest_threshold = float(neuron.threshold.max())
        if largest_threshold <= 0:
            return scale
        scale = min(scale, fixed_point.THRESHOLD_MAX / largest_threshold)
        if neuron.threshold.ndim == 0:
            return max(np.floor(scale * largest_threshold), 1.0) / largest_threshold
    return scale


def _round(connection: Connection, scale: float) -> Connection:
    """Weights to even integers in [−256, 254]; analog-driven weights stay real, on the host."""
    if connection.on_host:
        return connection
    weight = 2 * np.rint(connection.synapse.weight * (scale / 2))
    clipped = np.clip(weight, fixed_point.WEIGHT_MIN, fixed_point.WEIGHT_MAX).astype(np.int64)
    return replace(connection, synapse=connection.synapse.with_weight(clipped))


def _host_peak(connection: Connection, program: Program) -> float:
    """Largest |current| that values within the input's range can give."""
    port = program.input(connection.source)
    low, high = _extremes(connection.synapse, port.low, port.high)
    bias = 0.0 if connection.host_bias is None else connection.host_bias.reshape(-1)
    return float(np.maximum(np.abs(low + bias), np.abs(high + bias)).max())


def _extremes(synapse: Synapse, low: float, high: float) -> tuple[np.ndarray, np.ndarray]:
    """Smallest and largest current of each target for inputs within [low, high]."""
    matrix = synapse.matrix()
    positive, negative = matrix.maximum(0), matrix.minimum(0)
    up, down = positive.sum(axis=1), negative.sum(axis=1)
    return low * up + high * down, high * up + low * down


def _readout_limit(
    layer: Layer, neuron: LeakyIntegrator, incoming: tuple[Connection, ...], program: Program
) -> float:
    """The scale at which the worst input drives the membrane just below the largest threshold."""
    low = high = np.broadcast_to(neuron.bias, layer.shape).reshape(-1)
    for c in incoming:
        port = program.input(c.source) if c.on_host else None
        down, up = _extremes(c.synapse, port.low if port else 0.0, port.high if port else 1.0)
        bias = 0.0 if c.host_bias is None else c.host_bias.reshape(-1)
        low, high = low + down + bias, high + up + bias
    horizon = float(np.max(_horizon(neuron, program)))
    peak = float(np.maximum(np.abs(low), np.abs(high)).max()) * horizon
    # One part in a hundred of room for the rounding of weights, decay and bias.
    return 0.99 * fixed_point.THRESHOLD_MAX / peak if peak else 1.0


def _readout_peak(
    layer: Layer, incoming: tuple[Connection, ...], program: Program, scale: float
) -> float:
    """Largest |membrane| that any input can drive the rounded readout to, in weight units."""
    exact = layer.neuron
    assert isinstance(exact, LeakyIntegrator)
    fixed = exact.quantise(scale)
    per_unit = 1 << fixed_point.ACTIVATION_SHIFT
    low = high = np.broadcast_to(fixed.bias.value / per_unit, layer.shape).reshape(-1)
    for c in incoming:
        if c.on_host:
            peak = _host_peak(c, program) * scale + 1
            low, high = low - peak, high + peak
        else:
            down, up = _extremes(_round(c, scale).synapse, 0.0, 1.0)
            low, high = low + down, high + up
    decay = np.broadcast_to(fixed.dv, layer.shape).reshape(-1)
    steps = np.where(decay > 0, (1 << fixed_point.DECAY_BITS) / np.maximum(decay, 1), program.steps)
    driven = np.maximum(np.abs(low), np.abs(high)) * steps
    start = float(np.abs(fixed.start).max(initial=0)) / per_unit
    return start * bool((decay == 0).any()) + max(float(driven.max()), start)


def _horizon(neuron: LeakyIntegrator, program: Program) -> np.ndarray:
    """Steps' worth of current that a membrane can hold: 1/dv, or all of T if dv rounds to 0."""
    remembers = fixed_decay(neuron.dv) == 0
    return np.where(remembers, program.steps, 1 / np.where(remembers, 1.0, neuron.dv))


def _report(
    before: Layer,
    after: Layer,
    incoming: tuple[Connection, ...],
    rounded: dict[str, Connection],
    program: Program,
) -> LayerReport:
    exact, fixed, scale = before.neuron, after.neuron, after.scale
    assert isinstance(exact, FloatNeuron)
    assert isinstance(fixed, FixedNeuron)
    on_chip = [c for c in incoming if not c.on_host]
    wanted = [c.synapse.weight.reshape(-1) * scale for c in on_chip]
    got = [rounded[c.name].synapse.weight.reshape(-1) for c in on_chip]
    want, have = np.concatenate([np.zeros(0), *wanted]), np.concatenate([np.zeros(0), *got])
    top, bottom = fixed_point.WEIGHT_MAX + 1, fixed_point.WEIGHT_MIN - 1
    clipped = int(((want > top) | (want < bottom)).sum())
    peak = sum((abs(rounded[c.name].synapse.matrix()).sum(axis=1) for c in on_chip), np.zeros(1))
    peak_current = int(np.max(peak)) + sum(
        int(np.ceil(_host_peak(c, program) * scale)) for c in incoming if c.on_host
    )
    threshold_error, threshold, zeros = 0.0, None, 0
    if isinstance(exact, (LIF, Threshold)):
        assert isinstance(fixed, (FixedLIF, FixedThreshold))
        threshold = int(np.max(fixed.threshold))
        threshold_error = _relative(fixed.threshold, exact.threshold * scale)
        zeros = _lost(fixed.threshold, exact.threshold)
    decay_error = _relative(fixed.decay / 4096, exact.dv) if hasattr(exact, "dv") else 0.0
    bias_error = _relative(fixed.bias.value / 64, np.asarray(exact.bias) * scale)
    notes = []
    if clipped:
        verb = "weight saturates" if clipped == 1 else "weights saturate"
        notes.append(f"{clipped} {verb} at 8 bits: the threshold is small beside them")
    if zeros:
        notes.append(f"{zeros} {'threshold rounds' if zeros == 1 else 'thresholds round'} to 0")
    weights, lost = int(np.count_nonzero(want)), _lost(have, want)
    if lost > LOST_SHARE * weights:
        notes.append(f"{lost} of {weights} weights round to 0")
    if peak_current >= CURRENT_LIMIT:
        notes.append(f"a current of up to {peak_current} could wrap at {CURRENT_LIMIT}")
    if decay_error and np.any(fixed.decay == 0):
        notes.append(f"the decay rounds to 0: it fits the {program.steps} steps of a sample only")
    if np.any(np.abs(exact.bias) * scale > 1.01 * BIAS_LIMIT):
        notes.append("a bias saturates at 13 bits")
    return LayerReport(
        layer=before.name,
        scale=scale,
        threshold=threshold,
        bias_exponent=fixed.bias.exponent,
        weight_error=_rms(have - want) / max(_rms(want), 1e-30),
        threshold_error=threshold_error,
        bias_error=bias_error,
        decay_error=decay_error,
        clipped=clipped,
        peak_current=peak_current,
        notes=tuple(notes),
    )


def _rms(values: np.ndarray) -> float:
    return float(np.sqrt(np.mean(values**2))) if values.size else 0.0


def _relative(got: np.ndarray, wanted: np.ndarray) -> float:
    """Largest |got − wanted| / |wanted|; what is exactly 0 stays so and has no error."""
    got, wanted = np.broadcast_arrays(got, wanted)
    some = wanted != 0
    return float((np.abs(got - wanted)[some] / np.abs(wanted[some])).max(initial=0.0))


def _lost(got: np.ndarray, wanted: np.ndarray) -> int:
    """How many values that are not 0 became 0."""
    return int(np.sum((got == 0) & (wanted != 0)))
