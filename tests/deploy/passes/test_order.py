"""The order of a program is that of the graph: no pass goes through names as a set lists them,
which is otherwise in each process."""

from __future__ import annotations

import nir
from random_graphs import random_graph

from snnvae.deploy.graph import directed
from snnvae.deploy.passes import prepare

SEEDS = (1, 2)  # 1 has weights that merge, and relays between those that do not
MARKS = ("~", "~~", "~~~", "^", "^^", "^^^")
"""Put before every name they keep the order of names, but a set lists them otherwise."""


def marked(graph: nir.NIRGraph, mark: str) -> nir.NIRGraph:
    nodes = {mark + name: node for name, node in graph.nodes.items()}
    return nir.NIRGraph(nodes, [(mark + a, mark + b) for a, b in graph.edges], type_check=False)


def order_after_passes(graph: nir.NIRGraph, mark: str) -> tuple[list[str], list[str]]:
    done = prepare(marked(graph, mark))
    names = [name.replace(mark, "") for name in done.nodes]
    return names, [f"{a} {b}".replace(mark, "") for a, b in done.edges]


def test_names_decide_no_order() -> None:
    for seed in SEEDS:
        graph = random_graph(seed).graph
        first, *others = (order_after_passes(graph, mark) for mark in MARKS)
        assert all(order == first for order in others), f"seed {seed}"


def test_a_part_of_a_graph_keeps_its_order() -> None:
    graph = random_graph(1).graph
    for mark in MARKS:
        net = marked(graph, mark)
        few = list(net.nodes)[3:9]
        part = directed(net, set(few))
        assert list(part) == few
        assert list(part.edges) == [
            edge for name in few for edge in net.edges if edge[0] == name and edge[1] in few
        ]
