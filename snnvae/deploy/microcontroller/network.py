"""A fixed-point program laid out: what lies in RAM and in flash, and how large it is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from math import prod

import numpy as np

from snnvae.deploy.microcontroller.bounds import HOST_LIMIT, INT32, Bounds, bounds
from snnvae.deploy.microcontroller.convolution import Kernel
from snnvae.deploy.microcontroller.dense import Dense, columns
from snnvae.deploy.microcontroller.fan_out import FanOut
from snnvae.deploy.microcontroller.names import Names, quoted
from snnvae.deploy.microcontroller.one_to_one import Twins
from snnvae.deploy.microcontroller.sparse import Sparse
from snnvae.deploy.microcontroller.table import Table
from snnvae.deploy.microcontroller.text import words
from snnvae.deploy.microcontroller.update import Update, update
from snnvae.deploy.microcontroller.weights import stored
from snnvae.errors import ConfigError, UnsupportedError
from snnvae.primitive import Shape, Synapse
from snnvae.primitives import OneToOne
from snnvae.primitives.convolution import Convolution
from snnvae.primitives.of_layer import fixed_neuron
from snnvae.program import Connection, Input, Layer, Program
from snnvae.shown import shape_text

FLOAT = "holds integers only; compile with `precision` fixed"
MOST_DENSE = 1 << 24
"""Weights of a synapse that may be looked at as a matrix."""
MOST_BYTES = 1 << 26
"""Of tables and state: more than any microcontroller's, and as text four times as much."""


@dataclass(frozen=True)
class Array:
    """A member of the state: `count` values of `kind`, such as int32, in `rows` if it is a ring."""

    kind: str
    name: str
    count: int
    comment: str
    rows: int = 1

    @property
    def size(self) -> int:
        """Bytes."""
        return self.rows * self.count * (8 if self.kind == "int64" else 4)


@dataclass(frozen=True, eq=False)
class Wire:
    """A connection: who sends what, and how it reaches the sums of its target.

    graded: it carries membranes. product: whether their products need 64 bits.
    """

    connection: Connection
    name: str
    source: str
    neurons: int
    fan_out: FanOut
    graded: bool
    from_input: bool
    wide_product: bool = False

    @property
    def told(self) -> list[str]:
        """What a comment says of it: names, shapes, delay, and how it is walked."""
        c, synapse = self.connection, self.connection.synapse
        late = f", {c.delay} {'step' if c.delay == 1 else 'steps'} late" if c.delay else ""
        told = [
            f"{quoted(c.name)}: {type(synapse).__name__}, from {quoted(c.source)} "
            f"{shape_text(synapse.in_shape)} to {quoted(c.target)} {shape_text(synapse.out_shape)}"
            f"{late}: {self.fan_out.told}."
        ]
        if self.graded:
            told.append(
                "Membranes in weight units, times weights; then divided by 2 to the power "
                f"{c.shift or 0}, rounded down."
            )
        return told


@dataclass(frozen=True, eq=False)
class Part:
    """A layer with all that it needs. units: weight units that its sums count; host: whether the
    host's currents enter it."""

    layer: Layer
    name: str
    number: int
    wires: tuple[Wire, ...]
    host: bool
    limits: Bounds
    units: int
    update: Update

    def told(self, sums: str) -> list[str]:
        """What a comment says of it, with its bounds; sums: their type in the language."""
        limits, bits = self.limits, "64" if self.limits.wide else "32"
        told = [
            f"Layer {quoted(self.layer.name)}: {self.layer.neuron.kind}, {self.neurons_text}.",
            f"Inputs: at most {limits.inputs:,} weight units; the sums are {sums}.",
            f"Current: at most {limits.current:,}; current and membrane have {bits} bits.",
            *self.update.told,
        ]
        if self.units != 1:
            told.append("Weights are even and lie halved in flash: the neurons double the sums.")
        return told

    @property
    def sums(self) -> str:
        """The integers that its sums are made in."""
        return "int64" if self.limits.wide_inputs else "int32"

    @property
    def reads_input(self) -> bool:
        """Tells whether its step needs what enters."""
        return self.host or any(w.from_input and not w.connection.delay for w in self.wires)

    @property
    def neurons_text(self) -> str:
        """How many there are, and their shape."""
        return neurons_text(self.layer.shape)

    def unit_text(self, units: int) -> str:
        """What an integer means in the file's own units, of which there are so many to a weight
        unit."""
        scale = np.asarray(self.layer.scale)
        if scale.ndim and (scale != scale.flat[0]).any():
            return f"a channel's scale times {units} is 1 of the file's membrane"
        return f"{float(scale.flat[0]) * units:.9g} is 1 of the file's membrane"

    @property
    def tables(self) -> tuple[Table, ...]:
        """All constants of it and of what leads to it."""
        return (*(t for wire in self.wires for t in wire.fan_out.tables), *self.update.tables)

    @property
    def operations(self) -> int:
        """Additions of a step in which all its sources fire."""
        return sum(wire.fan_out.operations for wire in self.wires)


@dataclass(frozen=True, eq=False)
class Network:
    """A program laid out. delays: how far back each population is read, for those that are."""

    program: Program
    names: Names
    parts: tuple[Part, ...]
    delays: dict[str, int]
    host_limit: int

    @classmethod
    def of(cls, program: Program, host_limit: int = HOST_LIMIT) -> Network:
        """Lays out a program; ConfigError for one in float, UnsupportedError for what is too large.

        host_limit: the largest current that the host may give, in weight units.
        """
        if program.precision != "fixed":
            raise ConfigError(f"a microcontroller's code {FLOAT}")
        populations: list[Input | Layer] = [*program.inputs, *program.layers]
        names = Names([*(p.name for p in populations), *program.outputs])
        wires = Names(c.name for c in program.connections)
        delays: dict[str, int] = {}
        for c in program.connections:
            if c.delay and not c.on_host:
                delays[c.source] = max(delays.get(c.source, 0), c.delay)
        parts = [
            _part(program, layer, number, names, wires, host_limit)
            for number, layer in enumerate(program.layers)
        ]
        made = cls(program, names, tuple(parts), delays, host_limit)
        size = made.ram + made.flash
        if size > MOST_BYTES:
            raise UnsupportedError(
                f"the network takes {size:,} bytes, beyond the {MOST_BYTES:,} of any "
                "microcontroller; prune it, or run it on another backend"
            )
        return made

    @property
    def title(self) -> str:
        """What it is, in a line."""
        program = self.program
        sizes = sum(layer.size for layer in program.layers)
        return (
            f"{len(program.layers)} layers of {sizes:,} neurons, "
            f"{sum(part.operations for part in self.parts):,} synapses; "
            f"1 step is {program.dt:g} s"
        )

    def part(self, layer: str) -> Part:
        """The layer of that name."""
        return next(part for part in self.parts if part.layer.name == layer)

    @property
    def spike_inputs(self) -> tuple[Input, ...]:
        """Inputs that carry spikes."""
        return tuple(port for port in self.program.inputs if not port.analog)

    @property
    def host_driven(self) -> tuple[Part, ...]:
        """Layers that get currents from the host."""
        return tuple(part for part in self.parts if part.host)

    @property
    def flash(self) -> int:
        """Bytes of all constants."""
        return sum(table.size for part in self.parts for table in part.tables)

    @property
    def ram(self) -> int:
        """Bytes of the state."""
        return sum(array.size for array in self.state) + 4 * (len(self.delays) + self.unused)

    @property
    def unused(self) -> int:
        """Words that end the state where 8 bytes are to divide it: some chips align so, some do
        not, and its size is to be one number."""
        words = sum(array.size for array in self.state) // 4 + len(self.delays)
        return words % 2 if any(array.kind == "int64" for array in self.state) else 0

    @cached_property
    def state(self) -> tuple[Array, ...]:
        """Everything that is remembered, and the sums of the layer at work."""
        found: list[Array] = []
        for port in self.spike_inputs:
            if port.name in self.delays:
                ring = self.delays[port.name] + 1
                what = f"spikes of input {port.name}, the last {ring} steps"
                own = f"spikes_{self.names[port.name]}"
                found.append(Array("uint32", own, words(prod(port.shape)), what, ring))
        for part in self.parts:
            found += self._state_of(part)
        for kind, name in (("int32", "sum"), ("int64", "sum_wide")):
            sizes = [part.layer.size for part in self.parts if part.sums == kind]
            if sizes:
                found.append(Array(kind, name, max(sizes), "inputs of the layer at work"))
        graded = [(part, w) for part in self.parts for w in part.wires if w.graded]
        for wide, kind, name in ((False, "int32", "product"), (True, "int64", "product_wide")):
            sizes = [part.layer.size for part, w in graded if w.wide_product is wide]
            if sizes:
                found.append(Array(kind, name, max(sizes), "sums of membranes, before their shift"))
        return tuple(sorted(found, key=lambda array: array.kind != "int64"))

    def _state_of(self, part: Part) -> list[Array]:
        layer, name, found = part.layer, part.name, []
        kind = "int64" if part.limits.wide else "int32"
        neuron, delay = fixed_neuron(layer), self.delays.get(layer.name, 0)
        if neuron.du is not None:
            found.append(Array(kind, f"u_{name}", layer.size, f"currents of {layer.name}"))
        if part.update.keeps:
            found.append(Array(kind, f"v_{name}", layer.size, f"membranes of {layer.name}"))
        past = f", the last {delay + 1} steps" if delay else ""
        if neuron.spiking:
            what = f"spikes of {layer.name}{past}"
            found.append(Array("uint32", f"spikes_{name}", words(layer.size), what, delay + 1))
        elif delay:
            what = f"membranes that {layer.name} sent{past}"
            found.append(Array("int32", f"sent_{name}", layer.size, what, delay + 1))
        return found


def neurons_text(shape: Shape) -> str:
    """How many neurons there are, and their shape."""
    return f"{prod(shape)} neurons {shape_text(shape)}"


def _part(
    program: Program, layer: Layer, number: int, names: Names, wires: Names, host_limit: int
) -> Part:
    limits, name = bounds(program, layer, host_limit), names[layer.name]
    incoming = program.into(layer.name)
    some = [c for c in incoming if not c.on_host and c.synapse.weight.any()]
    made = tuple(_wire(program, c, names, wires, limits) for c in some)
    host = any(c.on_host for c in incoming)
    # Sums of halved weights are doubled once, in the neurons, where nothing else is added to them.
    halves = not host and bool(made) and all(w.fan_out.times == 2 and not w.graded for w in made)
    units = 2 if halves else 1
    last = not host and bool(made) and all(_by_position(w.fan_out, layer) for w in made)
    if last:
        made = tuple(replace(w, fan_out=replace(w.fan_out, channels_last=True)) for w in made)  # type: ignore[call-arg]
    own = update(layer, name, limits, units=units, channels_last=last)
    return Part(layer, name, number, made, host, limits, units, own)


def _by_position(fan_out: FanOut, layer: Layer) -> bool:
    """Tells whether a connection can add to sums that lie position by position, and gains by it."""
    if not isinstance(fan_out, Kernel) or fan_out.synapse.out_shape != layer.shape:
        return False
    return layer.shape[0] > 1 and prod(layer.shape[1:]) > 1


def _wire(program: Program, c: Connection, names: Names, wires: Names, limits: Bounds) -> Wire:
    if max(int(c.synapse.weight.max()), -int(c.synapse.weight.min())) > INT32:
        raise UnsupportedError(f"'{c.name}' has weights beyond 32 bits; scale them")
    return Wire(
        c,
        wires[c.name],
        names[c.source],
        prod(program.shape_of(c.source)),
        _fan_out(c.synapse, wires[c.name]),
        program.carries_membranes(c),
        any(port.name == c.source for port in program.inputs),
        limits.products.get(c.name, 0) > INT32,
    )


def _fan_out(synapse: Synapse, name: str) -> FanOut:
    """The form of a synapse that takes least flash."""
    if isinstance(synapse, OneToOne):
        return Twins.of(stored(synapse.weight), name)
    pairs = prod(synapse.in_shape) * prod(synapse.out_shape)
    found: FanOut | None = None
    if isinstance(synapse, Convolution):
        found = Kernel.of(synapse, stored(synapse.weight), name)
        if synapse.macs() < pairs:
            return found
    if pairs > MOST_DENSE:
        return found or Sparse.of(synapse, name)
    dense = Dense.of(synapse, stored(columns(synapse)), name)
    other = found or Sparse.of(synapse, name)
    return dense if dense.size <= other.size else other
