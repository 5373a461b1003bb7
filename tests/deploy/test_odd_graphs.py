"""Whatever is given as a graph compiles, or is refused by one of our errors, in one line."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import nir
import numpy as np
import pytest

import snnvae as sv
from snnvae.deploy.fixed.quantise import quantise
from snnvae.deploy.shapes import out_shape
from snnvae.errors import GraphError, SnnvaeError, UnsupportedError
from snnvae.primitive import LavaForm, Neuron, State

Nodes = dict[Any, Any]


@dataclass(eq=False)
class Foreign(nir.NIRNode):
    """A node that nobody knows."""

    def __post_init__(self) -> None:
        self.input_type = {"input": np.array([2])}
        self.output_type = {"output": np.array([2])}


def source(*shape: int) -> nir.Input:
    return nir.Input({"input": np.array(shape)})


def sink(*shape: int) -> nir.Output:
    return nir.Output({"output": np.array(shape)})


def lif(*shape: int, **changes: Any) -> nir.LIF:
    one = np.ones(shape)
    node = nir.LIF(0.01 * one, one, 0 * one, one, v_reset=0 * one)
    for name, value in changes.items():
        setattr(node, name, value)
    return node


def linear(weight: Any) -> nir.Linear:
    node = nir.Linear(np.ones((2, 2)))
    node.weight = weight
    return node


def graph(nodes: Nodes, *edges: Any) -> nir.NIRGraph:
    return nir.NIRGraph(dict(nodes), list(edges), type_check=False)


def chain(*inner: Any, shape: tuple[int, ...] = (2,)) -> nir.NIRGraph:
    nodes: Nodes = {"in": source(*shape), **{f"n{i}": node for i, node in enumerate(inner)}}
    nodes["out"] = sink(*shape)
    return graph(nodes, *pairwise(nodes))


ONE = np.ones((2, 2))
ENDS: Nodes = {"in": source(2), "lif": lif(2), "out": sink(2)}
NEST = [("in", "g"), ("g", "out")]
ODD: dict[str, Callable[[], Any]] = {
    "text": lambda: "net.nir",
    "nothing": lambda: None,
    "a node": lambda: lif(2),
    "an empty graph": lambda: graph({}),
    "a node that is none": lambda: chain("lif"),
    "a foreign node": lambda: chain(Foreign(), lif(2)),
    "a foreign node behind": lambda: chain(lif(2), Foreign()),
    "no neuron": lambda: chain(),
    "weights alone": lambda: chain(nir.Linear(ONE)),
    "other shapes": lambda: chain(lif(3)),
    "no size": lambda: chain(lif(0), shape=(0,)),
    "a kernel without a shape": lambda: chain(
        nir.Conv2d(None, np.ones((1, 1, 3, 3)), 1, 1, 1, 1, np.ones(1)),
        lif(1, 4, 4),
        shape=(1, 4, 4),
    ),
    "groups that do not divide": lambda: chain(
        nir.Conv2d((4, 4), np.ones((2, 1, 3, 3)), 1, 1, 1, 3, np.ones(2)),
        lif(2, 4, 4),
        shape=(2, 4, 4),
    ),
    "a pool of nothing": lambda: chain(
        nir.AvgPool2d(np.zeros(2, int), np.ones(2, int), np.zeros(2, int)),
        lif(1, 4, 4),
        shape=(1, 4, 4),
    ),
    "an empty graph within": lambda: graph(
        {**ENDS, "g": graph({})}, *NEST, ("in", "lif"), ("lif", "out")
    ),
    "a graph within without ports": lambda: graph(
        {"in": source(2), "g": graph({"lif": lif(2)}), "out": sink(2)}, *NEST
    ),
    "an input without a shape": lambda: graph(
        {**ENDS, "in": nir.Input({"input": None})}, ("in", "lif"), ("lif", "out")
    ),
    "an edge to nowhere": lambda: graph(ENDS, ("in", "x"), ("lif", "out")),
    "an edge of three": lambda: graph(ENDS, ("in", "lif", "out")),
    "an edge that is none": lambda: graph(ENDS, "in", ("lif", "out")),
    "an edge twice": lambda: graph(ENDS, ("in", "lif"), ("in", "lif"), ("lif", "out")),
    "a number as a name": lambda: graph(
        {1: source(2), "lif": lif(2), "out": sink(2)}, (1, "lif"), ("lif", "out")
    ),
    "an edge out of an output": lambda: graph(ENDS, ("in", "lif"), ("lif", "out"), ("out", "lif")),
    "no input": lambda: graph({"lif": lif(2), "out": sink(2)}, ("lif", "out")),
    "no output": lambda: graph({"in": source(2), "lif": lif(2)}, ("in", "lif")),
    "weights of text": lambda: chain(linear(np.array([["a", "b"], ["c", "d"]])), lif(2)),
    "weights of objects": lambda: chain(linear(np.array([[None, 1], [1, 2]], object)), lif(2)),
    "complex weights": lambda: chain(linear(1j * ONE), lif(2)),
    "weights in a list": lambda: chain(linear([[1, 2], [3, 4]]), lif(2)),
    "weights in three dimensions": lambda: chain(linear(np.ones((2, 2, 2))), lif(2)),
    "weights that are not finite": lambda: chain(linear(np.nan * ONE), lif(2)),
    "a negative time constant": lambda: chain(lif(2, tau=-np.ones(2))),
    "a list of time constants": lambda: chain(lif(2, tau=[0.1, 0.1])),
    "parameters of other shapes": lambda: chain(lif(2, tau=np.ones(3))),
    "a negative delay": lambda: chain(nir.Delay(-np.ones(2)), lif(2)),
    "an endless delay": lambda: chain(nir.Delay(np.full(2, 1e9)), lif(2)),
    "a loop of weights": lambda: graph(
        {**ENDS, "a": nir.Linear(ONE), "b": nir.Linear(ONE)},
        *[("in", "a"), ("a", "b"), ("b", "a"), ("b", "lif"), ("lif", "out")],
    ),
}


@pytest.mark.parametrize("precision", ["float", "fixed"])
@pytest.mark.parametrize("name", ODD)
def test_it_runs_or_is_refused_by_name(name: str, precision: Any) -> None:
    """Any other exception, a failed assertion above all, would end this test."""
    with suppress(SnnvaeError):
        program = sv.compile(ODD[name](), precision, dt=1e-3, conventions="norse")
        sv.price(program, sv.run(program, sv.random_spikes(program, steps=4)))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("text", "^a str is no NIR graph"),
        ("a node", "^a LIF is no NIR graph"),
        ("a node that is none", "^node 'n0' is a str, not a node of NIR$"),
        ("an edge of three", r"^edge \('in', 'lif', 'out'\) is no pair of names$"),
        ("an edge that is none", "^edge 'in' is no pair of names$"),
        ("a number as a name", "^node name 1 cannot be stored"),
        ("an endless delay", "is 1,000,000,000,000 steps, of which 1,000,000 can be held"),
        ("complex weights", r"^'weight' of node 'n0' \(Linear\) is complex; give real values$"),
    ],
)
def test_what_is_no_graph_is_said_to_be_none(name: str, said: str) -> None:
    with pytest.raises(GraphError, match=said):
        sv.compile(ODD[name](), dt=1e-3)


def test_a_node_without_a_shape_is_refused() -> None:
    with pytest.raises(GraphError, match="a Conv2d has no shape"):
        out_shape(nir.Conv2d(None, np.ones((1, 1, 3, 3)), 1, 1, 1, 1, np.ones(1)))


def test_fixed_point_is_not_made_of_fixed_point(nets: Any) -> None:
    with pytest.raises(UnsupportedError, match=r"has neurons of kind .* `precision` float$"):
        quantise(nets.compiled(nets.small(), "fixed"))


class Silent(Neuron):
    """A user's own neuron: it does nothing."""

    kind, spiking, state_words, bias_value = "silent", True, 1, np.zeros(())

    def initial(self, batch: int, shape: tuple[int, ...]) -> State:
        return (np.zeros((batch, *shape)),)

    def step(self, state: State, current: np.ndarray) -> tuple[np.ndarray, State]:
        return np.zeros(current.shape, bool), state

    def to_real(self, v: np.ndarray, scale: float | np.ndarray) -> np.ndarray:
        return v

    def lava(self, shape: tuple[int, ...], interval: int, offset: int) -> LavaForm:
        raise UnsupportedError("is no process of Lava's")


def test_a_neuron_of_the_users_own_is_the_reference_engines(nets: Any) -> None:
    program = nets.compiled(nets.small())
    layers = (replace(program.layers[0], neuron=Silent()), *program.layers[1:])
    own = replace(program, layers=layers)
    assert not sv.run(own, nets.spikes(own), "reference").spikes["first"].any()
    with pytest.raises(UnsupportedError, match="kind 'silent' are none of the compiler's"):
        sv.run(own, nets.spikes(own))
