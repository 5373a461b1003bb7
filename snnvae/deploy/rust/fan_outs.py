"""What a source that fired adds to the sums of a layer, in Rust, for each kind of weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import singledispatch
from math import prod

from snnvae.deploy.microcontroller.convolution import Kernel, Taps
from snnvae.deploy.microcontroller.dense import Dense
from snnvae.deploy.microcontroller.fan_out import FanOut
from snnvae.deploy.microcontroller.one_to_one import Twins
from snnvae.deploy.microcontroller.sparse import Sparse
from snnvae.deploy.microcontroller.table import Table
from snnvae.deploy.microcontroller.text import plus
from snnvae.deploy.rust.text import block, cast, kind, loop


@dataclass(frozen=True)
class Sums:
    """The sums that weights are added to: an array `name` of `kind`.

    factor: what a weight is multiplied with, such as " * 2"; "" for nothing.
    """

    name: str
    kind: str
    factor: str = ""

    def add(self, place: str, weight: str | int, held: str = "") -> str:
        """The statement that adds a weight: a literal, or an expression of the type `held`."""
        told = str(weight) if isinstance(weight, int) else cast(weight, held, self.kind)
        return f"{place} += {told}{self.factor};"

    def row(self, count: int, first: str, far: int, weights: Table | int, at: str) -> list[str]:
        """Adds `count` weights, the row `at` of a table, to the sums first, first + far, …

        first: "" for 0, where `count` are all that there are.
        """
        literal = weights if isinstance(weights, int) else None
        held = "" if isinstance(weights, int) else kind(weights.kind)
        row = "" if isinstance(weights, int) else f"{weights.name}[{at}]"
        if count == 1:
            return [
                self.add(f"{self.name}[{first or '0'}]", row if literal is None else literal, held)
            ]
        if far > 1:
            place = f"{self.name}[{first} + {far} * o]"
            if literal is not None:
                return loop("o", count, [self.add(place, literal)])
            head = f"for (o, weight) in {row}.iter().enumerate()"
            return block(head, [self.add(place, "*weight", held)])
        many = f"{self.name}[{first}..{first} + {count}]" if first else self.name
        if literal is not None:
            return block(f"for to in {many}.iter_mut()", [self.add("*to", literal)])
        head = f"for (to, weight) in {many}.iter_mut().zip(&{row})"
        return block(head, [self.add("*to", "*weight", held)])


@singledispatch
def body(fan_out: FanOut, sums: Sums) -> Sequence[str]:
    """The statements for one `source`."""
    raise NotImplementedError(type(fan_out).__name__)


@body.register
def _(fan_out: Dense, sums: Sums) -> Sequence[str]:
    (table,) = fan_out.tables
    count = fan_out.targets
    return [f"watch.additions({count});", *sums.row(count, "", 1, table, "source")]


@body.register
def _(fan_out: Sparse, sums: Sums) -> Sequence[str]:
    begin, target, weight = fan_out.tables
    first, end = (
        cast(f"{begin.name}[source{more}]", kind(begin.kind), "usize") for more in ("", " + 1")
    )
    at = cast(f"{target.name}[i]", kind(target.kind), "usize")
    add = sums.add(f"{sums.name}[{at}]", f"{weight.name}[i]", kind(weight.kind))
    return [
        f"let (first, end) = ({first}, {end});",
        "watch.additions((end - first) as u32);",
        *block("for i in first..end", [add]),
    ]


@body.register
def _(fan_out: Twins, sums: Sums) -> Sequence[str]:
    place = f"{sums.name}[source]"
    if fan_out.weight is not None:
        return ["watch.additions(1);", sums.add(place, fan_out.weight)]
    (table,) = fan_out.tables
    return ["watch.additions(1);", sums.add(place, f"{table.name}[source]", kind(table.kind))]


@body.register
def _(fan_out: Kernel, sums: Sums) -> Sequence[str]:
    """For each tap of each axis, a pass along the output channels o."""
    inner, *outer = zip(reversed(fan_out.letters), reversed(fan_out.taps), strict=True)
    work = _row(fan_out, sums, *inner)
    for letter, taps in outer:
        row = f"let row = {_output(letter, taps)};"
        work = block(f"for i{letter} in 0..count_{letter}", [row, *work])
    return [*_place(fan_out), *work]


def _place(fan_out: Kernel) -> list[str]:
    """Where the source stands: its channel, where that matters, and its taps."""
    synapse = fan_out.synapse
    sizes, lines = list(synapse.in_shape[1:]), []
    if fan_out.weight is None or synapse.groups > 1:
        lines.append(f"let channel = source / {prod(sizes)};")
    letters = fan_out.letters
    for letter, table in zip(letters, fan_out.tables[-len(letters) :], strict=True):
        size, rest = sizes.pop(0), prod(sizes)
        at = f"source / {rest} % {size}" if rest > 1 else f"source % {size}"
        at = at if size > 1 else "0"
        first = f"first_{letter}" if fan_out.weight is None else "_"
        names = f"[{first}, count_{letter}, output_{letter}]"
        lines.append(f"let {names} = {table.name}[{at}].map(|place| place as usize);")
    return lines


def _row(fan_out: Kernel, sums: Sums, letter: str, taps: Taps) -> list[str]:
    """The taps of a row."""
    synapse, positions = fan_out.synapse, prod(fan_out.synapse.out_shape[1:])
    outer, inner = synapse.weight.shape[0] // synapse.groups, synapse.weight.shape[1]
    target = _output(letter, taps)
    if len(fan_out.letters) == 2:
        target = plus(f"row * {synapse.out_shape[2]}", *_terms(letter, taps))
    # How far apart two channels lie, and two positions.
    across, along = (1, synapse.out_shape[0]) if fan_out.channels_last else (positions, 1)
    if along > 1:
        target = f"({target}) * {along}"
    if synapse.groups > 1:
        target = f"channel / {inner} * {outer * across} + {target}"
    lines = []
    if fan_out.weight is None:
        lines.append(f"let at = {_weight(fan_out)};")
    lines.append(f"let target = {target};")
    weights = fan_out.weight if fan_out.weight is not None else fan_out.tables[0]
    lines += sums.row(outer, "target", across, weights, "at")
    count = f"count_{letter} as u32"
    told = count if outer == 1 else f"{outer} * ({count})"
    return [f"watch.additions({told});", *block(f"for i{letter} in 0..count_{letter}", lines)]


def _weight(fan_out: Kernel) -> str:
    """The place of the weights of a tap."""
    place = "channel"
    kernel = fan_out.synapse.weight.shape[2:]
    for letter, taps, size in zip(fan_out.letters, fan_out.taps, kernel, strict=True):
        tap = f"first_{letter} + {_times(taps.step, f'i{letter}')}"
        place = f"{place if place == 'channel' else f'({place})'} * {size} + {tap}"
    return place


def _terms(letter: str, taps: Taps) -> tuple[str, str]:
    """What the output position of a tap adds up from."""
    far = _times(abs(taps.stride), f"i{letter}")
    return f"output_{letter}", f"-{far}" if taps.stride < 0 else far


def _output(letter: str, taps: Taps) -> str:
    """The output position of the tap that a loop is at."""
    return plus(*_terms(letter, taps))


def _times(factor: int, variable: str) -> str:
    return variable if factor == 1 else f"{factor} * {variable}"
