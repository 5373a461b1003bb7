"""Scales from a stimulus: what values occur, instead of the worst that could.

max: everything that occurred fits, with room for a quarter more. percentile: all but the largest
few weights and values fit, the rest saturates. mse: for each layer the scale at which the rounded
weights give the least mean squared error of the currents that occurred.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from snnvae.deploy.fixed.ranges import WorstCase
from snnvae.deploy.fixed.rounding import Scale, rounded
from snnvae.deploy.fixed.scales import as_scalar, by_channel, choose_scales, whole_threshold
from snnvae.errors import ConfigError
from snnvae.hardware_sim import reference
from snnvae.hardware_sim.host import host_currents
from snnvae.options import CALIBRATIONS
from snnvae.primitives import fixed_point
from snnvae.primitives.of_layer import fixed_neuron
from snnvae.program import Connection, Layer, Program
from snnvae.recording import Recording
from snnvae.stimulus import Stimulus

PERCENTILE = 99.9
HEADROOM = 1.25
"""A stimulus shows only part of what can occur."""
MAX_ROWS = 256
"""Steps of the stimulus on which errors are measured."""
FINER = 2.0 ** (np.arange(17) / 4)
"""Scales tried, as multiples of the one at which everything fits: up to 16 times."""


class Observed(WorstCase):
    """Ranges that occurred, up to a percentile."""

    def __init__(
        self, program: Program, recording: Recording, stimulus: Stimulus, percentile: float
    ) -> None:
        super().__init__(program)
        self._recording, self._percentile = recording, percentile
        self._currents = host_currents(program, stimulus)

    def holds_rounded(self, layer: Layer) -> bool:
        """Other inputs may exceed what occurred anyway."""
        return False

    def weights(self, c: Connection) -> np.ndarray:
        """Largest |weight| into each target, no larger than the percentile of all of them."""
        sizes = np.abs(c.synapse.weight[c.synapse.weight != 0])
        most = np.percentile(sizes, self._percentile) if sizes.size else 0.0
        return np.minimum(super().weights(c), most)

    def currents(self, c: Connection) -> np.ndarray:
        """Largest host current that occurred."""
        return self._over_time(self._currents[c.name])

    def membranes(self, layer: Layer) -> np.ndarray:
        """Largest membrane that occurred."""
        return self._over_time(self._recording.membranes[layer.name])

    def _over_time(self, values: np.ndarray) -> np.ndarray:
        """Percentile over samples and steps, per neuron, with headroom: (N,)."""
        rows = np.abs(values).reshape(values.shape[0] * values.shape[1], -1)
        return HEADROOM * np.percentile(rows, self._percentile, axis=0)


def calibrate(
    program: Program, stimulus: Stimulus, method: str, percentile: float = PERCENTILE
) -> dict[str, float | list[float]]:
    """Scales of a float program's layers, as `Options.scales` takes them.

    ConfigError for a method that there is not, or a program that is no float one.
    """
    if method not in CALIBRATIONS:
        raise ConfigError(f"calibration {method!r}: choose {', '.join(CALIBRATIONS)}")
    if program.precision != "float":
        raise ConfigError("calibration starts from a float program")
    recording = reference.run(program, stimulus, membranes=True)
    share = percentile if method == "percentile" else 100.0
    ranges = Observed(program, recording, stimulus, share)
    scales = choose_scales(program, ranges)
    if method == "mse":
        for layer in program.layers:
            scales[layer.name] = _least_error(layer, program, recording, scales, ranges)
    return {name: as_option(scale) for name, scale in scales.items()}


def as_option(scale: Scale) -> float | list[float]:
    """A scale as `Options.scales` takes it: one number, or one per channel."""
    if np.ndim(scale) == 0:
        return float(scale)
    channels: list[float] = np.reshape(scale, (len(np.asarray(scale)), -1))[:, 0].tolist()
    return channels


def _least_error(
    layer: Layer,
    program: Program,
    recording: Recording,
    scales: Mapping[str, Scale],
    ranges: Observed,
) -> Scale:
    """The scale among the tried ones whose rounded weights err least; the first of equals."""
    incoming = [c for c in program.into(layer.name) if not c.on_host]
    if not incoming or len(incoming) < len(program.into(layer.name)):
        return scales[layer.name]
    rows = _rows(incoming, program, recording)
    values = [_values(c, program, recording)[rows] for c in incoming]
    exact = sum(c.synapse.apply(x).reshape(len(x), -1) for c, x in zip(incoming, values))
    per_channel = np.ndim(scales[layer.name]) > 0
    best = np.asarray(scales[layer.name])
    least = np.full(layer.shape if per_channel else (), np.inf)
    for factor in FINER:
        scale = _tried(layer, np.asarray(scales[layer.name]) * factor)
        if not _has_room(layer, scale, scales, ranges):
            break
        there = {**scales, layer.name: scale}
        errors = np.mean((_current(incoming, values, program, there) - exact) ** 2, axis=0)
        error = by_channel(errors, layer.shape, np.mean) if per_channel else errors.mean()
        better = error < least * (1 - 1e-9)
        best, least = np.where(better, scale, best), np.where(better, error, least)
    return as_scalar(best)


def _tried(layer: Layer, scale: np.ndarray) -> Scale:
    threshold = getattr(layer.neuron, "threshold", None)
    return as_scalar(scale if threshold is None else whole_threshold(scale, threshold))


def _has_room(layer: Layer, scale: Scale, scales: Mapping[str, Scale], ranges: Observed) -> bool:
    """Tells whether threshold, or the membranes that occurred, fit at this scale."""
    threshold = getattr(layer.neuron, "threshold", None)
    if threshold is not None:
        return bool(np.max(threshold * scale) <= fixed_point.THRESHOLD_MAX)
    most = ranges.membranes(layer).reshape(layer.shape)
    return bool(np.max(most * scale) <= fixed_point.THRESHOLD_MAX)


def _values(c: Connection, program: Program, recording: Recording) -> np.ndarray:
    """Returns what the source sent at each step of each sample: (B·T, *in_shape)."""
    sent = recording.membranes if program.carries_membranes(c) else recording.spikes
    return sent[c.source].reshape(-1, *c.synapse.in_shape).astype(np.float64)


def _rows(incoming: list[Connection], program: Program, recording: Recording) -> np.ndarray:
    """Steps to measure on, the same for all sources: some of those at which one sent something."""
    sent = [_values(c, program, recording) for c in incoming]
    any_sent = np.any([x.reshape(len(x), -1).any(axis=1) for x in sent], axis=0)
    some = np.flatnonzero(any_sent)
    if len(some) <= MAX_ROWS:
        return some if len(some) else np.arange(1)
    rng = np.random.Generator(np.random.Philox(key=0))
    return np.sort(rng.choice(some, MAX_ROWS, replace=False))


def _current(
    incoming: list[Connection],
    values: list[np.ndarray],
    program: Program,
    scales: Mapping[str, Scale],
) -> np.ndarray:
    """Currents (rows, N) of the rounded weights, in real units."""
    total: np.ndarray | float = 0.0
    for c, x in zip(incoming, values, strict=True):
        own = rounded(c, program, scales)
        if own.shift is not None:
            x = x * np.asarray(scales[c.source]) / 2.0**own.shift
        weighted = own.synapse.apply(x).reshape(len(x), *program.layer(c.target).shape)
        total = total + weighted / np.asarray(scales[c.target])
    return np.asarray(total).reshape(len(values[0]), -1)


@dataclass(frozen=True)
class LayerRange:
    """The effects of a stimulus on a layer in fixed point, beside the float program.

    range_use: largest |membrane| of what its bits hold; saturated: share of the updates that left
    them; differing: share of the spikes (neurons × steps) that differ, None without spikes;
    membrane_error: RMS of the difference of the membranes, relative to the RMS of the float ones.
    """

    layer: str
    range_use: float
    saturated: float
    differing: float | None
    membrane_error: float


def measure(exact: Program, fixed: Program, stimulus: Stimulus) -> tuple[LayerRange, ...]:
    """Run a stimulus in float and in fixed point, layer by layer side by side."""
    one = reference.run(exact, stimulus, membranes=True)
    other = reference.run(fixed, stimulus, membranes=True)
    found = []
    for layer in fixed.layers:
        whole = other.membranes[layer.name]
        spiking = fixed_neuron(layer).spiking
        limit = fixed_point.STATE_LIMIT if spiking else fixed_point.SILENT_LIMIT
        wanted = exact.layer(layer.name).to_real(one.membranes[layer.name])
        gap = layer.to_real(whole) - wanted
        differing = None
        if spiking:
            differing = float((one.spikes[layer.name] != other.spikes[layer.name]).mean())
        found.append(
            LayerRange(
                layer.name,
                range_use=float(np.abs(whole).max(initial=0)) / limit,
                saturated=other.info["saturated"][layer.name] / max(whole.size, 1),
                differing=differing,
                membrane_error=_rms(gap) / max(_rms(wanted), 1e-30),
            )
        )
    return tuple(found)


def _rms(values: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(values))))
