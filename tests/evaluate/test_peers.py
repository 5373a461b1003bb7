"""Other interpreters of NIR give the reference's spikes, or the check says why they cannot run."""

from __future__ import annotations

import sys
from collections.abc import Callable
from copy import copy
from typing import Any

import nir
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_graphs import DT, Maker, random_graph

from snnvae.deploy.backends import PEERS, Peer
from snnvae.deploy.compile import compile_graph
from snnvae.evaluate.check import Check, check
from snnvae.evaluate.parity import all_agree
from snnvae.evaluate.peers.limits import populations
from snnvae.export.builder import build_graph
from snnvae.options import Options

SEEDS = st.integers(0, 2**32 - 1)
CONVENTIONS = st.fixed_dictionaries(
    {
        "reset": st.sampled_from(["zero", "subtract", "subtract-delayed", "subtract-ahead"]),
        "initial": st.sampled_from(["zero", "v_reset", "v_leak"]),
        "integrator": st.sampled_from(["euler", "exponential", "exponential-decay"]),
        "spike": st.sampled_from(["above", "reached"]),
        "if_gain": st.just("dt"),
        "loop_bias": st.just("delayed"),
    }
)


def beside(graph: nir.NIRGraph, peer: Peer, **options: Any) -> Check:
    return check(
        graph,
        samples=3,
        options=Options(**{"steps": 12, **options}),
        backends=(),
        precisions=("float",),
        peers=(peer,),
    )


@given(SEEDS, CONVENTIONS)
def test_nirtorch_on_graphs_of_every_primitive(seed: int, conventions: dict[str, str]) -> None:
    case = random_graph(seed)
    del case.graph.metadata["snnvae"]
    found = beside(case.graph, "nirtorch", dt=DT, analog=tuple(case.analog), **conventions)
    inputs = [node for node in case.graph.nodes.values() if isinstance(node, nir.Input)]
    if len(inputs) > 1:
        assert found.left_out[0].startswith("nirtorch takes one input")
        return
    if found.left_out:
        assert "adds a step to a loop that has its Delay already" in found.left_out[0]
        return
    assert {row.layer for row in found.rows} == set(populations(case.graph))
    assert all_agree(found.rows), [row for row in found.rows if not row.agrees()]


def norse_graph(seed: int) -> nir.NIRGraph:
    """What Norse's reader has modules for: a chain, perhaps with self-loops."""
    make = Maker(np.random.default_rng(seed))

    def neuron(source: str) -> str:
        shape = make.values[source]
        full, zero = np.ones(shape), np.zeros(shape)
        tau = make.rng.choice([DT, 2 * DT, 4 * DT], shape)
        threshold = make.rng.choice([0.5, 0.75, 1.0], shape)
        kind = make.pick(["lif", "if", "cubalif"])
        if kind == "lif":
            node: Any = nir.LIF(tau, full, make.fractions(shape, -0.25, 0.25), threshold, zero)
        elif kind == "if":
            node = nir.IF(full / DT, threshold)
        else:
            node = nir.CubaLIF(tau[::-1].copy(), tau, 2 * full, zero, threshold, zero, 2 * full)
        return make.value(make.add(kind, node, source), shape)

    make.value(make.add("in", nir.Input({"input": np.array([2, 6, 5])})), (2, 6, 5))
    weight = make.fractions((3, 2, 3, 2))
    conv = nir.Conv2d((6, 5), weight, (1, 1), (1, 0), (1, 1), 1, make.bias(3))
    last = neuron(make.placed("conv", conv, "in0"))
    if make.chance(0.5):
        pool = nir.SumPool2d(np.array([2, 2]), np.array([2, 2]), np.array([0, 0]))
        last = make.placed("pool", pool, last)
    last = make.flat(last, make.values[last])
    for _ in range(int(make.rng.integers(1, 3))):
        n, size = int(make.rng.integers(2, 6)), int(np.prod(make.values[last]))
        if len(make.values[last]) > 1:  # the Flatten left an axis
            last = make.value(
                make.add("flat", nir.Flatten({"input": np.array(make.values[last])}, 0, -1), last),
                (size,),
            )
        affine = nir.Affine(make.fractions((n, size), -0.5, 0.75), make.bias(n))
        last = neuron(make.value(make.add("affine", affine, last), (n,)))
        if make.chance(0.5):
            weight = make.fractions((n, n), -0.5, 0.5)
            again = make.add("again", nir.Affine(weight, make.bias(n)), last)
            make.edges.append((again, last))
    shape = np.array(make.values[last])
    make.add("out", nir.Output({"output": shape}), last)
    return build_graph(make.nodes, make.edges)


NORSE = {"dt": DT, "conventions": "norse", "if_gain": "dt", "loop_bias": "delayed"}


@given(SEEDS)
def test_norse_on_graphs_of_what_it_reads(seed: int) -> None:
    graph = norse_graph(seed)
    found = beside(graph, "norse", **NORSE)
    assert not found.left_out
    assert {row.layer for row in found.rows} == set(populations(graph))
    assert all_agree(found.rows), [row for row in found.rows if not row.agrees()]
    assert all(row.membrane is not None for row in found.rows)


@pytest.mark.parametrize("peer", PEERS)
def test_one_changed_weight_shows(peer: Peer, nets: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reference runs another weight than the peer, by one part in a million."""
    graph = norse_graph(1)
    assert all_agree(beside(graph, peer, **NORSE).rows)

    def changed(given: nir.NIRGraph, *more: Any) -> Any:
        nodes = dict(given.nodes)
        (name,) = (name for name in nodes if name.startswith("conv"))
        nodes[name] = copy(nodes[name])
        nodes[name].weight = nodes[name].weight * (1 + 1e-6)
        return compile_graph(build_graph(nodes, given.edges), *more)

    monkeypatch.setattr("snnvae.evaluate.check.compile_graph", changed)
    assert not all_agree(beside(graph, peer, **NORSE).rows)


def chain(nets: Any, *middle: nir.NIRNode, around: nir.NIRNode | None = None) -> nir.NIRGraph:
    """in → … → out, three values wide; `around` leads from the last node before out to itself."""
    nodes = {"in": nets.source(3), **{f"n{i}": node for i, node in enumerate(middle)}}
    edges = list(zip(nodes, [*list(nodes)[1:], "out"]))
    if around is not None:
        nodes["around"] = around
        edges += [(f"n{len(middle) - 1}", "around"), ("around", f"n{len(middle) - 1}")]
    return build_graph({**nodes, "out": nets.sink(3)}, edges)


def lif(nets: Any, **own: Any) -> nir.LIF:
    return nets.lif(3, **{"r": 1.0, **own})


def cuba(**own: Any) -> nir.CubaLIF:
    tau, one, zero = np.full(3, 2e-3), np.ones(3), np.zeros(3)
    given = {"tau_syn": tau, "tau_mem": tau, "r": one, "v_leak": zero, "v_threshold": one}
    return nir.CubaLIF(**{**given, **own})


EYE, ONES = np.eye(3), np.ones(3)
LIMITS: dict[str, tuple[Peer, str, Callable[[Any], nir.NIRGraph]]] = {
    "delay in a loop": (
        "nirtorch",
        "adds a step to a loop that has its Delay already",
        lambda n: chain(n, lif(n), around=n.delay(3)),
    ),
    "bias in a loop": (
        "nirtorch",
        "starts the bias in a loop one step late",
        lambda n: chain(n, lif(n), around=nir.Affine(EYE, ONES)),
    ),
    "loop through two neurons": (
        "nirtorch",
        "chooses by itself where this loop carries its step",
        lambda n: chain(n, lif(n), around=n.threshold(3)),
    ),
    "a primitive": (
        "norse",
        "leaves this node out: 'n0' (Scale)",
        lambda n: chain(n, nir.Scale(ONES * 2), lif(n)),
    ),
    "r": ("norse", "takes r for 1: 'n0' (LIF)", lambda n: chain(n, lif(n, r=2.0))),
    "v_reset": ("norse", "drops v_reset: 'n0'", lambda n: chain(n, lif(n, reset=-0.5))),
    "leak of a current": (
        "norse",
        "lets the current leak to v_leak too: 'n0'",
        lambda n: chain(n, cuba(v_leak=ONES / 4)),
    ),
}


@pytest.mark.parametrize("limit", LIMITS)
def test_what_a_peer_cannot_run_is_left_out_with_the_reason(limit: str, nets: Any) -> None:
    peer, reason, make = LIMITS[limit]
    found = beside(make(nets), peer, **{**NORSE, "dt": nets.dt, "loop_bias": "at-once"})
    assert not found.rows
    assert [text.startswith(f"{peer} {reason}") for text in found.left_out] == [True]


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"integrator": "exponential"}, "takes Euler steps"),
        ({"spike": "reached"}, "takes Euler steps and fires above"),
        ({"reset": "subtract-delayed"}, "has no delayed reset"),
        ({"reset": "subtract"}, "resets to zero: 'n0' (LIF)"),
        ({"initial": "zero"}, "starts at v_leak: 'n0' (LIF)"),
    ],
)
def test_conventions_that_norse_does_not_have(
    options: dict[str, str], reason: str, nets: Any
) -> None:
    graph = chain(nets, lif(nets, leak=0.25))
    found = beside(graph, "norse", **{**NORSE, "dt": nets.dt, **options})
    assert found.left_out[0].startswith(f"norse {reason}")


def test_norse_runs_a_branch_out_of_order(nets: Any) -> None:
    """Depth first: what joins the branches runs before the second one."""
    nodes = {
        "in": nets.source(3),
        "a": lif(nets),
        "left": nets.affine(EYE),
        "right": nets.affine(EYE),
        "b": lif(nets),
        "join": lif(nets),
        "out": nets.sink(3),
    }
    graph = nets.graph(nodes, "in a left join out", "a right b join")
    found = beside(graph, "norse", **NORSE | {"dt": nets.dt})
    assert found.left_out[0].startswith("norse runs 'join' before ")
    assert all_agree(beside(graph, "nirtorch", **NORSE | {"dt": nets.dt}).rows)


def test_names_that_a_peer_confuses(nets: Any) -> None:
    nodes = {"in": nets.source(3), "a.b": lif(nets), "a_b": lif(nets), "out": nets.sink(3)}
    found = beside(nets.chain(nodes), "nirtorch", **NORSE | {"dt": nets.dt})
    assert found.left_out == ("nirtorch takes 'a.b' and 'a_b' for the same node",)


def test_names_that_torch_would_not_take(nets: Any) -> None:
    """As snnTorch and Python's keywords make them."""
    nodes = {"in": nets.source(3), "1.lif": lif(nets), "if": lif(nets), "out": nets.sink(3)}
    for peer in PEERS:
        rows = beside(nets.chain(nodes), peer, **NORSE | {"dt": nets.dt}).rows
        assert [row.layer for row in rows] == ["1.lif", "if"]
        assert all_agree(rows)


def test_a_peer_that_is_not_installed(nets: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "nirtorch", None)
    found = beside(chain(nets, lif(nets)), "nirtorch", **NORSE | {"dt": nets.dt})
    assert found.left_out == ("nirtorch is not installed; run: pip install 'snnvae[train]'",)
