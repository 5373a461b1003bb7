"""The loops of a layer's update in C: the fixed-point neuron's equations, one after another."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from snnvae.deploy.c.text import loop
from snnvae.deploy.microcontroller.table import Table
from snnvae.deploy.microcontroller.text import indented, plus
from snnvae.deploy.microcontroller.update import LOOKS_BACK, UNIT, WHOLE, Constant, Update
from snnvae.primitives import fixed_point


def step(update: Update, name: str, number: int) -> list[str]:
    """The loop of a step. number: of the layer, by which a trace names it."""
    neuron = update.neuron
    kind, wide = ("int64_t", "_wide") if update.wide else ("int32_t", "")
    cast = f"({kind})" if update.wide else ""
    current = f"{cast}{_sum(update)} * {UNIT * update.units}"
    body: list[str] = []
    if update.kept_current is not None:
        kept = _read(update, update.kept_current, unsigned=True)
        current = f"decayed{wide}(S.u_{name}[n], {kept}) + {current}"
    if update.wraps:
        current = f"wrapped{wide}({current})"
    body.append(f"const {kind} u = {current};")
    terms = ["u"]
    if update.kept_membrane is not None:
        kept = _read(update, update.kept_membrane, unsigned=True)
        own = f"S.v_{name}[n]"
        whole = update.kept_membrane.value == WHOLE
        terms.insert(0, own if whole else f"decayed{wide}({own}, {kept})")
    if update.bias is not None:
        bias = _read(update, update.bias)
        if update.bias.value is None:
            body.append(f"const int32_t bias = {bias};")
            bias = "bias"
        terms.append(bias)
    summed = plus(*terms)
    body.append(f"{kind} v = {f'clipped{wide}({summed})' if update.clips else summed};")
    if neuron.threshold is None:
        body += [f"if (v > {fixed_point.SILENT_LIMIT}) {{", "    v = 0; /* saturated */", "}"]
    else:
        body += _fires(update, name, kind, wide)
    if update.kept_current is not None:
        body.append(f"S.u_{name}[n] = u;")
    if update.keeps:
        body.append(f"S.v_{name}[n] = v;")
    body.append(f"TRACE_MEMBRANE({number}u, n, v);")
    return _each_neuron(update, body)


def reset(update: Update, name: str) -> list[str]:
    """What sets the first membranes, if they are not all 0."""
    if update.start is None:
        return []
    return _each_neuron(update, [f"S.v_{name}[n] = {_read(update, update.start)};"])


def _fires(update: Update, name: str, kind: str, wide: str) -> list[str]:
    """What follows where there is a threshold: spikes and reset."""
    neuron = update.neuron
    assert update.threshold is not None
    above = ">=" if neuron.fires_at_threshold else ">"
    threshold = _read(update, update.threshold)
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


def _read(update: Update, constant: Constant, *, unsigned: bool = False) -> str:
    """The expression of a parameter: a literal, or a table's entry, times a number."""
    if not isinstance(constant.held, Table):
        return f"{constant.value}{'u' * unsigned}"
    read = f"{constant.held.name}[{'channel' if update.by_channel else 'n'}]"
    return read if constant.times == 1 else f"(int32_t){read} * {constant.times}"


def _sum(update: Update) -> str:
    """The sum of the neuron n of `_each_neuron`."""
    return f"sum[p * {update.layer.shape[0]}u + channel]" if update.channels_last else "sum[n]"


def _each_neuron(update: Update, body: Sequence[str]) -> list[str]:
    """Runs the body for each neuron n, channel by channel where tables or sums are."""
    if not update.by_channel and not update.channels_last:
        return loop("n", update.layer.size, body)
    channels, size = update.layer.shape[0], prod(update.layer.shape[1:])
    if update.channels_last:
        at = f"const uint32_t n = channel * {size}u + p;"
        return loop("channel", channels, loop("p", size, [at, *body]))
    inner = [
        f"for (uint32_t n = channel * {size}u; n < (channel + 1u) * {size}u; n++) {{",
        *indented(body),
        "}",
    ]
    return loop("channel", channels, inner)
