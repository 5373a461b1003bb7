"""Which node feeds which: chains, branches, sums, several inputs and outputs, names, order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise

import nir
import numpy as np

from snnvae.conform.suite.case import Case, Drawn, Edge, end, f32, network, port
from snnvae.conform.suite.neurons import neuron

STEPS = 20
SIZE = 4


def cases() -> Iterator[Case]:
    """Each way in which populations may be joined, of IF neurons and weights in eighths."""
    for depth in (2, 3, 6):
        nodes: dict[str, nir.NIRNode] = {}
        for n in range(depth):
            nodes |= {f"w{n}": _weights(f"depth-{depth}-{n}", high=1.25), f"if{n}": neuron_of()}
        yield _case(
            f"depth-{depth}", f"{depth} layers", nodes, f"input > {' > '.join(nodes)} > output"
        )
    pair = {"w": _weights("w"), "v": _weights("v"), "if": neuron_of(), "out": neuron_of()}
    yield _case("bare", "an input that drives neurons without weights", {"if": neuron_of()},
                "input > if > output")  # fmt: skip
    yield _case("two-neurons", "neurons that drive neurons without weights",
                {"a": neuron_of(), "b": neuron_of(0.689453125)},
                "input > a > b > output")  # fmt: skip
    yield _case("fan-in", "two weights into one population", pair,
                "input > w > if > v > out > output", "input > out")  # fmt: skip
    yield _case("skip", "a way past a layer", pair,
                "input > w > if > v > out > output", "if > out")  # fmt: skip
    yield _case("sum-of-weights", "two weights of one input, added",
                {"w": _weights("s"), "v": _weights("t"), "out": neuron_of()},
                "input > w > out > output", "input > v > out")  # fmt: skip
    diamond = {
        **{f"w{n}": _weights(f"diamond-{n}") for n in range(4)},
        **{name: neuron_of() for name in ("a", "b", "out")},
    }
    yield _case("diamond", "a way that parts and meets", diamond,
                "input > w0 > a > w1 > out > output", "input > w2 > b > w3 > out")  # fmt: skip
    yield _case("weights-meet", "weights that part and meet without neurons",
                {"w": _weights("m0"), "a": _weights("m1"), "b": nir.Scale(f32([1, 0.5, 0.25, 2])),
                 "out": neuron_of()},
                "input > w > a > out > output", "w > b > out")  # fmt: skip
    yield _case("shared-weights", "one matrix between two sources and one population",
                {"w": _weights("shared"), "a": neuron_of(), "out": neuron_of()},
                "input > a > w > out > output", "input > w")  # fmt: skip
    yield _case("fan-out", "one matrix that feeds two populations",
                {"w": _weights("fan-out"), "a": neuron_of(), "b": neuron_of(0.689453125),
                 "out": neuron_of(2.189453125)},
                "input > w > a > out > output", "w > b > out")  # fmt: skip
    yield _two_inputs("two-inputs", "two inputs of one size", SIZE)
    yield _two_inputs("two-inputs-unlike", "two inputs of different sizes", 2)
    outs = {"w": _weights("o"), "if": neuron_of(), "v": _weights("p"), "out": neuron_of()}
    yield _case("two-outputs", "an output of each layer", {**outs, "hidden": end(SIZE)},
                "input > w > if > v > out > output", "if > hidden")  # fmt: skip
    yield _case("outputs-alike", "two outputs of one population", {**outs, "again": end(SIZE)},
                "input > w > if > v > out > output", "out > again")  # fmt: skip
    yield _case("real-output", "an output that is a sum, not spikes", {"w": _weights("real")},
                "input > w > output")  # fmt: skip
    yield _case("membrane-output", "an output that is a membrane",
                {"w": _weights("li"), "li": neuron("LI", (SIZE,))},
                "input > w > li > output")  # fmt: skip
    yield _case("membrane-feeds", "a membrane that drives neurons",
                {"li": neuron("LI", (SIZE,)), "w": _weights("feeds", low=0.25), "if": neuron_of()},
                "input > li > w > if > output")  # fmt: skip
    yield _case("pass-through", "the input itself as a second output",
                {"w": _weights("pass"), "if": neuron_of(), "same": end(SIZE)},
                "input > w > if > output", "input > same")  # fmt: skip
    yield _case("unread", "a population that nobody reads",
                {"w": _weights("u"), "if": neuron_of(), "v": _weights("x"), "idle": neuron_of()},
                "input > w > if > output", "if > v > idle")  # fmt: skip
    yield _case("undriven", "a population that nothing drives, but its leak",
                {"w": _weights("d"), "if": neuron_of(), "v": _weights("e", low=0.25),
                 "tonic": neuron("LIF", (SIZE,), v_leak=1.75)},
                "input > w > if > output", "tonic > v > if")  # fmt: skip
    yield from _files()


def neuron_of(threshold: float = 1.205078125) -> nir.NIRNode:
    """Neurons of IF."""
    return neuron("IF", (SIZE,), v_threshold=threshold)


def _weights(name: str, *, low: float = -0.5, high: float = 1.0, width: int = SIZE) -> nir.Linear:
    return nir.Linear(Drawn(f"wiring-{name}").weights(SIZE, width, low=low, high=high))


def _case(name: str, about: str, nodes: Mapping[str, nir.NIRNode], *ways: str) -> Case:
    name = f"wiring/{name}"
    graph = network({"input": port(SIZE), **nodes, "output": end(SIZE)}, *ways)
    return Case(name, about, graph, {"input": Drawn(name).spikes(STEPS, SIZE)})


def _two_inputs(name: str, about: str, width: int) -> Case:
    name = f"wiring/{name}"
    drawn = Drawn(name)
    nodes = {
        "left": port(SIZE), "right": port(width), "w": _weights(f"{name}-w"),
        "v": _weights(f"{name}-v", width=width), "if": neuron_of(), "output": end(SIZE),
    }  # fmt: skip
    graph = network(nodes, "left > w > if > output", "right > v > if")
    data = {"left": drawn.spikes(STEPS, SIZE), "right": drawn.spikes(STEPS, width)}
    return Case(name, about, graph, data)


def _files() -> Iterator[Case]:
    """What a file may write in more than one way."""
    nodes = {"w": _weights("f"), "a": neuron_of(), "v": _weights("g"), "out": neuron_of()}
    ways = ("input > w > a > v > out > output",)
    yield _case("order-of-nodes", "nodes in the file from last to first",
                dict(reversed(nodes.items())), *ways)  # fmt: skip
    names = ["input", *nodes, "output"]
    backwards = [f"{a} > {b}" for a, b in reversed(list(pairwise(names)))]
    yield _case("order-of-edges", "edges in the file from last to first", nodes, *backwards)
    for name, about, called in (
        ("dots", "names with dots", ("a.weight", "a.lif", "b.0", "b.1")),
        ("digits", "names that are numbers", ("0", "1", "2", "10")),
        ("keywords", "names that are words of Python", ("lambda", "class", "in", "def")),
        ("unicode", "names beyond ASCII", ("Gewicht-ä", "神经元", "β", "Ω")),
        ("blanks", "names with blanks", ("a weight", "a neuron", "b weight", "b neuron")),
        ("alike", "names that differ in a dot and an underscore", ("a.b", "a_b", "a.c", "a_c")),
    ):
        renamed = dict(zip(called, nodes.values()))
        yield _case(f"names-{name}", about, renamed, f"input > {' > '.join(called)} > output")
    port_names = {"the input": port(SIZE), **nodes, "the output": end(SIZE)}
    name = "wiring/names-ports"
    yield Case(
        name, "ports that are not called input and output",
        network(port_names, "the input > w > a > v > out > the output"),
        {"the input": Drawn(name).spikes(STEPS, SIZE)},
    )  # fmt: skip
    doubled = nir.Linear(_weights("double").weight.astype(np.float64))
    yield _case("float64", "parameters in double precision",
                {"w": doubled, "if": _in_double(neuron_of())},
                "input > w > if > output")  # fmt: skip


def _in_double(node: nir.NIRNode) -> nir.NIRNode:
    values = {
        key: f32(getattr(node, key)).astype(np.float64) for key in ("r", "v_threshold", "v_reset")
    }
    return nir.IF(**values)


def late(*ways: str) -> tuple[Edge, ...]:
    """Edges "a > b" that close a loop."""
    return tuple((a.strip(), b.strip()) for a, b in (way.split(">") for way in ways))
