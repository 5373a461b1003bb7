"""Program: the compiled network, frozen and neutral to every backend.

A program is layers of neurons joined by connections. At each logical step t every layer, in order,
receives ``current[t] = Σ synapse(out[source][t − delay])`` over its connections and updates its
neurons; a layer later in the order sees this step's outputs of the earlier ones (NIR's synchronous
time), a delayed connection carries the past. What one step of hardware does to that
timing is the backend's affair (`snnvae.deploy.timing`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from functools import cached_property
from math import prod
from typing import Any, Literal

import numpy as np

from snnvae.conventions import Stated
from snnvae.draws.draw import Draw, HostStep
from snnvae.options import Options, Scales
from snnvae.origin import Origin
from snnvae.primitive import Neuron, Synapse, hashed_as
from snnvae.shown import Columns, Shown, as_columns

Precision = Literal["float", "fixed"]
LoopPasses = Literal["once", "each step"]


@dataclass(frozen=True)
class Input:
    """A stream of values into the network, one per step.

    `analog` inputs carry real numbers (an image); the host turns them into currents. All others
    carry spikes. `constant` ones hold one value during a sample; analog values lie in [low, high].
    """

    name: str
    shape: tuple[int, ...]
    analog: bool = False
    constant: bool = False
    low: float = -1.0
    high: float = 1.0


@dataclass(frozen=True)
class Layer:
    """A population of equal neurons.

    `scale` says how many integer weight units one unit of NIR's membrane is (1 in float programs);
    one number, or an array of `shape` where channels differ. Layers `added_by_compiler` stand for
    no node of the graph. Weights and host currents into a float layer are multiples of
    `weight_grid`, so that their sums are exact in any order (0: no grid).
    """

    name: str
    shape: tuple[int, ...]
    neuron: Neuron
    scale: float | np.ndarray = 1.0
    added_by_compiler: bool = field(default=False, metadata=hashed_as("internal"))
    weight_grid: float = field(default=0.0, metadata=hashed_as("grid"))

    @property
    def size(self) -> int:
        """Number of neurons."""
        return prod(self.shape)

    def to_real(self, membrane: np.ndarray) -> np.ndarray:
        """Membrane in the backend's units → NIR's units."""
        real: np.ndarray = self.neuron.to_real(membrane, self.scale)
        return real


@dataclass(frozen=True)
class Connection:
    """Synapses from one population (layer or input) to a layer.

    `delay` counts logical steps; `on_host` marks an analog-driven one, whose currents (with
    `host_bias`) the host computes. `name` is the NIR node that holds the weights. `shift` is for
    membranes that a fixed-point program sends on as graded spikes: their payloads times the weights
    are summed and divided by 2^shift.
    """

    name: str
    source: str
    target: str
    synapse: Synapse
    delay: int = 0
    on_host: bool = False
    host_bias: np.ndarray | None = field(default=None, compare=False)
    shift: int | None = None


@dataclass(frozen=True)
class Readout:
    """A readout says how an output layer's last membrane becomes the user's value:
    ``tanh(v)`` or ``v``.

    `shape`: of one value, where the graph had to flatten it.
    """

    layer: str
    tanh: bool = False
    shape: tuple[int, ...] | None = None


@dataclass(frozen=True)
class Program(Shown):
    """Everything a backend needs to run a network. `layers` is in the order of one logical step.

    precision: "float" or "fixed". dt: seconds per logical step. steps: of a sample, where neither
    the stimulus nor anything else says it. outputs: the graph's, and the layer that each shows.

    `groups` are sets of layers whose loop closes within fewer logical steps than stock hardware
    needs for it, so a hardware backend runs each as one process. `draws`: what the host draws for
    inputs; `host_step`: what it does with the output, for a network that follows.

    What follows decides nothing when the program runs: `twin_passes`, how often the ANN of the same
    topology runs the layers of a loop for one sample; `twin_without`, inputs that it does not have,
    such as random numbers; `origin`, where the network comes from; `options`, those that it was
    compiled with; `scales`, fixed-point scales that they or the file give; `conventions`, what
    holds for what NIR leaves open, and who said so; `lengthened`, connections whose delay was
    accepted to be longer, (was, is).

    >>> import snnvae as sv
    >>> program = sv.compile(sv.read(sv.zoo.path("digits-esvae")))
    >>> program.columns()["layer"]
    ['decoder.input.lif', 'decoder.0.lif', 'decoder.1.lif', 'readout']
    >>> program.shape_of("readout"), program.origin.dataset, str(program.conventions["reset"])
    ((1, 8, 8), 'digits', 'zero (file)')
    """

    precision: Precision
    dt: float
    steps: int
    inputs: tuple[Input, ...]
    layers: tuple[Layer, ...]
    connections: tuple[Connection, ...]
    outputs: Mapping[str, str]
    readouts: Mapping[str, Readout]
    groups: tuple[tuple[str, ...], ...] = ()
    twin_passes: LoopPasses = "once"
    twin_without: tuple[str, ...] = ()
    draws: tuple[Draw, ...] = ()
    host_step: HostStep | None = None
    origin: Origin = field(default_factory=Origin)
    options: Options = field(default_factory=Options)
    scales: Scales = field(default_factory=dict)
    conventions: Mapping[str, Stated] = field(default_factory=dict)
    lengthened: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    def __repr__(self) -> str:
        neurons = sum(layer.size for layer in self.layers)
        synapses = sum(connection.synapse.macs() for connection in self.connections)
        inputs = ", ".join(f"'{port.name}'" for port in self.inputs)
        outputs = ", ".join(f"'{name}'" for name in self.outputs)
        return (
            f"<Program: {self.precision}, dt {self.dt:g} s, {self.steps} steps, {inputs} → "
            f"{len(self.layers)} layers of {neurons:,} neurons, {synapses:,} synapses → {outputs}>"
        )

    def columns(self) -> Columns:
        """A row per layer: its kind and shape, neurons, synapses into it, scale (fixed point)."""
        rows = (
            (
                layer.name,
                layer.neuron.kind,
                layer.shape,
                layer.size,
                sum(c.synapse.macs() for c in self.into(layer.name)),
                layer.neuron.spiking,
                float(np.max(layer.scale)),
            )
            for layer in self.layers
        )
        names = ("layer", "kind", "shape", "neurons", "synapses", "spiking", "scale")
        return as_columns(names, rows)

    @property
    def classes(self) -> int:
        """The number of classes that a conditional model knows; 0 for any other network."""
        step = 0 if self.host_step is None else self.host_step.classes
        return max([step, *(draw.classes for draw in self.draws)])

    @property
    def drawn(self) -> frozenset[str]:
        """The inputs that take no data, since the host feeds them."""
        return frozenset(draw.port for draw in self.draws)

    def layer(self, name: str) -> Layer:
        """The layer of that name (KeyError if there is none)."""
        return self._by_name[name]

    def input(self, name: str) -> Input:
        """The input of that name (KeyError if there is none)."""
        return {i.name: i for i in self.inputs}[name]

    @cached_property
    def _by_name(self) -> dict[str, Layer]:
        return {layer.name: layer for layer in self.layers}

    @cached_property
    def looped(self) -> frozenset[str]:
        """The layers that lie on a loop, delayed or not."""
        import networkx

        graph = networkx.DiGraph([(c.source, c.target) for c in self.connections])
        cycles = [c for c in networkx.strongly_connected_components(graph) if len(c) > 1]
        selves = {c.source for c in self.connections if c.source == c.target}
        return frozenset(selves.union(*cycles))

    def into(self, target: str) -> tuple[Connection, ...]:
        """Connections that end at `target`, in summing order."""
        return tuple(c for c in self.connections if c.target == target)

    def out_of(self, source: str) -> tuple[Connection, ...]:
        """Connections that start at `source`."""
        return tuple(c for c in self.connections if c.source == source)

    def shape_of(self, population: str) -> tuple[int, ...]:
        """Shape of a layer or an input."""
        sources: Iterable[Input | Layer] = (*self.inputs, *self.layers)
        return next(p.shape for p in sources if p.name == population)

    def carries_membranes(self, connection: Connection) -> bool:
        """Tells whether a connection carries membranes: its source layer does not spike."""
        source = self._by_name.get(connection.source)
        return source is not None and not source.neuron.spiking

    def group_of(self, layer: str) -> tuple[str, ...] | None:
        """The strongly connected set that `layer` belongs to, if any."""
        return next((group for group in self.groups if layer in group), None)

    def digest(self) -> str:
        """SHA-256 over everything that decides a result: shapes, parameters, weights, wiring."""
        return self._digest

    @cached_property
    def _digest(self) -> str:
        parts = (self.precision, self.dt, self.inputs, self.layers, self.connections)
        return digest_of((*parts, dict(self.outputs), dict(self.readouts)))


def digest_of(value: Any) -> str:
    """SHA-256 of a value of dataclasses, containers, arrays and scalars."""
    hasher = hashlib.sha256()
    _update(hasher, value)
    return hasher.hexdigest()


def _update(hasher: hashlib._Hash, value: Any) -> None:
    """Feed a value of frozen dataclasses, containers, arrays and scalars into the hash."""
    if isinstance(value, np.ndarray):
        hasher.update(f"{value.dtype.str}{value.shape}".encode())
        hasher.update(np.ascontiguousarray(value).tobytes())
    elif is_dataclass(value):
        hasher.update(type(value).__name__.encode())
        for f in fields(value):
            hasher.update(f.metadata.get("hashed_as", f.name).encode())
            _update(hasher, getattr(value, f.name))
    elif isinstance(value, Mapping):
        for key in sorted(value):
            _update(hasher, (key, value[key]))
    elif isinstance(value, (tuple, list)):
        hasher.update(f"({len(value)}".encode())
        for item in value:
            _update(hasher, item)
    else:
        hasher.update(f"{type(value).__name__}:{value!r};".encode())
