"""The loops of a layer's update in Rust: the fixed-point neuron's equations, one after another."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from snnvae.deploy.microcontroller.table import Table
from snnvae.deploy.microcontroller.text import plus
from snnvae.deploy.microcontroller.update import LOOKS_BACK, UNIT, WHOLE, Constant, Update
from snnvae.deploy.rust.text import block, cast, kind, loop
from snnvae.primitives import fixed_point


def step(update: Update, name: str, number: int, sums: str) -> list[str]:
    """The loop of a step. number: of the layer, by which whoever looks on names it; sums: the type
    of its sums."""
    neuron, wide = update.neuron, "_wide" if update.wide else ""
    held = "i64" if update.wide else "i32"
    current = f"{cast(_sum(update), sums, held)} * {UNIT * update.units}"
    if update.kept_current is not None:
        kept = _read(update, update.kept_current, "u32")
        current = f"decayed{wide}(net.u_{name}[n], {kept}) + {current}"
    body = [f"let u = {f'wrapped{wide}({current})' if update.wraps else current};"]
    terms = ["u"]
    if update.kept_membrane is not None:
        kept, value = _read(update, update.kept_membrane, "u32"), update.kept_membrane.value
        own = f"net.v_{name}[n]"
        terms.insert(0, own if value == WHOLE else f"decayed{wide}({own}, {kept})")
    if update.bias is not None:
        bias = _read(update, update.bias, held)
        if update.bias.value is None:
            body.append(f"let bias = {bias};")
            bias = "bias"
        terms.append(bias)
    summed = plus(*terms)
    body.append(f"let v = {f'clipped{wide}({summed})' if update.clips else summed};")
    if neuron.threshold is None:
        limit = fixed_point.SILENT_LIMIT
        body.append(f"let v = if v > {limit} {{ 0 }} else {{ v }}; // saturated")
    else:
        body += _fires(update, name, held, wide)
    if update.kept_current is not None:
        body.append(f"net.u_{name}[n] = u;")
    if update.keeps:
        body.append(f"net.v_{name}[n] = v;")
    body.append(f"watch.membrane({number}, n, {cast('v', held, 'i32')});")
    return _each_neuron(update, body)


def begin(update: Update, name: str) -> list[str]:
    """What sets the first membranes, if they are not all 0; it may run before the program does,
    where there is no ``for``."""
    if update.start is None:
        return []
    held = "i64" if update.wide else "i32"
    size = update.layer.size
    if not isinstance(update.start.held, Table):
        return [f"self.v_{name} = [{update.start.held}; {size}];"]
    table = update.start.held
    place = f"n / {prod(update.layer.shape[1:])}" if update.by_channel else "n"
    read = f"tables::{table.name}[{place}]"
    # `From` cannot be called before the program runs.
    value = read if kind(table.kind) == held else f"{read} as {held}"
    turn = block(f"while n < {size}", [f"self.v_{name}[n] = {value};", "n += 1;"])
    return ["let mut n = 0;", *turn]


def _fires(update: Update, name: str, held: str, wide: str) -> list[str]:
    """What follows where there is a threshold: spikes and reset."""
    neuron = update.neuron
    assert update.threshold is not None
    above = ">=" if neuron.fires_at_threshold else ">"
    given = f"let threshold = {_read(update, update.threshold, held)};"
    spike = "spikes[n / 32] |= 1 << (n % 32);"
    if neuron.reset in LOOKS_BACK:
        lines = [
            given,
            f"let owed = if net.v_{name}[n] {above} threshold {{ threshold }} else {{ 0 }};",
            f"let v = clipped{wide}(v - owed);",
        ]
        if neuron.reset == "subtract-delayed":
            return [*lines, *block(f"if v {above} threshold", [spike])]
        return [
            *lines,
            f"let v = if v {above} threshold {{",
            f"    {spike}",
            f"    clipped{wide}(v - (threshold - owed))",
            "} else {",
            f"    clipped{wide}(v + owed)",
            "};",
        ]
    after = "0" if neuron.reset == "zero" else "v - threshold"
    fires = f"let v = if v {above} threshold {{"
    return [given, fires, f"    {spike}", f"    {after}", "} else {", "    v", "};"]


def _read(update: Update, constant: Constant, wanted: str) -> str:
    """The expression of a parameter."""
    if not isinstance(constant.held, Table):
        return str(constant.value)
    index = "channel" if update.by_channel else "n"
    read = cast(f"{constant.held.name}[{index}]", kind(constant.held.kind), wanted)
    if constant.times == 1:
        return read
    return f"({read}) * {constant.times}" if " as " in read else f"{read} * {constant.times}"


def _sum(update: Update) -> str:
    """The sum of the neuron n of `_each_neuron`."""
    return f"sum[p * {update.layer.shape[0]} + channel]" if update.channels_last else "sum[n]"


def _each_neuron(update: Update, body: Sequence[str]) -> list[str]:
    """Runs the body for each neuron n, channel by channel where tables or sums are."""
    if not update.by_channel and not update.channels_last:
        return loop("n", update.layer.size, body)
    channels, size = update.layer.shape[0], prod(update.layer.shape[1:])
    if update.channels_last:
        at = f"let n = channel * {size} + p;"
        return loop("channel", channels, loop("p", size, [at, *body]))
    inner = block(f"for n in channel * {size}..(channel + 1) * {size}", body)
    return loop("channel", channels, inner)
