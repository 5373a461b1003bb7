"""What the host draws, in C: net_draws.h and net_draws.c."""

from __future__ import annotations

from collections.abc import Sequence
from functools import singledispatch
from math import prod

from snnvae.deploy.c.text import comment, loop, table_text
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
from snnvae.deploy.microcontroller.template import filled
from snnvae.deploy.microcontroller.text import indented, words


def code(network: Network) -> dict[str, str]:
    """net_draws.h and net_draws.c; nothing where C draws nothing."""
    found = drawn(network)
    if not found:
        return {}
    lines: list[str] = []
    for port in network.program.inputs:
        if port.name not in found:
            continue
        name = network.names[port.name]
        draw = next(d for d in network.program.draws if d.port == port.name)
        lines += comment(f"Input {quoted(port.name)}: {draw.kind}.")
        own = [
            f"uint32_t *const spikes = in->spikes_{name};",
            *loop("word", words(prod(port.shape)), ["spikes[word] = 0u;"]),
            *body(found[port.name], name),
        ]
        lines += ["{", *indented(own), "}"]
    streams = [network.names[port] for port, plan in found.items() if plan.random]
    tables = "\n".join(table_text(t) for plan in found.values() for t in plan.tables)
    philox = "#define NET_PHILOX\n" if streams else ""
    state = [f"numbers numbers_{name};" for name in streams]
    return {
        "net_draws.h": filled("c", "net_draws.h"),
        "net_draws.c": filled(
            "c",
            "net_draws.c",
            philox=philox,
            tables=tables,
            state="".join(f"{line}\n" for line in indented(state)),
            begin="".join(f"    D.numbers_{name}.drawn = 0u;\n" for name in streams),
            draw="\n".join(indented(lines)),
            classes=str(max(network.program.classes, 1)),
        ),
    }


@singledispatch
def body(plan: Plan, name: str) -> Sequence[str]:
    """The statements that set bits of `spikes`."""
    raise NotImplementedError(type(plan).__name__)


def _number(plan: Plan, name: str) -> str:
    return f"next_number(&D.numbers_{name}, {plan.substream}u)"


def _fire(neuron: str) -> str:
    return f"spikes[({neuron}) / 32u] |= (uint32_t)1u << (({neuron}) % 32u);"


def _place(table: Table, first: str, places: int, number: str) -> list[str]:
    """The place that a number takes: how many bounds it reaches."""
    at = "middle" if first == "0u" else f"{first} + middle"
    return [
        f"const uint64_t number = {number};",
        "uint32_t place = 0u;",
        f"uint32_t end = {places - 1}u;",
        "while (place < end) {",
        "    const uint32_t middle = (place + end) / 2u;",
        f"    if (number >= {table.name}[{at}]) {{",
        "        place = middle + 1u;",
        "    } else {",
        "        end = middle;",
        "    }",
        "}",
    ]


@body.register
def _(plan: OneOf, name: str) -> Sequence[str]:
    number = _number(plan, name)
    place = [f"const uint32_t place = (uint32_t)({number} >> {plan.shift});"]
    if plan.bounds is not None:
        place = _place(plan.bounds, "0u", plan.k, number)
    return loop("group", plan.groups, [*place, _fire(f"group * {plan.k}u + place")])


@body.register
def _(plan: Pattern, name: str) -> Sequence[str]:
    rows, width = plan.patterns.values.shape
    number, kind = _number(plan, name), "0u"
    if plan.kind is not None:
        kind = f"(uint32_t){plan.kind.name}[group] * {rows - 1}u"
    place = [f"(void){number};", "const uint32_t place = 0u;"]
    if plan.bounds is not None:
        place = _place(plan.bounds, kind, rows, number)
    byte = f"(uint32_t){plan.patterns.name}[place * {width}u + i / 8u]"
    fires = [f"if ((({byte} >> (i % 8u)) & 1u) != 0u) {{"]
    fires += [f"    {_fire(f'group * {plan.k}u + i')}", "}"]
    return loop("group", plan.groups, [*place, *loop("i", plan.k, fires)])


@body.register
def _(plan: Rates, name: str) -> Sequence[str]:
    at = f"D.label * {plan.neurons}u + n" if plan.by_class else "n"
    test = f"if ({_number(plan, name)} < {plan.bounds.name}[{at}]) {{"
    return loop("n", plan.neurons, [test, f"    {_fire('n')}", "}"])


@body.register
def _(plan: Held, name: str) -> Sequence[str]:
    test = f"if ({plan.holds.name}[D.label * {plan.neurons}u + n] != 0u) {{"
    return loop("n", plan.neurons, [test, f"    {_fire('n')}", "}"])


@body.register
def _(plan: OfClass, name: str) -> Sequence[str]:
    return [_fire("D.label")]


@body.register
def _(plan: InTurn, name: str) -> Sequence[str]:
    turn = "D.step - 1u" if plan.pace == 1 else f"(D.step - 1u) / {plan.pace}u"
    test = f"if ((D.step > 0u) && (D.step <= {plan.pace * plan.count}u)) {{"
    return [test, f"    {_fire(turn)}", "}"]


@body.register
def _(plan: AtFirst, name: str) -> Sequence[str]:
    if not plan.neurons:
        return ["/* Nothing is known: whoever knows something sets its neurons at step 0. */"]
    return ["if (D.step == 0u) {", *(f"    {_fire(f'{n}u')}" for n in plan.neurons), "}"]


@body.register
def _(plan: Coins, name: str) -> Sequence[str]:
    test = f"if ({_number(plan, name)} < ((uint64_t)1u << {BITS - 1})) {{"
    inner = loop("n", plan.neurons, [test, f"    {_fire('n')}", "}"])
    return [f"if (D.step < {plan.steps}u) {{", *indented(inner), "}"]
