"""The update of a layer's neurons: the fixed-point neuron's equations, one neuron after another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod

import numpy as np

from snnvae.deploy.c.bounds import Bounds
from snnvae.deploy.c.table import Table
from snnvae.deploy.c.text import indented, loop, plus
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


@dataclass
class Parameters:
    """Parameters of a layer as constants: literals, or tables that are read at `index`.

    channels_last: whether the layer's sums lie position by position.
    """

    layer: Layer
    name: str
    channels_last: bool = False
    tables: list[Table] = field(default_factory=list)

    def __post_init__(self) -> None:
        neuron = fixed_neuron(self.layer)
        given = (neuron.dv, neuron.du, neuron.bias.mantissa, neuron.threshold, neuron.start)
        flat = [self._flat(values) for values in given if values is not None]
        varied = [values for values in flat if (values != values.flat[0]).any()]
        several = len(self.layer.shape) > 1 and prod(self.layer.shape[1:]) > 1
        self.by_channel = several and bool(varied) and all(map(_one_per_channel, varied))

    @property
    def index(self) -> str:
        """Of a table that has a value for each neuron, or for each channel."""
        return "channel" if self.by_channel else "n"

    def constant(
        self, what: str, values: np.ndarray, times: int = 1, *, unsigned: bool = False
    ) -> str:
        """The expression of a parameter: a literal, or a table's entry, times a number."""
        flat = self._flat(values)
        if (flat == flat.flat[0]).all():
            return f"{int(flat.flat[0]) * times}{'u' * unsigned}"
        rows = flat[:, 0] if self.by_channel else flat
        told = what.replace("_", " ")
        table = Table(f"{what}_{self.name}", rows, f"[{self.index}]", told)
        self.tables.append(table)
        read = f"{table.name}[{self.index}]"
        return read if times == 1 else f"(int32_t){read} * {times}"

    @property
    def sum(self) -> str:
        """The sum of the neuron n of `each_neuron`."""
        return f"sum[p * {self.layer.shape[0]}u + channel]" if self.channels_last else "sum[n]"

    def each_neuron(self, body: Sequence[str]) -> list[str]:
        """Runs the body for each neuron n, channel by channel where tables or sums are."""
        if not self.by_channel and not self.channels_last:
            return loop("n", self.layer.size, body)
        size = prod(self.layer.shape[1:])
        if self.channels_last:
            at = f"const uint32_t n = channel * {size}u + p;"
            return loop("channel", self.layer.shape[0], loop("p", size, [at, *body]))
        inner = [
            f"for (uint32_t n = channel * {size}u; n < (channel + 1u) * {size}u; n++) {{",
            *indented(body),
            "}",
        ]
        return loop("channel", self.layer.shape[0], inner)

    def _flat(self, values: np.ndarray) -> np.ndarray:
        """(channels, positions)."""
        full = np.broadcast_to(values, self.layer.shape)
        return full.reshape(self.layer.shape[0] if self.layer.shape else 1, -1)


def _one_per_channel(values: np.ndarray) -> bool:
    return bool((values == values[:, :1]).all())


@dataclass(frozen=True, eq=False)
class Update:
    """update: the loop of a step; reset: the loop before the first step, if there is anything to
    set that is not 0; tables: the parameters; told: the equation, for a comment."""

    update: Sequence[str]
    reset: Sequence[str]
    tables: tuple[Table, ...]
    told: Sequence[str]


def update(
    layer: Layer, name: str, number: int, limits: Bounds, *, units: int, channels_last: bool
) -> Update:
    """Of a layer, whose inputs count `units` of the weights' units.

    number: of the layer, by which a trace names it. channels_last: how its sums lie.
    """
    neuron, made = fixed_neuron(layer), Parameters(layer, name, channels_last)
    kind, wide = ("int64_t", "_wide") if limits.wide else ("int32_t", "")
    keeps = keeps_membrane(neuron)
    cast = f"({kind})" if limits.wide else ""
    current = f"{cast}{made.sum} * {UNIT * units}"
    told = []
    if channels_last:
        told.append("The sums lie position by position, the channels of each side by side.")
    body: list[str] = []
    if neuron.du is not None:
        kept = made.constant("kept_current", WHOLE - 1 - neuron.du, unsigned=True)
        current = f"decayed{wide}(S.u_{name}[n], {kept}) + {current}"
    if limits.wraps:
        current = f"wrapped{wide}({current})"
    else:
        told.append("The current cannot leave 24 bits: nothing wraps it.")
    body.append(f"const {kind} u = {current};")
    terms = ["u"]
    kept_values = WHOLE - neuron.dv
    kept_all = (kept_values == WHOLE).all()
    if (kept_values != 0).any():
        kept = made.constant("kept_membrane", kept_values, unsigned=True)
        terms.insert(0, f"S.v_{name}[n]" if kept_all else f"decayed{wide}(S.v_{name}[n], {kept})")
    if neuron.bias.mantissa.any():
        bias = made.constant("bias", neuron.bias.mantissa, 1 << neuron.bias.exponent)
        if "[" in bias:
            body.append(f"const int32_t bias = {bias};")
            bias = "bias"
        terms.append(bias)
    largest = limits.current + int(np.abs(neuron.bias.value).max(initial=0))
    clips = terms[0] != "u" or limits.wraps or largest >= fixed_point.STATE_LIMIT
    summed = plus(*terms)
    body.append(f"{kind} v = {f'clipped{wide}({summed})' if clips else summed};")
    if neuron.threshold is None:
        body += [f"if (v > {fixed_point.SILENT_LIMIT}) {{", "    v = 0; /* saturated */", "}"]
    else:
        body += _fires(neuron, made, name, kind, wide)
    if neuron.du is not None:
        body.append(f"S.u_{name}[n] = u;")
    if keeps:
        body.append(f"S.v_{name}[n] = v;")
    body.append(f"TRACE_MEMBRANE({number}u, n, v);")
    reset: list[str] = []
    if keeps and neuron.start.any():
        start = made.constant("start", neuron.start)
        reset = made.each_neuron([f"S.v_{name}[n] = {start};"])
    return Update(made.each_neuron(body), reset, tuple(made.tables), told)


def _fires(neuron: FixedNeuron, made: Parameters, name: str, kind: str, wide: str) -> list[str]:
    """What follows where there is a threshold: spikes and reset."""
    assert neuron.threshold is not None
    above = ">=" if neuron.fires_at_threshold else ">"
    threshold = made.constant("threshold", neuron.threshold, UNIT)
    spike = "spikes[n >> 5] |= (uint32_t)1u << (n & 31u);"
    if neuron.reset in LOOKS_BACK:
        lines = [
            f"const {kind} threshold = {threshold};",
            f"const {kind} owed = S.v_{name}[n] {above} threshold ? threshold : 0;",
            f"v = clipped{wide}(v - owed);",
        ]
        if neuron.reset == "subtract-delayed":
            return [*lines, f"if (v {above} threshold) {{", f"    {spike}", "}"]
        return [
            *lines,
            f"if (v {above} threshold) {{",
            f"    {spike}",
            f"    v = clipped{wide}(v - (threshold - owed));",
            "} else {",
            f"    v = clipped{wide}(v + owed);",
            "}",
        ]
    after = "0" if neuron.reset == "zero" else "v - threshold"
    given = [] if neuron.reset == "zero" else [f"const {kind} threshold = {threshold};"]
    limit = threshold if neuron.reset == "zero" else "threshold"
    return [*given, f"if (v {above} {limit}) {{", f"    {spike}", f"    v = {after};", "}"]
