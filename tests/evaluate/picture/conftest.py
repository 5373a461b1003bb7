"""Graphs that a picture must stand: chains, loops, nesting, branches."""

from __future__ import annotations

from typing import Any

import nir
import numpy as np
import pytest

from snnvae.deploy.graph import build_graph


def chain_of(nets: Any, count: int) -> nir.NIRGraph:
    nodes = {"in": nets.source(2)}
    for i in range(count - 2):
        nodes[f"n{i}"] = nets.affine(np.eye(2)) if i % 2 else nets.lif(2)
    nodes["out"] = nets.sink(2)
    return nets.chain(nodes)


def nested_twice(nets: Any) -> nir.NIRGraph:
    """A loop around a graph that holds a graph with a neuron that feeds itself."""
    inner = {"input": nets.source(2), "cell": nets.lif(2), "output": nets.sink(2)}
    edges = [("input", "cell"), ("cell", "cell"), ("cell", "output")]
    deep = nir.NIRGraph(inner, edges, type_check=False)
    middle = {"input": nets.source(2), "deep": deep, "output": nets.sink(2)}
    outer = nir.NIRGraph(middle, [("input", "deep"), ("deep", "output")], type_check=False)
    nodes = {
        "in": nets.source(2),
        "outer": outer,
        "again": nets.affine(np.eye(2)),
        "out": nets.sink(2),
    }
    around = [("in", "outer"), ("outer", "again"), ("again", "outer"), ("outer", "out")]
    return build_graph(nodes, around, {"snnvae": {"version": 1, "dt": nets.dt}})


def branching(nets: Any, branches: int = 8) -> nir.NIRGraph:
    nodes: dict[str, nir.NIRNode] = {"in": nets.source(2), "other": nets.source(2)}
    edges = []
    for i in range(branches):
        nodes |= {f"w{i}": nets.affine(np.eye(2)), f"n{i}": nets.lif(2)}
        edges += [("in", f"w{i}"), (f"w{i}", f"n{i}"), (f"n{i}", "sum")]
    nodes |= {"sum": nets.lif(2), "back": nets.affine(np.eye(2))}
    nodes |= {"out": nets.sink(2), "out2": nets.sink(2)}
    edges += [("sum", "out"), ("sum", "back"), ("back", "n2"), ("other", "n7"), ("n0", "out2")]
    return build_graph(nodes, edges, {"snnvae": {"version": 1, "dt": nets.dt}})


@pytest.fixture(params=["chain of 3", "chain of 40", "nested twice", "branching"])
def drawn_graph(request: pytest.FixtureRequest, nets: Any) -> nir.NIRGraph:
    make = {
        "chain of 3": lambda: chain_of(nets, 3),
        "chain of 40": lambda: chain_of(nets, 40),
        "nested twice": lambda: nested_twice(nets),
        "branching": lambda: branching(nets),
    }
    return make[request.param]()


@pytest.fixture
def nested(nets: Any) -> nir.NIRGraph:
    return nested_twice(nets)
