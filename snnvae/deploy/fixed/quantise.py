"""Float program → Loihi fixed point: 8-bit weights, the scale absorbed by threshold and bias.

Weights become even integers, as Loihi's mixed-sign ones are; what rounding did is reported.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from snnvae.deploy.fixed.ranges import WorstCase, flat, horizon, host_peak
from snnvae.deploy.fixed.rounding import Scale, rounded, scaled
from snnvae.deploy.fixed.scales import BIAS_LIMIT, CURRENT_LIMIT, choose_scales
from snnvae.errors import UnsupportedError
from snnvae.primitives import fixed_point
from snnvae.primitives.of_layer import fixed_neuron, float_neuron
from snnvae.program import Connection, Layer, Program

LOST_SHARE = 0.1
"""Share of a layer's non-zero weights that may round to 0 without a note."""


@dataclass(frozen=True)
class LayerReport:
    """The effects of rounding on one layer.

    weight_error: RMS of (rounded − exact), relative to the RMS of the weights; threshold_error,
    bias_error, decay_error: largest |rounded − exact| / |exact| over the neurons, so 1 where one
    rounds to 0; scale: the least of its channels'; clipped: weights beyond 8 bits; peak_current:
    largest possible |u| in weight units (wraps at 131,072); beyond: what fixed point cannot hold
    and takes the nearest value for; notes: that and what else a user should know.
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
    beyond: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def notes_text(report: Iterable[LayerReport]) -> str:
    """Returns all notes in one line, each with its layer; empty if there are none."""
    noted = (f"'{layer.layer}': {', '.join(layer.notes)}" for layer in report if layer.notes)
    return " ".join("; ".join(noted).split())


def refuse_beyond(report: Iterable[LayerReport]) -> None:
    """UnsupportedError if fixed point cannot hold something: the layer, what and how much."""
    found = [f"'{row.layer}': {', '.join(row.beyond)}" for row in report if row.beyond]
    if found:
        raise UnsupportedError(
            f"fixed point cannot hold all of the network: {'; '.join(found)}; take the "
            "nearest values with `saturate`, or give each channel a scale with `scale_per` channel"
        )


def quantise(program: Program) -> tuple[Program, tuple[LayerReport, ...]]:
    """The fixed-point program and a report per layer."""
    ranges = WorstCase(program)
    scales = choose_scales(program, ranges)
    fixed = in_integers(program, scales)
    connections = {c.name: c for c in fixed.connections}
    reports = (
        _report(before, after, connections, program, scales, ranges)
        for before, after in zip(program.layers, fixed.layers, strict=True)
    )
    return fixed, tuple(reports)


def in_integers(program: Program, scales: Mapping[str, Scale]) -> Program:
    """The program at these scales: weights rounded, neurons in Loihi's integers."""
    layers = []
    for layer in program.layers:
        scale = scales[layer.name]
        try:
            fixed = float_neuron(layer).quantise(scale)
        except UnsupportedError as error:
            raise UnsupportedError(f"'{layer.name}' {error}") from None
        layers.append(replace(layer, neuron=fixed, scale=scale))
    return replace(
        program,
        precision="fixed",
        layers=tuple(layers),
        connections=tuple(rounded(c, program, scales) for c in program.connections),
    )


def _report(
    before: Layer,
    after: Layer,
    connections: Mapping[str, Connection],
    program: Program,
    scales: Mapping[str, Scale],
    ranges: WorstCase,
) -> LayerReport:
    exact, fixed, scale = float_neuron(before), fixed_neuron(after), np.asarray(after.scale)
    incoming = program.into(before.name)
    on_chip = [c for c in incoming if not c.on_host]
    want = np.concatenate(
        [np.zeros(0), *(scaled(c, program, scales)[0].weight.reshape(-1) for c in on_chip)]
    )
    have = np.concatenate([np.zeros(0), *(_weights(connections[c.name]) for c in on_chip)])
    top, bottom = fixed_point.WEIGHT_MAX + 1, fixed_point.WEIGHT_MIN - 1
    clipped = int(((want > top) | (want < bottom)).sum())
    threshold_error, threshold, zeros = 0.0, None, 0
    if exact.threshold is not None and fixed.threshold is not None:
        threshold = int(np.max(fixed.threshold))
        threshold_error = _relative(fixed.threshold, exact.threshold * scale)
        zeros = _lost(fixed.threshold, exact.threshold)
    decay_error = _relative(fixed.dv / 4096, exact.dv)
    if exact.du is not None and fixed.du is not None:
        decay_error = max(decay_error, _relative((fixed.du + 1) / 4096, exact.du))
    peak_current = _peak_current(before, connections, program, scale, ranges)
    beyond = []
    if clipped:
        verb = "weight saturates" if clipped == 1 else "weights saturate"
        reason = ": the threshold is small beside them" if fixed.spiking else ""
        beyond.append(f"{clipped} {verb} at 8 bits{reason}")
    if zeros:
        beyond.append(f"{zeros} {'threshold rounds' if zeros == 1 else 'thresholds round'} to 0")
    if np.any(np.abs(exact.bias) * scale > 1.01 * BIAS_LIMIT):
        beyond.append("a bias saturates at 13 bits")
    notes = list(beyond)
    weights, lost = int(np.count_nonzero(want)), _lost(have, want)
    if lost > LOST_SHARE * weights:
        notes.append(f"{lost} of {weights} weights round to 0")
    if peak_current >= CURRENT_LIMIT:
        notes.append(f"a current of up to {peak_current} could wrap at {CURRENT_LIMIT}")
    if np.any((fixed.dv == 0) & (exact.dv != 0)):
        notes.append(f"the decay rounds to 0: it fits the {program.steps} steps of a sample only")
    if scale.ndim:
        notes.append(f"scales per channel, up to {float(scale.max()):.1f}")
    return LayerReport(
        layer=before.name,
        scale=float(scale.min()),
        threshold=threshold,
        bias_exponent=fixed.bias.exponent,
        weight_error=_rms(have - want) / max(_rms(want), 1e-30),
        threshold_error=threshold_error,
        bias_error=_relative(fixed.bias.value / 64, np.asarray(exact.bias) * scale),
        decay_error=decay_error,
        clipped=clipped,
        peak_current=peak_current,
        beyond=tuple(beyond),
        notes=tuple(notes),
    )


def _weights(connection: Connection) -> np.ndarray:
    return connection.synapse.weight.reshape(-1)


def _peak_current(
    layer: Layer,
    connections: Mapping[str, Connection],
    program: Program,
    scale: np.ndarray,
    ranges: WorstCase,
) -> int:
    """Largest |u| that any input can give a neuron of the layer, in weight units."""
    units, peak = flat(scale, layer), np.zeros(layer.size)
    held = flat(horizon(getattr(layer.neuron, "du", None), program.steps), layer)
    for c in program.into(layer.name):
        if c.on_host:
            peak += np.ceil(host_peak(c, program) * units) * held
        elif program.carries_membranes(c):
            peak += np.ceil(ranges.graded(c, layer) * units)
        else:
            peak += abs(connections[c.name].synapse.matrix()).sum(axis=1) * held
    return int(np.ceil(min(peak.max(initial=0), 2.0**62)))


def _rms(values: np.ndarray) -> float:
    return float(np.sqrt(np.mean(values**2))) if values.size else 0.0


def _relative(got: np.ndarray, wanted: np.ndarray) -> float:
    """Largest |got − wanted| / |wanted|; what is exactly 0 stays so and has no error."""
    got, wanted = np.broadcast_arrays(got, wanted)
    some = wanted != 0
    return float((np.abs(got - wanted)[some] / np.abs(wanted[some])).max(initial=0.0))


def _lost(got: np.ndarray, wanted: np.ndarray) -> int:
    """Counts the values that are not 0 and became 0."""
    return int(np.sum((got == 0) & (wanted != 0)))
