"""What a file leaves open: dead ends, populations that nobody reads or drives, no output."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from snnvae.deploy.graph import build_graph
from snnvae.deploy.passes.open_ends import dead_ends, open_ends
from snnvae.errors import GraphError


def branch(nets: Any) -> Any:
    """A chain of which two weights in a row, and a population, branch off."""
    one = np.eye(2)
    nodes = {
        "in": nets.source(2),
        "a": nets.lif(2),
        "w": nets.affine(one),
        "w2": nets.affine(one),
        "v": nets.affine(one),
        "probe": nets.lif(2),
        "out": nets.sink(2),
    }
    return nets.graph(nodes, "in a out", "a w w2", "a v probe")


def test_weights_that_lead_nowhere_go_and_populations_stay(nets: Any) -> None:
    graph = branch(nets)
    assert dead_ends(graph) == ("w", "w2")
    assert set(open_ends(graph).nodes) == {"in", "a", "v", "probe", "out"}
    program = nets.compiled(graph)
    assert {layer.name for layer in program.layers} == {"a", "probe"}
    assert list(program.outputs.values()) == ["a"]


def test_a_population_that_nothing_drives_runs_by_its_leak(nets: Any) -> None:
    """v += (leak − v)/2 passes 1 in the first step for a leak above 2."""
    nodes = {
        "in": nets.source(1),
        "clock": nets.lif(1, leak=3.0),
        "a": nets.threshold(1, at=1.5),
        "out": nets.sink(1),
    }
    graph = nets.graph(nodes, "in a out", "clock a", initial="zero")
    recording = nets.run(graph, np.ones((4, 1), bool))
    assert recording.spikes["clock"].all()
    assert recording.spikes["a"].all()  # 1 + 1 > 1.5: the input's spike and the clock's


def test_without_outputs_those_that_nobody_reads_are_the_outputs(nets: Any) -> None:
    one = np.eye(2)
    nodes = {
        "in": nets.source(2),
        "a": nets.lif(2),
        "v": nets.affine(one),
        "b": nets.lif(2),
        "w": nets.affine(one),
        "c": nets.lif(2),
    }
    first = {name: nodes[name] for name in ("in", "a", "v", "b")}
    assert nets.compiled(nets.graph(first, "in a v b")).outputs == {"output": "b"}
    both = nets.compiled(nets.graph(nodes, "in a v b", "a w c"))
    assert both.outputs == {"b.output": "b", "c.output": "c"}


def test_a_ring_without_outputs_has_no_last_population(nets: Any) -> None:
    nodes = {"in": nets.source(2), "a": nets.lif(2), "delay": nets.delay(2)}
    edges = [("in", "a"), ("a", "delay"), ("delay", "a")]
    with pytest.raises(GraphError, match=r"no output, and each .* is read by another one; connect"):
        open_ends(build_graph(nodes, edges))
