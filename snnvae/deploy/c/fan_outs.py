"""What a source that fired adds to the sums of a layer, in C: a way for each kind of weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import singledispatch
from math import prod

from snnvae.deploy.c.text import loop, scaled
from snnvae.deploy.microcontroller.convolution import Kernel, Taps
from snnvae.deploy.microcontroller.dense import Dense
from snnvae.deploy.microcontroller.fan_out import FanOut
from snnvae.deploy.microcontroller.one_to_one import Twins
from snnvae.deploy.microcontroller.sparse import Sparse
from snnvae.deploy.microcontroller.table import Table
from snnvae.deploy.microcontroller.text import INDENT, indented, plus

AT_ONCE = 4
"""Additions in a turn of a loop: a turn costs a small processor as much as an addition."""


@dataclass(frozen=True)
class Row:
    """Weights that follow each other in a table, the first at `at`."""

    table: Table
    at: str


@dataclass(frozen=True)
class Sums:
    """The sums that weights are added to: an array `name` of `kind`.

    factor: what a weight is multiplied with, such as " * (int32_t)2", so that no product is one of
    16 bits where int has those; "" for nothing.
    """

    name: str
    kind: str
    factor: str = ""

    def add(self, place: str, weight: str) -> str:
        """The statement that adds a weight."""
        return f"{place} += {weight}{self.factor};"

    def row(self, count: int, first: str, far: int, weights: Row | int) -> list[str]:
        """Adds `count` weights to the sums first, first + far, first + 2·far, … ("" for 0)."""
        array, at = ("", "") if isinstance(weights, int) else (weights.table.name, weights.at)

        def one(n: str, place: str) -> str:
            return self.add(place, str(weights) if isinstance(weights, int) else f"{array}[{n}]")

        if count == 1:
            return [one(at or "0", f"{self.name}[{first or '0'}]")]
        step = "o" if far == 1 else f"o * {far}u"
        to = f"{self.name}[{f'{first} + ' if first else ''}{step}]"
        place = f"{at} + o" if at else "o"
        if count % AT_ONCE:
            return loop("o", count, [one(place, to)])
        body = [f"{self.kind} *const to = &{to};"]
        if not isinstance(weights, int):
            body.append(f"const {weights.table.kind}_t *const weight = &{array}[{place}];")
            array = "weight"
        body += [one(str(n), f"to[{n * far}]") for n in range(AT_ONCE)]
        head = f"for (uint32_t o = 0u; o < {count}u; o += {AT_ONCE}u) {{"
        return [head, *indented(body), "}"]


@singledispatch
def body(fan_out: FanOut, sums: Sums) -> Sequence[str]:
    """The statements for one `source`."""
    raise NotImplementedError(type(fan_out).__name__)


@body.register
def _(fan_out: Dense, sums: Sums) -> Sequence[str]:
    """One pass along the row."""
    (table,), place = fan_out.tables, "source" if fan_out.targets == 1 else "row"
    row = [] if fan_out.targets == 1 else [f"const uint32_t row = source * {fan_out.targets}u;"]
    return [
        *row,
        f"TRACE_OPERATIONS({fan_out.targets}u);",
        *sums.row(fan_out.targets, "", 1, Row(table, place)),
    ]


@body.register
def _(fan_out: Sparse, sums: Sums) -> Sequence[str]:
    """One pass along the list."""
    begin, target, weight = (table.name for table in fan_out.tables)
    return [
        f"const uint32_t end = {begin}[source + 1u];",
        f"TRACE_OPERATIONS(end - {begin}[source]);",
        f"for (uint32_t i = {begin}[source]; i < end; i++) {{",
        *indented([sums.add(f"{sums.name}[{target}[i]]", f"{weight}[i]")]),
        "}",
    ]


@body.register
def _(fan_out: Twins, sums: Sums) -> Sequence[str]:
    """One addition."""
    weight = f"{fan_out.tables[0].name}[source]" if fan_out.tables else str(fan_out.weight)
    return ["TRACE_OPERATIONS(1u);", sums.add(f"{sums.name}[source]", weight)]


@body.register
def _(fan_out: Kernel, sums: Sums) -> Sequence[str]:
    """For each tap of each axis, a pass along the output channels o."""
    inner, *outer = zip(reversed(fan_out.letters), reversed(fan_out.taps), strict=True)
    work = _row(fan_out, sums, *inner)
    for letter, taps in outer:
        work = [
            f"for (uint32_t i{letter} = 0u; i{letter} < {letter}[COUNT]; i{letter}++) {{",
            f"{INDENT}const uint32_t row = {_output(letter, taps)};",
            *indented(work),
            "}",
        ]
    return [*_place(fan_out), *work]


def _place(fan_out: Kernel) -> list[str]:
    """Where the source stands: its channel, where that matters, and its taps."""
    synapse = fan_out.synapse
    sizes, lines = list(synapse.in_shape[1:]), []
    if fan_out.weight is None or synapse.groups > 1:
        lines.append(f"const uint32_t channel = source / {prod(sizes)}u;")
    for letter, table in zip(fan_out.letters, fan_out.tables[-len(fan_out.letters) :], strict=True):
        size, rest = sizes.pop(0), prod(sizes)
        at = f"source / {rest}u % {size}u" if rest > 1 else f"source % {size}u"
        lines.append(f"const {table.kind}_t *{letter} = &{table.name}[({at}) * 3u];")
    return lines


def _row(fan_out: Kernel, sums: Sums, letter: str, taps: Taps) -> list[str]:
    """The taps of a row: the place of the weights and of the target move on with each."""
    synapse, positions = fan_out.synapse, prod(fan_out.synapse.out_shape[1:])
    outer, inner = synapse.weight.shape[0] // synapse.groups, synapse.weight.shape[1]
    target = f"{letter}[OUTPUT]"
    if len(fan_out.letters) == 2:
        target = f"row * {synapse.out_shape[2]}u + {target}"
    # How far apart two channels lie, and two positions.
    across, along = (1, synapse.out_shape[0]) if fan_out.channels_last else (positions, 1)
    if along > 1:
        target = f"(uint32_t)({target}) * {along}u"  # int may have 16 bits
    if synapse.groups > 1:
        target = f"channel / {inner}u * {outer * across}u + {target}"
    lines, moves = [], []
    if fan_out.weight is None:
        lines.append(f"uint32_t at = {_first_weight(fan_out, outer)};")
        moves.append(f"at += {taps.step * outer}u;")
    lines.append(f"uint32_t target = {target};")
    moves.append(f"target {'-' if taps.stride < 0 else '+'}= {abs(taps.stride) * along}u;")
    weights = fan_out.weight if fan_out.weight is not None else Row(fan_out.tables[0], "at")
    body = sums.row(outer, "target", across, weights)
    count = f"i{letter}"
    return [
        *lines,
        f"TRACE_OPERATIONS({scaled(f'(uint32_t){letter}[COUNT]', outer)});",
        f"for (uint32_t {count} = 0u; {count} < {letter}[COUNT]; {count}++) {{",
        *indented([*body, *moves]),
        "}",
    ]


def _first_weight(fan_out: Kernel, outer: int) -> str:
    """The place of the weight of the first tap of a row, for the first output channel."""
    place = "channel"
    for letter, taps, size in zip(
        fan_out.letters, fan_out.taps, fan_out.synapse.weight.shape[2:], strict=True
    ):
        tap = f"{letter}[TAP]"
        if letter == "y":
            tap = plus(tap, scaled("iy", taps.step))
        place = f"{place if place == 'channel' else f'({place})'} * {size}u + {tap}"
    return place if outer == 1 else f"({place}) * {outer}u"


def _output(letter: str, taps: Taps) -> str:
    """The output position of the tap that a loop is at."""
    far = scaled(f"i{letter}", abs(taps.stride))
    return plus(f"{letter}[OUTPUT]", f"-{far}" if taps.stride < 0 else far)
