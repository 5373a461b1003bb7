"""What the host draws, in Rust: draws.rs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import singledispatch
from math import prod

from snnvae.deploy.microcontroller.draws import (
    BITS,
    AtFirst,
    Coins,
    Held,
    InTurn,
    OfClass,
    OneOf,
    Pattern,
    Plan,
    Rates,
    drawn,
)
from snnvae.deploy.microcontroller.names import quoted
from snnvae.deploy.microcontroller.network import Network
from snnvae.deploy.microcontroller.table import Table
from snnvae.deploy.microcontroller.template import filled, template
from snnvae.deploy.microcontroller.text import indented, words
from snnvae.deploy.rust.text import block, cast, comment, kind, loop, table_text

LABEL = "self.label as usize"


def code(network: Network) -> dict[str, str]:
    """draws.rs; nothing where Rust draws nothing."""
    found = drawn(network)
    if not found:
        return {}
    lines: list[str] = []
    for port in network.program.inputs:
        if port.name not in found:
            continue
        name = network.names[port.name]
        draw = next(d for d in network.program.draws if d.port == port.name)
        own = [
            f"let spikes = &mut input.spikes_{name};",
            f"*spikes = [0; {words(prod(port.shape))}];",
            *body(found[port.name], name),
        ]
        lines += [*comment(f"Input {quoted(port.name)}: {draw.kind}."), *block("", own)]
    streams = [network.names[port] for port, plan in found.items() if plan.random]
    tables = [table_text(t) for plan in found.values() for t in plan.tables]
    return {
        "src/draws.rs": filled(
            "rust",
            "draws.rs",
            philox=template("rust", "philox.rs") if streams else "",
            tables="\n".join(tables),
            state="".join(f"    numbers_{name}: Numbers,\n" for name in streams),
            zero="".join(f", numbers_{name}: Numbers::new()" for name in streams),
            draw="".join(f"{line}\n" for line in indented(lines, 2)),
            classes=str(max(network.program.classes, 1)),
        )
    }


@singledispatch
def body(plan: Plan, name: str) -> Sequence[str]:
    """The statements that set bits of `spikes`."""
    raise NotImplementedError(type(plan).__name__)


def _number(plan: Plan, name: str) -> str:
    return f"self.numbers_{name}.number(self.seed, self.sample, {plan.substream})"


def _entry(table: Table, row: str, column: str) -> str:
    """A value of a table that may have rows."""
    return f"{table.name}[{row}]{f'[{column}]' if table.row > 1 else ''}"


def _place(bounds: Table, within: str, number: str) -> list[str]:
    """The place that a number takes: how many bounds it reaches."""
    bound = cast("bound", kind(bounds.kind), "u64")
    return [
        f"let number = {number};",
        f"let place = {bounds.name}{within}.partition_point(|&bound| number >= {bound});",
    ]


@body.register
def _(plan: OneOf, name: str) -> Sequence[str]:
    if plan.bounds is None:
        place = [f"let place = ({_number(plan, name)} >> {plan.shift}) as usize;"]
    else:
        place = _place(plan.bounds, "", _number(plan, name))
    return loop("group", plan.groups, [*place, f"fire(spikes, group * {plan.k} + place);"])


@body.register
def _(plan: Pattern, name: str) -> Sequence[str]:
    number = _number(plan, name)
    place = [f"let place = ({number} >> {BITS}) as usize;"]
    if plan.bounds is not None:
        many = len(plan.patterns.values) - 1
        within = ""
        if plan.kind is not None:
            row = cast(f"{plan.kind.name}[group]", kind(plan.kind.kind), "usize")
            place.insert(0, f"let row = {row} * {many};")
            within = f"[row..row + {many}]"
        place = [*place[:-1], *_place(plan.bounds, within, number)]
    bits = _entry(plan.patterns, "place", "i / 8")
    fires = block(f"if {bits} >> (i % 8) & 1 != 0", [f"fire(spikes, group * {plan.k} + i);"])
    return loop("group", plan.groups, [*place, *loop("i", plan.k, fires)])


@body.register
def _(plan: Rates, name: str) -> Sequence[str]:
    table = plan.bounds
    read = _entry(table, LABEL, "n") if plan.by_class else f"{table.name}[n]"
    test = f"if {_number(plan, name)} < {cast(read, kind(table.kind), 'u64')}"
    return loop("n", plan.neurons, block(test, ["fire(spikes, n);"]))


@body.register
def _(plan: Held, name: str) -> Sequence[str]:
    test = f"if {_entry(plan.holds, LABEL, 'n')} != 0"
    return loop("n", plan.neurons, block(test, ["fire(spikes, n);"]))


@body.register
def _(plan: OfClass, name: str) -> Sequence[str]:
    return [f"fire(spikes, {LABEL});"]


@body.register
def _(plan: InTurn, name: str) -> Sequence[str]:
    test = f"if self.step > 0 && self.step <= {plan.pace * plan.count}"
    turn = "self.step - 1" if plan.pace == 1 else f"(self.step - 1) / {plan.pace}"
    return block(test, [f"fire(spikes, ({turn}) as usize);"])


@body.register
def _(plan: AtFirst, name: str) -> Sequence[str]:
    if not plan.neurons:
        return ["// Nothing is known: whoever knows something sets its neurons at step 0."]
    fires = block(f"for n in {list(plan.neurons)}", ["fire(spikes, n);"])
    return block("if self.step == 0", fires)


@body.register
def _(plan: Coins, name: str) -> Sequence[str]:
    fires = block(f"if {_number(plan, name)} < 1 << {BITS - 1}", ["fire(spikes, n);"])
    return block(f"if self.step < {plan.steps}", loop("n", plan.neurons, fires))
