"""Which numbers of a graph are trained, and which of the compiled program's numbers follow them.

The compiler itself says what a program holds for a graph's weights, at every step of the training.
For the gradient it is asked before how each number of its float program depends on the graph's:

    program = constant + factor · graph[place]

which is found by putting 1, 2 and each value's own place into one node's weights after another.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import nir
import numpy as np
import torch
from torch import Tensor

from snnvae.deploy.compile import float_program
from snnvae.deploy.fixed.calibrate import as_option
from snnvae.deploy.fixed.quantise import in_integers
from snnvae.deploy.fixed.rounding import Scale, scaled
from snnvae.deploy.fixed.scales import BIAS_LIMIT, choose_scales
from snnvae.deploy.settings import METADATA_KEY
from snnvae.errors import UnsupportedError
from snnvae.options import Options
from snnvae.primitives import fixed_point
from snnvae.primitives.nir_nodes import ConvTranspose2d, SparseAffine
from snnvae.primitives.of_layer import float_neuron
from snnvae.program import Precision, Program
from snnvae.train.network.neurons import UNIT
from snnvae.train.network.passed_through import held_as
from snnvae.train.network.stated import stated

TRAINED = (nir.Linear, nir.Affine, nir.Conv1d, nir.Conv2d, ConvTranspose2d, SparseAffine)
FIELDS = ("weight", "bias")
READOUT_ROOM = 0.5
"""Of a readout's scale: a training may make its sums larger, and they must not saturate."""
TELL_APART = 1e-6
"""By which a number of the program may lie off what follows from the graph's."""

Parameter = tuple[str, str]
"""A node and a field of it."""
Slot = tuple[str, str]
"""Numbers of a program: the weights or the host's bias of a connection, or the bias of a layer."""
Values = Mapping[Slot, np.ndarray]


@dataclass(frozen=True)
class Wire:
    """How a slot follows a parameter; all of the slot's shape, factor 0 where it does not."""

    parameter: Parameter
    constant: np.ndarray
    factor: np.ndarray
    place: np.ndarray


def slots_of(program: Program) -> dict[Slot, np.ndarray]:
    """The numbers of a program that weights and biases of a graph may decide."""
    found: dict[Slot, np.ndarray] = {}
    for c in program.connections:
        found["weight", c.name] = c.synapse.weight
        if c.on_host:
            shape = program.layer(c.target).shape
            found["host bias", c.name] = np.broadcast_to(
                0.0 if c.host_bias is None else c.host_bias, shape
            )
    for layer in program.layers:
        found["bias", layer.name] = np.broadcast_to(layer.neuron.bias_value, layer.shape)
    return found


class TrainedGraph:
    """A graph whose weights and biases are trained; what is exactly 0 in it stays 0.

    frozen: weights and biases that stay as they are. graph: a copy whose metadata states the
    conventions and the fixed-point scales of the training, so that it compiles to what was trained
    without a word more.

    UnsupportedError, by node, where the program has sums of its weights.
    """

    def __init__(
        self,
        graph: nir.NIRGraph,
        precision: Precision,
        options: Options | None = None,
        frozen: Collection[Parameter] = (),
    ) -> None:
        for name, node in graph.nodes.items():
            if isinstance(node, nir.NIRGraph):
                raise UnsupportedError(
                    f"node '{name}' is a graph within the graph, which cannot be trained; give a "
                    "flat graph"
                )
        self.graph, self.precision = stated(graph, options or Options()), precision
        self.parameters = {
            (name, field): torch.from_numpy(_floats(getattr(node, field))).requires_grad_()
            for name, node in self.graph.nodes.items()
            if isinstance(node, TRAINED)
            for field in FIELDS
            if np.any(getattr(node, field, 0)) and (name, field) not in frozen
        }
        if not self.parameters:
            raise UnsupportedError(
                "the network has no weights that could be trained"
                + (
                    ", since its module has frozen all of them (requires_grad is False)"
                    if frozen
                    else ""
                )
            )
        exact = self._exact()
        self.scales: dict[str, Scale] = dict(choose_scales(exact)) if self._is_fixed else {}
        if self._is_fixed:
            for layer in exact.layers:
                if float_neuron(layer).threshold is None and layer.name not in exact.scales:
                    self.scales[layer.name] = self.scales[layer.name] * READOUT_ROOM
            told = {name: as_option(scale) for name, scale in self.scales.items()}
            self.graph.metadata[METADATA_KEY]["scales"] = told
        self._wires = [wire for parameter in self.parameters for wire in self._probed(parameter)]
        self._bounds = self._limits(exact) if self._is_fixed else {}
        self.keep_within()

    @property
    def _is_fixed(self) -> bool:
        return self.precision == "fixed"

    def program(self) -> tuple[Program, dict[Slot, Tensor]]:
        """The program as it is compiled now, and its numbers with their gradients."""
        self.write()
        exact = self._exact()
        program = in_integers(exact, self.scales) if self._is_fixed else exact
        factors = self._factors(exact) if self._is_fixed else {}
        held = {slot: _tensor(values) for slot, values in slots_of(program).items()}
        real: dict[Slot, Tensor] = {}
        for wire, slot in self._wires:
            values = self.parameters[wire.parameter].double().reshape(-1)
            followed = values[torch.from_numpy(wire.place)] * _tensor(
                wire.factor * factors.get(slot, 1.0)
            )
            real[slot] = real[slot] + followed if slot in real else followed
        return program, {
            slot: held_as(real[slot], values) if slot in real else values
            for slot, values in held.items()
        }

    def write(self) -> None:
        """Puts the parameters into the graph."""
        for (name, field), values in self.parameters.items():
            setattr(self.graph.nodes[name], field, values.detach().numpy().copy())

    @torch.no_grad()
    def keep_within(self) -> None:
        """Takes the nearest values that fit 8 bits at the scales."""
        for parameter, (low, high) in self._bounds.items():
            values = self.parameters[parameter]
            values.clamp_(low.to(values.dtype), high.to(values.dtype))

    def _exact(self) -> Program:
        return float_program(self.graph, Options())

    def _probed(self, parameter: Parameter) -> list[tuple[Wire, Slot]]:
        """The slots that follow a parameter."""
        name, field = parameter
        node = self.graph.nodes[name]
        before = _floats(getattr(node, field)).astype(np.float64)
        some = before != 0

        def with_values(values: np.ndarray) -> dict[Slot, np.ndarray]:
            setattr(node, field, np.where(some, values, 0.0))
            return slots_of(self._exact())

        places = np.arange(before.size, dtype=np.float64).reshape(before.shape)
        drawn = np.random.default_rng(0).uniform(1, 2, before.shape)
        one, two = with_values(np.ones_like(before)), with_values(np.full_like(before, 2))
        third, fourth = with_values(places + 1), with_values(drawn)
        setattr(node, field, before)
        found = []
        for slot, ones in one.items():
            factor = two[slot] - ones
            constant = ones - factor
            follows = np.abs(factor) > 1e-12 * (np.abs(ones) + np.abs(two[slot]))
            if not follows.any():
                continue
            factor = np.where(follows, factor, 0.0)
            tags = (third[slot] - constant) / np.where(follows, factor, 1.0) - 1
            place = np.clip(np.rint(np.where(follows, tags, 0)), 0, before.size - 1).astype(int)
            expected = constant + factor * drawn.reshape(-1)[place]
            if (np.abs(fourth[slot] - expected) > TELL_APART * (1e-30 + np.abs(factor)))[
                follows
            ].any():
                raise UnsupportedError(
                    f"node '{name}' ({type(node).__name__}): sums of its weights reach neurons, as "
                    "with a pool, or weights, behind it or before it and no neurons between, which "
                    "cannot be trained; put neurons between"
                )
            found.append((Wire(parameter, constant, factor, place), slot))
        return found

    def _factors(self, exact: Program) -> dict[Slot, np.ndarray]:
        """Of each slot: units of the fixed-point program per unit of the float one."""
        found: dict[Slot, np.ndarray] = {}
        for c in exact.connections:
            if not c.on_host:
                weight = c.synapse.weight
                units = scaled(c, exact, self.scales)[0].weight
                found["weight", c.name] = units / np.where(weight == 0, 1.0, weight)
        for layer in exact.layers:
            units = np.broadcast_to(self.scales[layer.name], layer.shape)
            found["bias", layer.name] = units * UNIT
        return found

    def _limits(self, exact: Program) -> dict[Parameter, tuple[Tensor, Tensor]]:
        """The least and the largest value of each parameter that its slots hold.

        Weights of membranes get another shift instead.
        """
        factors = self._factors(exact)
        found: dict[Parameter, tuple[np.ndarray, np.ndarray]] = {}
        limits = {
            ("weight", c.name): float(fixed_point.WEIGHT_MAX)
            for c in exact.connections
            if not c.on_host and not exact.carries_membranes(c)
        }
        limits |= {("bias", layer.name): BIAS_LIMIT * UNIT for layer in exact.layers}
        for wire, slot in self._wires:
            if slot not in limits:
                continue
            size = self.parameters[wire.parameter].shape
            low, high = found.setdefault(
                wire.parameter, (np.full(size, -np.inf), np.full(size, np.inf))
            )
            units = factors[slot]
            with np.errstate(divide="ignore", invalid="ignore"):
                ends = [
                    (end / units - wire.constant) / wire.factor
                    for end in (-limits[slot], limits[slot])
                ]
            follows = wire.factor != 0
            at = wire.place[follows]
            np.maximum.at(low.reshape(-1), at, np.minimum(*ends)[follows])
            np.minimum.at(high.reshape(-1), at, np.maximum(*ends)[follows])
        return {p: (torch.from_numpy(a), torch.from_numpy(b)) for p, (a, b) in found.items()}


def _floats(values: np.ndarray) -> np.ndarray:
    """Weights in a type that torch trains, of their own."""
    array = np.asarray(values)
    return array.astype(array.dtype if array.dtype in (np.float32, np.float64) else np.float64)


def _tensor(values: np.ndarray) -> Tensor:
    return torch.from_numpy(np.array(values, np.float64))
