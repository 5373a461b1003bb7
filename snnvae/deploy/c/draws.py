"""What the host draws, in C: the same random numbers, so that one seed gives the same spikes.

A uniform number of NumPy's is m / 2⁵³ for a whole number m, so that every comparison with a
probability is one of integers, whose bound is worked out here: no floating point is left. What
needs a sigmoid or normal numbers (`GaussSigmoid`) remains a stream.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from snnvae.deploy.c.names import in_comment
from snnvae.deploy.c.network import Network
from snnvae.deploy.c.table import Table
from snnvae.deploy.c.template import filled
from snnvae.deploy.c.text import comment, indented, loop, words
from snnvae.draws.attributes import Attributes
from snnvae.draws.bernoulli import Bernoulli
from snnvae.draws.clock import Clock
from snnvae.draws.draw import Draw
from snnvae.draws.evidence import Evidence, evidence_spikes
from snnvae.draws.first_steps import FirstSteps
from snnvae.draws.label import Label
from snnvae.draws.one_hot import OneHot
from snnvae.draws.patterns import Patterns

BITS = 53
"""Of a uniform number."""
NEXT = "next_number(&D.numbers_{name}, {substream}u)"


@dataclass(frozen=True)
class Drawn:
    """The statements that set bits of `spikes`, the tables that they read, and whether random
    numbers are drawn."""

    body: Sequence[str]
    tables: tuple[Table, ...] = ()
    random: bool = False


def drawn(network: Network) -> dict[str, Drawn]:
    """The draws that C can make, by input."""
    made = {}
    for draw in network.program.draws:
        make = MAKERS.get(type(draw))
        if make is not None:
            made[draw.port] = make(draw, network.names[draw.port])
    return made


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
        lines += comment(f"Input '{in_comment(port.name)}': {draw.kind}.")
        own = [
            f"uint32_t *const spikes = in->spikes_{name};",
            *loop("word", words(prod(port.shape)), ["spikes[word] = 0u;"]),
            *found[port.name].body,
        ]
        lines += ["{", *indented(own), "}"]
    streams = [network.names[port] for port, each in found.items() if each.random]
    tables = "\n".join(t.text() for each in found.values() for t in each.tables)
    philox = "#define NET_PHILOX\n" if streams else ""
    state = [f"numbers numbers_{name};" for name in streams]
    return {
        "net_draws.h": filled("net_draws.h"),
        "net_draws.c": filled(
            "net_draws.c",
            philox=philox,
            tables=tables,
            state="".join(f"{line}\n" for line in indented(state)),
            begin="".join(f"    D.numbers_{name}.drawn = 0u;\n" for name in streams),
            draw="\n".join(indented(lines)),
            classes=str(max(network.program.classes, 1)),
        ),
    }


def least(reaches: Callable[[int], bool]) -> int:
    """The least m on [0, 2⁵³] from which on it holds; 2⁵³ if for none."""
    low, high = 0, 1 << BITS
    while low < high:
        middle = (low + high) // 2
        if reaches(middle):
            high = middle
        else:
            low = middle + 1
    return low


def _below(probability: Any) -> np.ndarray:
    """The bound below which m / 2⁵³ is less than a probability, uint64."""
    return np.ceil(np.asarray(probability, np.float64) * 2.0**BITS).astype(np.uint64)


def _fire(neuron: str) -> str:
    return f"spikes[({neuron}) / 32u] |= (uint32_t)1u << (({neuron}) % 32u);"


def _one_hot(draw: OneHot, name: str) -> Drawn:
    number = NEXT.format(name=name, substream=draw.substream)
    neuron = _fire(f"group * {draw.k}u + place")
    if draw.p is None and draw.k & (draw.k - 1) == 0:
        place = f"const uint32_t place = (uint32_t)({number} >> {BITS - draw.k.bit_length() + 1});"
        return Drawn(loop("group", draw.groups, [place, neuron]), random=True)
    if draw.p is None:
        # float64 rounds u·k: the bounds are those of the very product.
        bounds = [
            least(lambda m, i=i: np.floor(np.float64(m) / 2.0**BITS * draw.k) >= i)  # type: ignore[misc]
            for i in range(1, draw.k)
        ]
        table = _bounds(name, np.array(bounds, np.uint64))
    else:
        table = _bounds(name, _below(np.cumsum(draw.p)[:-1]))
    body = loop("group", draw.groups, [*_place(table, "0u", draw.k, number), neuron])
    return Drawn(body, (table,) if draw.k > 1 else (), random=True)


def _bounds(name: str, values: np.ndarray) -> Table:
    return Table(f"bounds_{name}", values, "[place]", "random numbers from which the next begins")


def _place(table: Table, first: str, places: int, number: str) -> list[str]:
    """The place that a number takes: how many bounds it reaches."""
    if places == 1:
        return [f"(void){number};", "const uint32_t place = 0u;"]
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


def _patterns(draw: Patterns, name: str) -> Drawn:
    rows, k = draw.table.shape
    cumulated = np.array([_below(np.cumsum(p)[:-1]) for p in draw.p], np.uint64)
    bounds = _bounds(name, cumulated.reshape(-1))
    packed = np.packbits(draw.table, axis=1, bitorder="little")
    width = packed.shape[1]
    shown = Table(f"patterns_{name}", packed, "[pattern][neuron / 8]", "a bit for each neuron")
    tables, kind = [bounds, shown], "0u"
    if len(draw.p) > 1:
        tables.append(Table(f"kind_{name}", draw.kind_of, "[group]", "its row of bounds"))
        kind = f"(uint32_t)kind_{name}[group] * {rows - 1}u"
    number = NEXT.format(name=name, substream=draw.substream)
    fires = f"((uint32_t)patterns_{name}[place * {width}u + i / 8u] >> (i % 8u)) & 1u"
    body = [
        *_place(bounds, kind, rows, number),
        *loop("i", k, [f"if (({fires}) != 0u) {{", f"    {_fire(f'group * {k}u + i')}", "}"]),
    ]
    if rows == 1:
        tables.remove(bounds)
    return Drawn(loop("group", len(draw.kind_of), body), tuple(tables), random=True)


def _rates(bounds: Table, at: str, neurons: int, number: str) -> list[str]:
    """A neuron fires where its number is below its bound."""
    test = f"if ({number} < {bounds.name}[{at}]) {{"
    return loop("n", neurons, [test, f"    {_fire('n')}", "}"])


def _bernoulli(draw: Bernoulli, name: str) -> Drawn:
    table = Table(f"bounds_{name}", _below(draw.rate), "[n]", "random numbers below which it fires")
    number = NEXT.format(name=name, substream=draw.substream)
    return Drawn(_rates(table, "n", len(draw.rate), number), (table,), random=True)


def _attributes(draw: Attributes, name: str) -> Drawn:
    size = draw.table.shape[1]
    told = "random numbers below which it fires"
    table = Table(f"bounds_{name}", _below(draw.table), "[class][n]", told)
    if draw.is_graded:
        number = NEXT.format(name=name, substream=draw.substream)
        return Drawn(_rates(table, f"D.label * {size}u + n", size, number), (table,), random=True)
    held = Table(f"holds_{name}", draw.table > 0, "[class][n]", "whether it fires")
    test = f"if (holds_{name}[D.label * {size}u + n] != 0u) {{"
    return Drawn(loop("n", size, [test, f"    {_fire('n')}", "}"]), (held,))


def _label(draw: Label, name: str) -> Drawn:
    return Drawn([_fire("D.label")])


def _clock(draw: Clock, name: str) -> Drawn:
    turn = "D.step - 1u" if draw.pace == 1 else f"(D.step - 1u) / {draw.pace}u"
    last = draw.pace * draw.count
    return Drawn([f"if ((D.step > 0u) && (D.step <= {last}u)) {{", f"    {_fire(turn)}", "}"])


def _evidence(draw: Evidence, name: str) -> Drawn:
    fires = evidence_spikes(draw.places(draw.known)[None], draw.counts, 1)[0, 0]
    if not fires.any():
        return Drawn(
            ["/* Nothing is known: whoever knows something sets its neurons at step 0. */"]
        )
    spikes = [f"    {_fire(f'{n}u')}" for n in np.flatnonzero(fires)]
    return Drawn(["if (D.step == 0u) {", *spikes, "}"])


def _first_steps(draw: FirstSteps, name: str) -> Drawn:
    number = NEXT.format(name=name, substream=draw.substream)
    test = f"if ({number} < ((uint64_t)1u << {BITS - 1})) {{"
    inner = loop("n", draw.size, [test, f"    {_fire('n')}", "}"])
    return Drawn([f"if (D.step < {draw.first}u) {{", *indented(inner), "}"], random=True)


MAKERS: dict[type[Draw], Callable[[Any, str], Drawn]] = {
    OneHot: _one_hot,
    Patterns: _patterns,
    Bernoulli: _bernoulli,
    Attributes: _attributes,
    Label: _label,
    Clock: _clock,
    Evidence: _evidence,
    FirstSteps: _first_steps,
}
"""The kinds of draws that need integers only."""
