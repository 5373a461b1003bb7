"""Every pass keeps a graph's meaning, and leaves what the next one relies on."""

from __future__ import annotations

from functools import cache
from typing import Any

import networkx as nx
import nir
import nir_oracle
import numpy as np
import pytest
from random_graphs import DT, RandomGraph, random_graph, random_streams

from snnvae import primitives
from snnvae.deploy import passes
from snnvae.deploy.graph import build_graph, directed, predecessors
from snnvae.primitives import NirRelay, NirSparseAffine

STEPS = 8
SEEDS = range(60)
# A late edge is named by its ends, which a pass may merge; those loops have tests of their own.
CASES = [case for case in (random_graph(seed) for seed in range(150)) if not case.late][
    : len(SEEDS)
]


def outputs(case: RandomGraph, graph: nir.NIRGraph, seed: int) -> dict[str, np.ndarray]:
    """Every neuron and output of a graph, by an interpreter of NIR that is not ours."""
    streams = random_streams(case, STEPS, seed)
    found = nir_oracle.run(graph, streams, nir_oracle.Rules(DT))
    return {
        name: values
        for name, values in found.items()
        if name.startswith(("lif", "if", "cuba", "thr", "li", "i", "out", "graph"))
    }


@cache
def stage(seed: int, count: int) -> tuple[nir.NIRGraph, dict[str, np.ndarray]]:
    """A case's graph after the first `count` passes, and what it does."""
    case = CASES[seed]
    graph = passes.PASSES[count - 1](stage(seed, count - 1)[0]) if count else case.graph
    return graph, outputs(case, graph, seed)


# The random graphs leave nothing open; test_open_ends.py and test_silent_readouts.py do.
OWN_TESTS = (passes.open_ends, passes.silent_readouts)


@pytest.mark.parametrize(
    "apply",
    [apply for apply in passes.PASSES if apply not in OWN_TESTS],
    ids=lambda apply: apply.__name__,
)
def test_a_pass_keeps_what_every_neuron_does(apply: passes.Pass) -> None:
    changed, place = 0, passes.PASSES.index(apply)
    for seed in range(len(CASES)):
        (before, wanted), (after, got) = stage(seed, place), stage(seed, place + 1)
        changed += set(after.nodes) != set(before.nodes)
        common = wanted.keys() & got.keys()
        assert {n for n in before.nodes if primitives.neuron_for(before.nodes[n])} <= common
        for name in common:
            np.testing.assert_array_equal(got[name], wanted[name], err_msg=f"{seed}: {name}")
    if apply not in (passes.relay_loops, passes.relay_joins):
        assert changed > 3, "so few graphs change that this test could hardly fail"


def test_a_prepared_graph_has_one_weight_node_at_most_between_populations() -> None:
    for case in CASES:
        graph = passes.prepare(case.graph)
        for name, node in graph.nodes.items():
            assert not isinstance(node, nir.NIRGraph)
            if not primitives.synapse_for(node):
                continue
            for before in nx.ancestors(_between_populations(graph), name):
                assert not primitives.synapse_for(graph.nodes[before]), f"{before} before {name}"


def _between_populations(graph: nir.NIRGraph) -> nx.DiGraph:
    inner = [
        n
        for n, node in graph.nodes.items()
        if not isinstance(node, nir.Input) and not primitives.neuron_for(node)
    ]
    return directed(graph).subgraph(inner)


def test_a_pass_leaves_its_graph_alone() -> None:
    for case in CASES[:20]:
        names, edges = set(case.graph.nodes), list(case.graph.edges)
        passes.prepare(case.graph)
        assert set(case.graph.nodes) == names
        assert case.graph.edges == edges


def chain(nets: Any, **nodes: nir.NIRNode) -> nir.NIRGraph:
    return nets.chain({"in": nets.source(2), **nodes, "a": nets.threshold(2), "out": nets.sink(2)})


def test_nested_names_join_with_a_dot_and_ports_are_gone(nets: Any) -> None:
    inner = nets.chain({"i": nets.source(2), "n": nets.threshold(2), "o": nets.sink(2)})
    graph = passes.flatten_graphs(chain(nets, g=inner))
    assert set(graph.nodes) == {"in", "g.n", "a", "out"}
    assert graph.edges == [("in", "g.n"), ("g.n", "a"), ("a", "out")] or set(graph.edges) == {
        ("in", "g.n"),
        ("g.n", "a"),
        ("a", "out"),
    }


def test_a_port_stays_where_two_ways_would_become_one(nets: Any) -> None:
    """in → a directly, and in → (nothing but ports) → a: twice the spike."""
    inner = nir.NIRGraph({"i": nets.source(1), "o": nets.sink(1)}, [("i", "o")])
    nodes = {"in": nets.source(1), "g": inner, "v": nets.li(1, tau=DT, r=1.0), "out": nets.sink(1)}
    graph = nets.graph(nodes, "in g v out", "in v", dt=DT)
    assert nets.run(graph, [[1], [0]]).membranes["v"].ravel().tolist() == [2, 0]


def test_idle_nodes_are_dropped_and_only_they(nets: Any) -> None:
    idle = {"s": nir.Scale(np.ones(2)), "d": nir.Delay(np.zeros(2))}
    busy = {"s2": nir.Scale(np.array([1.0, 2.0])), "d2": nir.Delay(np.full(2, DT))}
    graph = passes.drop_idle(chain(nets, **idle, **busy))
    assert set(graph.nodes) == {"in", "s2", "d2", "a", "out"}


def test_a_delay_is_split_by_its_values(nets: Any) -> None:
    graph = passes.split_delays(chain(nets, d=nir.Delay(np.array([DT, 3 * DT]))))
    delays = sorted(n.delay[0] for n in graph.nodes.values() if isinstance(n, nir.Delay))
    assert delays == [DT, 3 * DT]
    masks = [n.scale.tolist() for n in graph.nodes.values() if isinstance(n, nir.Scale)]
    assert sorted(masks) == [[0, 1], [1, 0]]


@pytest.mark.parametrize("bias", [0.0, 0.5])
def test_a_delay_moves_before_weights_that_add_no_bias(nets: Any, bias: float) -> None:
    graph = chain(
        nets,
        w=nets.affine(np.eye(2), bias),
        d=nir.Delay(np.full(2, DT)),
        v=nets.affine(2 * np.eye(2)),
    )
    moved = passes.hoist_delays(graph)
    before = [type(moved.nodes[n]) for n in predecessors(moved)["v"]]
    assert before == [nir.Delay if bias else nir.Affine]


def test_weights_in_a_row_become_their_product_and_keep_both_names(nets: Any) -> None:
    graph = passes.merge_linear(
        chain(nets, w=nets.affine([[1, 2], [3, 4]], [1, 0]), v=nets.affine([[0, 1], [1, 0]], 5.0))
    )
    node = graph.nodes["w+v"]
    np.testing.assert_array_equal(node.weight, [[3, 4], [1, 2]])
    np.testing.assert_array_equal(node.bias, [5, 6])


def test_a_pool_before_a_convolution_is_a_larger_kernel(nets: Any) -> None:
    conv = nir.Conv2d(None, np.ones((1, 2, 3, 3)), 1, 1, 1, 1, np.zeros(1))
    nodes = {
        "in": nets.source(2, 8, 8),
        "pool": nir.AvgPool2d(np.array([2, 2]), np.array([2, 2]), np.array([0, 0])),
        "conv": conv,
        "a": nets.threshold(1, 4, 4),
        "out": nets.sink(1, 4, 4),
    }
    node = passes.merge_linear(nets.chain(nodes)).nodes["pool+conv"]
    assert isinstance(node, nir.Conv2d)
    assert node.weight.shape == (1, 2, 6, 6)
    np.testing.assert_array_equal(node.weight, 0.25)


def test_what_no_kernel_can_say_becomes_sparse(nets: Any) -> None:
    """Two mixing convolutions with zeros between them."""
    conv = nir.Conv2d(None, np.ones((2, 2, 3, 3)), 1, 1, 1, 1, np.zeros(2))
    nodes = {
        "in": nets.source(2, 4, 4),
        "c": conv,
        "d": conv,
        "a": nets.threshold(2, 4, 4),
        "out": nets.sink(2, 4, 4),
    }
    assert isinstance(passes.merge_linear(nets.chain(nodes)).nodes["c+d"], NirSparseAffine)


def test_a_product_that_is_too_large_is_left_and_gets_a_relay(
    nets: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("snnvae.primitives.compose.MAX_SYNAPSES", 3)
    graph = chain(nets, w=nets.affine(np.eye(2), 1.0), v=nets.affine(np.eye(2)))
    merged = passes.merge_linear(graph)
    assert {"w", "v"} <= set(merged.nodes)
    relayed = passes.relay_paths(merged)
    assert isinstance(relayed.nodes["v.relay"], NirRelay)
    assert predecessors(relayed)["v"] == ["v.relay"]


def test_a_loop_without_neurons_gets_one_relay(nets: Any) -> None:
    nodes = {"in": nets.source(2), "w": nets.affine(np.eye(2)), "d": nir.Delay(np.full(2, DT))}
    nodes |= {"a": nets.threshold(2), "out": nets.sink(2)}
    graph = nets.graph(nodes, "in w d w", "w a out")
    relays = [n for n in passes.relay_loops(graph).nodes.values() if isinstance(n, NirRelay)]
    assert len(relays) == 1


@pytest.mark.parametrize("kind", ["weights", "delays"])
def test_branches_that_part_and_meet_again_and_again_stay_few(nets: Any, kind: str) -> None:
    """Forty diamonds have 2⁴⁰ ways; relays keep them apart, and the sum doubles at each."""
    nodes: dict[str, nir.NIRNode] = {"in": nets.source(1)}
    chains, last = [], "in"
    for i in range(40):
        nodes[f"p{i}"], nodes[f"q{i}"] = nir.Scale(np.full(1, 0.5)), nir.Scale(np.full(1, 0.75))
        nodes[f"s{i}"] = nir.Delay(np.zeros(1)) if kind == "delays" else nir.Scale(np.full(1, 0.8))
        chains += [f"{last} p{i} s{i}", f"{last} q{i} s{i}"]
        last = f"s{i}"
    nodes |= {"v": nets.li(1, tau=nets.dt, r=1.0), "out": nets.sink(1)}
    graph = nets.graph(nodes, *chains, f"{last} v out")
    program = nets.compiled(graph)
    assert len(program.connections) < 1000
    value = nets.run(graph, [[1]]).membranes["v"].item()
    assert value == pytest.approx((1.25 if kind == "delays" else 1.0) ** 40, rel=1e-9)


def test_the_graph_that_a_pass_gives_is_checked(nets: Any) -> None:
    """Valid in, valid out: what does not fit together is refused where it is built."""
    graph = chain(nets)
    built = build_graph(graph.nodes, graph.edges, graph.metadata)
    assert all(node.input_type and node.output_type for node in built.nodes.values())
