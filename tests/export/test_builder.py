"""Graphs are built of copies, checked, and without nodes that nobody asked for."""

from __future__ import annotations

from typing import Any

import nir
import numpy as np
import pytest

from snnvae.errors import GraphError
from snnvae.export.builder import GraphBuilder, build_graph


def parts(nets: Any) -> tuple[dict[str, nir.NIRNode], list[tuple[str, str]]]:
    nodes = {"in": nets.source(2), "a": nets.threshold(2), "out": nets.sink(2)}
    return nodes, [("in", "a"), ("a", "out")]


def test_what_is_given_stays_as_it_is(nets: Any) -> None:
    nodes, edges = parts(nets)
    metadata = {"snnvae": {"dt": 1e-3}}
    before = dict(nodes), list(edges), dict(metadata)
    graph = build_graph(nodes, edges, metadata)
    assert (nodes, edges, metadata) == before
    assert graph.nodes is not nodes
    assert graph.edges is not edges
    assert graph.metadata is not metadata
    assert all(graph.nodes[name] is not node for name, node in nodes.items())
    graph.nodes["b"] = nets.threshold(2)
    graph.edges.append(("a", "b"))
    assert (nodes, edges) == before[:2]


def test_shapes_that_nir_infers_do_not_leak_into_the_given_nodes(nets: Any) -> None:
    flatten = nir.Flatten(None, 0, -1)
    nodes = {"in": nets.source(2, 2), "f": flatten, "a": nets.threshold(4), "out": nets.sink(4)}
    graph = build_graph(nodes, [("in", "f"), ("f", "a"), ("a", "out")])
    assert graph.nodes["f"].input_type["input"].tolist() == [2, 2]
    assert flatten.input_type["input"] is None


def test_a_graph_without_metadata_has_an_empty_one(nets: Any) -> None:
    assert build_graph(*parts(nets)).metadata == {}


@pytest.mark.parametrize("name", ["a/b", "", "/"])
def test_a_name_that_hdf5_would_split_is_refused(nets: Any, name: str) -> None:
    nodes, _ = parts(nets)
    nodes[name] = nets.threshold(2)
    with pytest.raises(GraphError, match="cannot be stored"):
        build_graph(nodes, [("in", name), (name, "out")])


def test_nodes_that_hang_in_the_air_are_named(nets: Any) -> None:
    """NIR would add an input and an output for them. Neurons may: they run by their leak."""
    nodes, edges = parts(nets)
    for lost, why in (
        (nets.affine(np.ones((2, 2))), r"node 'lost' \(Affine\) gets nothing; connect it"),
        (nets.sink(2), r"node 'lost' \(Output\) gets nothing; connect it"),
        (nets.source(2), "input 'lost' leads nowhere; connect it"),
    ):
        with pytest.raises(GraphError, match=why):
            build_graph({**nodes, "lost": lost}, edges)
    assert "lost" in build_graph({**nodes, "lost": nets.threshold(2)}, edges).nodes


@pytest.mark.parametrize(
    ("edges", "message"),
    [
        ([("in", "a"), ("a", "out"), ("a", "nowhere")], "nowhere"),
        ([("in", "a"), ("a", "out"), ("in", "a")], "stands twice"),
        ([("a", "out"), ("a", "a")], "input 'in' leads nowhere"),
    ],
)
def test_edges_that_do_not_fit_are_told_in_one_line(
    nets: Any, edges: list[tuple[str, str]], message: str
) -> None:
    with pytest.raises(GraphError, match=message) as caught:
        build_graph(parts(nets)[0], edges)
    assert "\n" not in str(caught.value)


def test_shapes_that_do_not_meet_are_told_with_both(nets: Any) -> None:
    nodes, edges = parts(nets)
    nodes["a"] = nets.threshold(3)
    with pytest.raises(GraphError, match=r"'a' .* has shape \(3,\), but 'in' gives it \(2,\)"):
        build_graph({**nodes, "out": nets.sink(3)}, edges)


def test_the_builder_chains_and_closes_loops(nets: Any) -> None:
    builder = GraphBuilder()
    first = builder.add("in", nets.source(2))
    a = builder.add("a", nets.threshold(2), first)
    b = builder.add("b", nets.threshold(2), (a, first))
    builder.connect(b, a)
    builder.add("out", nets.sink(2), b)
    graph = builder.build({"snnvae": {"dt": np.float64(1e-3)}})
    assert graph.edges == [("in", "a"), ("a", "b"), ("in", "b"), ("b", "a"), ("b", "out")]
    assert graph.metadata["snnvae"]["dt"] == 1e-3


def test_a_name_is_given_once(nets: Any) -> None:
    builder = GraphBuilder()
    builder.add("in", nets.source(2))
    with pytest.raises(GraphError, match="two nodes are called 'in'"):
        builder.add("in", nets.source(2))
