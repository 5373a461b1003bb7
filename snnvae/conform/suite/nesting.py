"""Graphs as nodes of graphs: what they compute is what their nodes would in their place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import nir

from snnvae.conform.suite.case import Case, Drawn, end, network, port
from snnvae.conform.suite.neurons import neuron
from snnvae.conform.suite.wiring import SIZE, STEPS, neuron_of


def cases() -> Iterator[Case]:
    """One level and two, first and last, used twice, with branches, delays and maps inside."""
    w, v = _linear("w"), _linear("v")
    layer = _inside({"w": _linear("inner"), "n": neuron_of()}, "input > w > n > output")
    other = _inside({"w": _linear("other"), "n": neuron_of(0.689453125)}, "input > w > n > output")
    yield _case("one", "a layer as a graph", {"layer": layer}, "input > layer > output")
    yield _case("between", "a layer as a graph, between others",
                {"w": w, "a": neuron_of(), "layer": layer, "v": v, "b": neuron_of()},
                "input > w > a > layer > v > b > output")  # fmt: skip
    yield _case("two", "two layers as graphs whose nodes have the same names",
                {"first": layer, "second": other}, "input > first > second > output")  # fmt: skip
    twice = _inside({"layer": layer, "v": v, "n": neuron_of()}, "input > layer > v > n > output")
    yield _case("deep", "a graph in a graph", {"outer": twice}, "input > outer > output")
    yield _case("weights-only", "a graph that holds weights alone",
                {"part": _inside({"w": w}, "input > w > output"), "n": neuron_of()},
                "input > part > n > output")  # fmt: skip
    yield _case("neurons-only", "a graph that holds neurons alone",
                {"w": w, "part": _inside({"n": neuron_of()}, "input > n > output")},
                "input > w > part > output")  # fmt: skip
    branch = _inside(
        {"w": w, "a": neuron_of(), "v": v, "b": neuron_of()},
        "input > w > a > v > b > output", "input > b",
    )  # fmt: skip
    yield _case("branch", "a way past a layer, inside", {"part": branch}, "input > part > output")
    yield _case("skip", "a way past a nested graph",
                {"part": layer, "out": neuron_of(2.189453125)},
                "input > part > out > output", "input > out")  # fmt: skip
    delayed = _inside({"late": nir.Delay(Drawn("d").spikes(1, SIZE)[0] + 1), "n": neuron_of()},
                      "input > late > n > output")  # fmt: skip
    yield _case("delay", "delays inside", {"part": delayed}, "input > part > output")
    yield _case("empty", "a graph that passes its input on",
                {"part": _inside({}, "input > output"), "n": neuron_of()},
                "input > part > n > output")  # fmt: skip
    yield _case("LIF", "a leaky layer as a graph",
                {"part": _inside({"w": w, "n": neuron("LIF", (SIZE,))}, "input > w > n > output")},
                "input > part > output")  # fmt: skip


def _linear(name: str) -> nir.Linear:
    return nir.Linear(Drawn(f"nesting-{name}").weights(SIZE, SIZE, high=1.25))


def _inside(nodes: Mapping[str, nir.NIRNode], *ways: str) -> nir.NIRGraph:
    return network({"input": port(SIZE), **nodes, "output": end(SIZE)}, *ways)


def _case(name: str, about: str, nodes: Mapping[str, nir.NIRNode], *ways: str) -> Case:
    name = f"nesting/{name}"
    return Case(name, about, _inside(nodes, *ways), {"input": Drawn(name).spikes(STEPS, SIZE)})
