"""The update of a layer's neurons: its constants, and what can happen to its numbers."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np

from snnvae.deploy.microcontroller.bounds import Bounds
from snnvae.deploy.microcontroller.table import Table
from snnvae.primitives import FixedNeuron, fixed_point
from snnvae.primitives.of_layer import fixed_neuron
from snnvae.program import Layer

WHOLE = 1 << fixed_point.DECAY_BITS
UNIT = 1 << fixed_point.ACTIVATION_SHIFT
LOOKS_BACK = ("subtract-delayed", "subtract-ahead")
"""Resets that ask whether the membrane of the step before had fired."""


def keeps_membrane(neuron: FixedNeuron) -> bool:
    """Tells whether the membrane is read again: in the next step, or by who gets it."""
    return not neuron.spiking or not neuron.is_memoryless or neuron.reset in LOOKS_BACK


@dataclass(frozen=True, eq=False)
class Constant:
    """A parameter: `held`, one value for all neurons or a table that has one for each neuron or
    channel, times a number."""

    held: int | Table
    times: int = 1

    @property
    def value(self) -> int | None:
        """The value that all neurons have, if they have one."""
        return None if isinstance(self.held, Table) else self.held * self.times

    @property
    def tables(self) -> tuple[Table, ...]:
        """The table, if there is one."""
        return (self.held,) if isinstance(self.held, Table) else ()


@dataclass(frozen=True, eq=False)
class Update:
    """What each neuron of a layer does in a step; None for what it does not have.

    kept_current, kept_membrane: 4096ths. by_channel: whether tables have a value per channel.
    channels_last: whether the layer's sums lie position by position. units: weight units that they
    count. wide: 64 bits; wraps, clips: whether a current or a membrane can leave 24 bits; keeps:
    whether the membrane is read again.
    """

    layer: Layer
    neuron: FixedNeuron
    by_channel: bool
    channels_last: bool
    units: int
    wide: bool
    wraps: bool
    clips: bool
    keeps: bool
    kept_current: Constant | None
    kept_membrane: Constant | None
    bias: Constant | None
    threshold: Constant | None
    start: Constant | None

    @property
    def tables(self) -> tuple[Table, ...]:
        """All that it reads."""
        constants = (
            self.kept_current, self.kept_membrane, self.bias, self.threshold, self.start,
        )  # fmt: skip
        return tuple(table for each in constants if each is not None for table in each.tables)

    @property
    def told(self) -> list[str]:
        """What can be said of it, for a comment."""
        lines = []
        if self.channels_last:
            lines.append("The sums lie position by position, the channels of each side by side.")
        if not self.wraps:
            lines.append("The current cannot leave 24 bits: nothing wraps it.")
        return lines


def update(layer: Layer, name: str, limits: Bounds, *, units: int, channels_last: bool) -> Update:
    """Of a layer, whose inputs count `units` of the weights' units.

    channels_last: how its sums lie.
    """
    neuron = fixed_neuron(layer)
    by_channel = _by_channel(layer, neuron)

    def constant(what: str, values: np.ndarray | None, times: int = 1) -> Constant | None:
        if values is None:
            return None
        flat = _flat(layer, values)
        if (flat == flat.flat[0]).all():
            return Constant(int(flat.flat[0]), times)
        rows = flat[:, 0] if by_channel else flat.reshape(-1)
        index = "[channel]" if by_channel else "[n]"
        return Constant(Table(f"{what}_{name}", rows, index, what.replace("_", " ")), times)

    keeps, kept = keeps_membrane(neuron), WHOLE - neuron.dv
    mantissa, largest = neuron.bias.mantissa, limits.current
    largest += int(np.abs(neuron.bias.value).max(initial=0))
    return Update(
        layer,
        neuron,
        by_channel,
        channels_last,
        units,
        limits.wide,
        limits.wraps,
        bool(kept.any()) or limits.wraps or largest >= fixed_point.STATE_LIMIT,
        keeps,
        constant("kept_current", None if neuron.du is None else WHOLE - 1 - neuron.du),
        constant("kept_membrane", kept if kept.any() else None),
        constant("bias", mantissa if mantissa.any() else None, 1 << neuron.bias.exponent),
        constant("threshold", neuron.threshold, UNIT),
        constant("start", neuron.start if keeps and neuron.start.any() else None),
    )


def _flat(layer: Layer, values: np.ndarray) -> np.ndarray:
    """(channels, positions)."""
    full = np.broadcast_to(values, layer.shape)
    return full.reshape(layer.shape[0] if layer.shape else 1, -1)


def _by_channel(layer: Layer, neuron: FixedNeuron) -> bool:
    """Tells whether the parameters that vary do so from channel to channel alone."""
    given = (neuron.dv, neuron.du, neuron.bias.mantissa, neuron.threshold, neuron.start)
    flat = [_flat(layer, values) for values in given if values is not None]
    varied = [values for values in flat if (values != values.flat[0]).any()]
    several = len(layer.shape) > 1 and prod(layer.shape[1:]) > 1
    return several and bool(varied) and all((v == v[:, :1]).all() for v in varied)
