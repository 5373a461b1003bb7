"""What a compiled graph computes, in the reference engine."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import nir
import nir_paper
import numpy as np
import pytest

from snnvae.deploy.compile import compile_graph
from snnvae.errors import ConfigError, GraphError, UnsupportedError
from snnvae.hardware_sim import reference
from snnvae.options import Options
from snnvae.program import Precision
from snnvae.stimulus import Stimulus


def fired(recording: Any, name: str) -> list[int]:
    """Steps at which a single neuron fired."""
    return np.flatnonzero(recording.spikes[name].reshape(-1)).tolist()


@pytest.mark.parametrize("precision", ["float", "fixed"])
def test_the_single_neuron_of_the_nir_paper(nets: Any, precision: Precision) -> None:
    """Pedersen et al. 2024, experiment 1: Norse, Nengo, snnTorch, SpiNNaker 2 give these spikes."""
    graph = nets.chain(nir_paper.nodes(), dt=nir_paper.DT)
    recording = nets.run(graph, nir_paper.stream(), precision)
    assert fired(recording, "lif") == nir_paper.EULER


def test_edges_into_one_neuron_add_up(nets: Any) -> None:
    nodes = {
        "a": nets.source(1),
        "b": nets.source(1),
        "two": nets.affine([[2.0]], 0.25),
        "three": nets.affine([[3.0]], 0.5),
        "sum": nets.li(1, tau=nets.dt, r=1.0),
        "out": nets.sink(1),
    }
    graph = nets.graph(nodes, "a two sum", "b three sum", "b sum", "sum out")
    streams = {"a": np.array([[0], [1], [0], [1]]), "b": np.array([[0], [0], [1], [1]])}
    recording = nets.run(graph, streams)
    assert recording.membranes["sum"].ravel().tolist() == [0.75, 2.75, 4.75, 6.75]


def test_one_neuron_feeds_several(nets: Any) -> None:
    """A spike crosses every layer within its step, along both branches."""
    nodes = {
        "in": nets.source(1),
        "a": nets.threshold(1),
        "left": nets.affine([[1.0]]),
        "b": nets.threshold(1),
        "right": nets.affine([[2.0]]),
        "c": nets.threshold(1, at=1.5),
        "out": nets.sink(1),
        "out2": nets.sink(1),
    }
    graph = nets.graph(nodes, "in a left b out", "a right c out2")
    recording = nets.run(graph, [[1], [0], [1]])
    assert [fired(recording, name) for name in "abc"] == [[0, 2]] * 3


def test_one_weight_node_may_serve_two_targets(nets: Any) -> None:
    nodes = {
        "in": nets.source(1),
        "w": nets.affine([[1.0]]),
        "a": nets.threshold(1),
        "b": nets.threshold(1, at=1.5),
        "out": nets.sink(1),
        "out2": nets.sink(1),
    }
    graph = nets.graph(nodes, "in w a out", "w b out2")
    program = nets.compiled(graph)
    assert sorted(c.name for c in program.connections) == ["w", "w#2"]
    recording = nets.run(graph, [[1], [0]])
    assert (fired(recording, "a"), fired(recording, "b")) == ([0], [])


def test_a_self_loop_without_delay_carries_one_step(nets: Any) -> None:
    """One input spike, and the neuron keeps itself going from the next step on."""
    nodes = {
        "in": nets.source(1),
        "a": nets.threshold(1),
        "again": nets.affine([[1.0]]),
        "out": nets.sink(1),
    }
    graph = nets.graph(nodes, "in a again a", "a out")
    program = nets.compiled(graph)
    assert {c.name: c.delay for c in program.connections} == {"in->a": 0, "again": 1}
    assert program.groups == (("a",),)
    assert fired(nets.run(graph, [[0], [1], [0], [0]]), "a") == [1, 2, 3]


def cycle(nets: Any, back: str, **own: Any) -> nir.NIRGraph:
    """in → a → b → (back) → a; b repeats a's spike."""
    nodes = {
        "in": nets.source(1),
        "a": nets.threshold(1),
        "forth": nets.affine([[1.0]]),
        "b": nets.threshold(1),
        "back": nets.affine([[1.0]]),
        "late": nets.delay(1, steps=3),
        "out": nets.sink(1),
    }
    used = {name: node for name, node in nodes.items() if name != "late" or "late" in back}
    return nets.graph(used, "in a forth b", f"b {back} a", "b out", **own)


def test_a_cycle_carries_one_step_into_its_header(nets: Any) -> None:
    """a is the first that the input reaches, so the edge b → a is the late one."""
    graph = cycle(nets, "back")
    delays = {c.name: c.delay for c in nets.compiled(graph).connections}
    assert delays == {"in->a": 0, "forth": 0, "back": 1}
    recording = nets.run(graph, [[1], [0], [0]])
    assert fired(recording, "a") == fired(recording, "b") == [0, 1, 2]


def test_a_cycle_with_a_delay_gets_no_other_step(nets: Any) -> None:
    graph = cycle(nets, "late back")
    delays = {c.name: c.delay for c in nets.compiled(graph).connections}
    assert delays == {"in->a": 0, "forth": 0, "back": 3}
    assert fired(nets.run(graph, [[1]] + [[0]] * 7), "a") == [0, 3, 6]


def test_the_user_may_name_the_late_edge(nets: Any) -> None:
    graph = cycle(nets, "back")
    program = nets.compiled(graph, delay_edges=(("a", "b"),))
    assert {c.name: c.delay for c in program.connections} == {"in->a": 0, "forth": 1, "back": 0}
    recording = nets.run(graph, [[1], [0], [0]], delay_edges=(("a", "b"),))
    assert (fired(recording, "a"), fired(recording, "b")) == ([0, 1, 2], [1, 2])


def test_a_late_edge_that_is_none_is_named(nets: Any) -> None:
    with pytest.raises(ConfigError, match="`delay_edges` b,in: no such path"):
        nets.compiled(cycle(nets, "back"), delay_edges=(("b", "in"),))


def rivals(nets: Any, first: str, second: str) -> tuple[dict[str, nir.NIRNode], list[str]]:
    """in → first ⇄ second ← in: two that inhibit each other, the same but for their names."""
    nodes = {"in": nets.source(1), "out": nets.sink(1), "out2": nets.sink(1)}
    nodes |= {name: nets.affine([[1.1]]) for name in ("w1", "w2")}
    nodes |= {name: nets.affine([[-2.0]]) for name in ("i1", "i2")}
    nodes |= {name: nets.threshold(1, at=1) for name in (first, second)}
    chains = [f"in w1 {first} i1 {second} out2", f"in w2 {second} i2 {first} out"]
    return nodes, chains


@pytest.mark.parametrize("turned", [False, True], ids=["in order", "reordered"])
@pytest.mark.parametrize(("first", "second"), [("a", "b"), ("b", "a"), ("left", "right")])
def test_names_and_orders_do_not_decide(nets: Any, first: str, second: str, turned: bool) -> None:
    """Who sees the other's spikes in the same step is a question; the answer is what decides."""
    nodes, chains = rivals(nets, first, second)
    if turned:
        nodes, chains = dict(reversed(nodes.items())), chains[::-1]
    graph = nets.graph(nodes, *chains)
    with pytest.raises(ConfigError, match="nothing says which edge carries the step") as error:
        nets.compiled(graph)
    for name in (f"'{first}'", f"'{second}'", f"{first},{second}", f"{second},{first}"):
        assert name in str(error.value)
    late = ((second, first),)
    recording = nets.run(graph, [[1]] * 4, delay_edges=late)
    assert (fired(recording, first), fired(recording, second)) == ([0, 1, 2, 3], [])
    both = nets.run(graph, [[1]] * 4, delay_edges=(*late, (first, second)))
    assert fired(both, first) == fired(both, second) == [0, 2]


RINGS = {
    "one entry": "in>a a>b b>c c>a",
    "a loop within": "in>a a>b b>c c>b c>a",
    "to itself": "in>a a>a a>b b>b b>c",
    "one hub": "in>a in>b a>c c>a b>c c>b",
}


@pytest.mark.parametrize("ring", RINGS.values(), ids=RINGS)
def test_a_loop_with_one_order_is_the_same_by_any_name(nets: Any, ring: str) -> None:
    """Every naming of the populations, with nodes and edges in another order each time."""
    rng, seen = np.random.default_rng(0), set()
    data = (rng.random((12, 1)) < 0.4).astype(int)
    for names in permutations("xyz"):
        named = dict(zip("abc", names), **{"in": "in"})
        nodes = {name: nets.lif(1, threshold=0.5, r=3.0) for name in names}
        nodes |= {"in": nets.source(1), "out": nets.sink(1)}
        pairs = [(named[edge[:-2]], named[edge[-1]]) for edge in ring.split()]
        chains = [f"{source} {source}{target} {target}" for source, target in pairs]
        nodes |= {f"{source}{target}": nets.affine([[0.75]]) for source, target in pairs}
        order = rng.permutation(list(nodes))
        chains = list(rng.permutation([*chains, f"{named['c']} out"]))
        recording = nets.run(nets.graph({name: nodes[name] for name in order}, *chains), data)
        seen.add(tuple(tuple(fired(recording, named[name])) for name in "abc"))
    (fires,) = seen
    assert all(fires)


def loop_of_weights(nets: Any, a: str, b: str, *more: str) -> nir.NIRGraph:
    """in → a → b → a, out of both: r[t] = in[t] + r[t − 1]/2 before a."""
    nodes = {"in": nets.source(1), a: nets.affine([[1.0]]), b: nets.affine([[0.5]])}
    nodes |= {"v": nets.li(1, tau=nets.dt, r=1.0), "out": nets.sink(1)}
    return nets.graph(nodes, f"in {a} {b} {a} v out", *more)


@pytest.mark.parametrize(("a", "b"), [("p", "q"), ("q", "p")])
def test_a_loop_of_weights_is_late_where_it_is_entered(nets: Any, a: str, b: str) -> None:
    membranes = nets.run(loop_of_weights(nets, a, b), [[1], [0], [0]]).membranes["v"]
    assert membranes.ravel().tolist() == [1.0, 0.5, 0.25]
    with pytest.raises(GraphError, match="is entered at 'p' and 'q', so nothing says where"):
        nets.compiled(loop_of_weights(nets, a, b, f"in {b}"))


def test_a_flatten_joins_axes_in_c_order(nets: Any) -> None:
    flatten = nir.Flatten({"input": np.array([2, 2, 2])}, 0, -1)
    weight = np.arange(8.0)[None]
    nodes = {
        "in": nets.source(2, 2, 2),
        "flat": flatten,
        "w": nets.affine(weight),
        "sum": nets.li(1, tau=nets.dt, r=1.0),
        "out": nets.sink(1),
    }
    stream = np.eye(8).reshape(8, 2, 2, 2)
    recording = nets.run(nets.chain(nodes), stream)
    assert recording.membranes["sum"].ravel().tolist() == list(range(8))


@pytest.mark.parametrize(
    ("start", "end", "shape"), [(0, 1, (6, 4)), (1, 2, (2, 12)), (1, -1, (2, 12)), (0, -1, (24,))]
)
def test_a_flatten_may_join_some_axes(
    nets: Any, start: int, end: int, shape: tuple[int, ...]
) -> None:
    nodes = {
        "in": nets.source(2, 3, 4),
        "flat": nir.Flatten({"input": np.array([2, 3, 4])}, start, end),
        "a": nets.threshold(*shape),
        "out": nets.sink(*shape),
    }
    assert nets.compiled(nets.chain(nodes)).layer("a").shape == shape


@pytest.mark.parametrize("precision", ["float", "fixed"])
@pytest.mark.parametrize("analog", [False, True])
def test_a_flatten_may_stand_anywhere(nets: Any, precision: Precision, analog: bool) -> None:
    """Before neurons, between weights and neurons, after neurons: the same as none at all."""
    rng = np.random.default_rng(0)
    weight, bias = rng.normal(0.3, 0.5, (3, 2, 2, 2)), np.array([0.1, 0.2, -0.1])
    conv = nir.Conv2d((3, 3), weight, 1, 0, 1, 1, bias)
    tau = np.repeat([2e-3, 3e-3, 4e-3], 4)
    mapped = {
        "in": nets.source(2, 3, 3),
        "conv": conv,
        "a": nets.lif(3, 2, 2, tau=tau.reshape(3, 2, 2)),
        "b": nets.threshold(3, 2, 2),
        "out": nets.sink(3, 2, 2),
    }
    flat = {
        **mapped,
        "f": nir.Flatten({"input": np.array([3, 2, 2])}, 0, -1),
        "a": nets.lif(12, tau=tau),
        "b": nets.threshold(12),
        "out": nets.sink(12),
    }
    late = {
        **mapped,
        "f": nir.Flatten({"input": np.array([3, 2, 2])}, 0, -1),
        "b": nets.threshold(12),
        "out": nets.sink(12),
    }
    own = {"inputs": {"in": {"analog": analog}}}
    stream = rng.random((20, 2, 3, 3))
    stream = stream if analog else stream < 0.4
    graphs = [
        nets.chain(mapped, **own),
        nets.graph(flat, "in conv f a b out", **own),
        nets.graph(late, "in conv a f b out", **own),
    ]
    runs = [nets.run(graph, stream, precision) for graph in graphs]
    assert runs[0].spikes["a"].any()
    for other in runs[1:]:
        for name in "ab":
            fired = runs[0].spikes[name].reshape(20, -1)
            np.testing.assert_array_equal(other.spikes[name].reshape(20, -1), fired)


def loop(values: Any, currents: np.ndarray, dt: float, subtract: bool) -> np.ndarray:
    """LIF by forward Euler, one neuron and step after another: spikes (T, N)."""
    tau, r, leak, threshold, reset = values
    v, spikes = list(leak), np.zeros(currents.shape, bool)
    for t, i in np.ndindex(currents.shape):
        v[i] += dt / tau[i] * (leak[i] - v[i] + r[i] * currents[t, i])
        if v[i] > threshold[i]:
            spikes[t, i] = True
            v[i] = v[i] - threshold[i] if subtract else reset[i]
    return spikes


@pytest.mark.parametrize("subtract", [False, True])
@pytest.mark.parametrize("alike", [False, True])
def test_leak_and_reset_away_from_zero(nets: Any, subtract: bool, alike: bool) -> None:
    """Against a plain loop, every neuron with parameters of its own (or all alike)."""
    rng = np.random.default_rng(4)
    spans = {"tau": (2e-3, 2e-2), "r": (1, 4), "leak": (-0.2, 0.3), "threshold": (0.5, 1)}
    values = {name: rng.uniform(*span, 1 if alike else 6) for name, span in spans.items()}
    values["reset"] = rng.uniform(-0.4, 0.3, 1 if alike else 6)
    weight, bias = rng.normal(0.3, 0.6, (6, 5)), rng.normal(0.1, 0.1, 6)
    nodes = {
        "in": nets.source(5),
        "w": nets.affine(weight, bias),
        "lif": nets.lif(6, **values),
        "out": nets.sink(6),
    }
    stream = rng.random((200, 5)) < 0.5
    graph = nets.chain(nodes)
    found = nets.run(graph, stream, reset="subtract" if subtract else None, initial="v_leak")
    wide = [np.broadcast_to(value, 6) for value in values.values()]
    expected = loop(wide, stream @ weight.T + bias, nets.dt, subtract)
    assert expected.any(axis=0).all()
    np.testing.assert_array_equal(found.spikes["lif"][0], expected)


def test_reset_by_subtraction_keeps_what_is_over(nets: Any) -> None:
    nodes = {
        "in": nets.source(1),
        "w": nets.affine([[2.5]]),
        "lif": nets.lif(1, tau=1e3, r=1e6),  # dt/τ = 1e-6: no leak to speak of
        "out": nets.sink(1),
    }
    graph = nets.chain(nodes, reset="subtract")
    stream = [[1], [0], [0], [0]]
    assert fired(nets.run(graph, stream), "lif") == [0, 1]
    assert fired(nets.run(graph, stream, reset="zero"), "lif") == [0]


def test_the_first_membrane_is_v_leak_or_v_reset(nets: Any) -> None:
    nodes = {
        "in": nets.source(1),
        "lif": nets.lif(1, leak=0.8, reset=0.2),
        "out": nets.sink(1),
    }
    graph = nets.chain(nodes)
    first = {
        start: nets.run(graph, [[0]], initial=start).membranes["lif"].item()
        for start in ("v_leak", "v_reset")
    }
    program = nets.compiled(graph, initial="v_leak")
    real = {start: program.layer("lif").to_real(np.array(v)).item() for start, v in first.items()}
    assert real == pytest.approx({"v_leak": 0.8, "v_reset": 0.5})


def test_an_analog_input_becomes_host_currents(nets: Any) -> None:
    nodes = {
        "in": nets.source(2),
        "w": nets.affine([[0.5, -1.0]], 0.25),
        "sum": nets.li(1, tau=nets.dt, r=1.0),
        "out": nets.sink(1),
    }
    graph = nets.chain(nodes, inputs={"in": {"analog": True}})
    stream = [[0.5, 0.125], [-1.0, 1.0]]
    program = nets.compiled(graph)
    (connection,) = program.connections
    assert connection.on_host
    assert program.layer("sum").neuron.bias == 0  # the bias comes with the current
    assert nets.run(graph, stream).membranes["sum"].ravel().tolist() == [0.375, -1.25]


def test_outputs_of_spiking_and_silent_layers(nets: Any) -> None:
    nodes = {
        "in": nets.source(1),
        "a": nets.threshold(1),
        "w": nets.affine([[1.0]]),
        "v": nets.li(1),
        "spikes": nets.sink(1),
        "value": nets.sink(1),
    }
    graph = nets.graph(nodes, "in a w v value", "a spikes", readouts={"value": {"tanh": True}})
    recording = nets.run(graph, [[1]])
    assert set(recording.outputs) == {"value"}
    assert recording.outputs["value"].item() == pytest.approx(np.tanh(1.0))


def test_metadata_without_meaning_changes_nothing(nets: Any) -> None:
    plain, labelled = nets.small(), nets.small()
    labelled.metadata["author"] = "somebody"
    labelled.metadata["snnvae"]["dataset"] = "digits"
    assert nets.compiled(plain).digest() == nets.compiled(labelled).digest()


def test_the_order_of_nodes_and_edges_does_not_matter(nets: Any) -> None:
    graph = cycle(nets, "back")
    nodes = dict(reversed(graph.nodes.items()))
    turned = nir.NIRGraph(nodes, list(reversed(graph.edges)), metadata=graph.metadata)
    for precision in ("float", "fixed"):
        one, other = (nets.compiled(g, precision) for g in (graph, turned))
        assert one.digest() == other.digest()


def test_a_first_membrane_that_nobody_states_is_asked_for(nets: Any) -> None:
    nodes = {
        "in": nets.source(1),
        "lif": nets.lif(1, leak=0.8, reset=0.2),
        "out": nets.sink(1),
    }
    with pytest.raises(ConfigError, match=r"'lif'.*v_leak \(0\.8\).*v_reset \(0\.2\).*`initial`"):
        nets.compiled(nets.chain(nodes))


def membranes(nets: Any, nodes: dict[str, nir.NIRNode], *edges: str) -> list[float]:
    """Membrane of 'n' at dt/τ = 1 after each of five steps without input."""
    names = [name for name, node in nodes.items() if isinstance(node, nir.Input)]
    program = nets.compiled(nets.graph(nodes, *edges))
    stimulus = Stimulus({name: np.zeros((1, 5, 1), bool) for name in names}, (0,))
    traced = reference.run(program, stimulus, membranes=True).membranes["n"]
    return [round(float(v), 9) for v in traced.ravel()]


def test_a_weight_node_adds_its_bias_once_to_the_sum_of_its_sources(nets: Any) -> None:
    """NIR: y = W·(x₁ + x₂) + b, also where one source is the neuron's own past."""
    nodes = {
        "a": nets.source(1),
        "w": nets.affine([[0.0]], 0.2),
        "n": nets.lif(1, tau=nets.dt, r=1.0),
        "out": nets.sink(1),
    }
    assert membranes(nets, nodes, "a w n out") == [0.2] * 5
    assert membranes(nets, nodes, "a w n out", "n w") == [0.2] * 5
    assert membranes(nets, {**nodes, "b": nets.source(1)}, "a w n out", "b w") == [0.2] * 5


def test_two_weight_nodes_add_both_their_biases(nets: Any) -> None:
    nodes = {
        "a": nets.source(1),
        "w": nets.affine([[0.0]], 0.2),
        "u": nets.affine([[0.0]], 0.3),
        "n": nets.lif(1, tau=nets.dt, r=1.0),
        "out": nets.sink(1),
    }
    assert membranes(nets, nodes, "a w n out", "a u n") == [0.5] * 5


def test_any_weight_or_parameter_changes_the_digest(nets: Any) -> None:
    seen = {nets.compiled(nets.small(), initial="v_leak").digest()}
    changes = [
        ("conv", "weight"),
        ("conv", "bias"),
        ("up", "weight"),
        ("last", "bias"),
        ("first", "v_threshold"),
        ("second", "tau"),
        ("second", "v_reset"),
        ("readout", "r"),
        ("readout", "v_leak"),
    ]
    for name, field in changes:
        graph = nets.small()
        array = getattr(graph.nodes[name], field)
        if field in ("weight", "bias"):
            # The next float32: a last bit of float64 is below the grid of the sums.
            array.flat[0] = np.nextafter(np.float32(array.flat[0]), np.float32(np.inf))
        else:
            array += 1e-6
        seen.add(nets.compiled(graph, initial="v_leak").digest())
    assert len(seen) == len(changes) + 1
    assert nets.compiled(nets.small(), initial="v_leak").digest() in seen


def test_settings_change_the_digest(nets: Any) -> None:
    graph = nets.small()
    options = [{}, {"dt": 9e-4}, {"reset": "subtract"}, {"analog": ("in",)}]
    found = {nets.compiled(graph, **o).digest() for o in options}
    found.add(nets.compiled(graph, "fixed").digest())
    assert len(found) == 5


def two(nets: Any, **nodes: Any) -> dict[str, nir.NIRNode]:
    return {"in": nets.source(2), **nodes, "out": nets.sink(2)}


def test_a_node_that_nir_does_not_have_is_named(nets: Any) -> None:
    graph = nets.chain(two(nets, w=nets.affine(np.eye(2)), a=nets.threshold(2)))

    class Strange(nir.NIRNode):
        def __init__(self) -> None:
            self.input_type, self.output_type = {"input": None}, {"output": None}

    graph.nodes["w"] = Strange()
    with pytest.raises(UnsupportedError, match=r"node 'w' \(Strange\) is not supported; .{10}"):
        nets.compiled(graph)


def test_shapes_that_do_not_meet_are_named(nets: Any) -> None:
    graph = nets.chain(two(nets, w=nets.affine(np.ones((2, 2))), a=nets.threshold(2)))
    graph.nodes["w"] = nets.affine(np.ones((3, 2)))
    with pytest.raises(GraphError, match=r"node 'a' \(Threshold\) has shape \(2,\), but 'w' gives"):
        nets.compiled(graph)
    graph.nodes["w"] = nets.affine(np.ones((2, 3)))
    with pytest.raises(GraphError, match=r"node 'w' \(Affine\) takes a vector of 3 values"):
        nets.compiled(graph)


def values_of(nets: Any, graph: nir.NIRGraph, stream: Any, layer: str) -> list[float]:
    return nets.run(graph, stream).membranes[layer].ravel().tolist()


def test_weights_straight_after_weights_are_multiplied(nets: Any) -> None:
    """y = 2·(3·x + 1) + 5."""
    nodes = {
        "in": nets.source(1),
        "w1": nets.affine([[3.0]], 1.0),
        "w2": nets.affine([[2.0]], 5.0),
        "sum": nets.li(1, tau=nets.dt, r=1.0),
        "out": nets.sink(1),
    }
    graph = nets.chain(nodes)
    assert [c.name for c in nets.compiled(graph).connections] == ["w1+w2"]
    assert values_of(nets, graph, [[0], [1]], "sum") == [7, 13]


def test_a_loop_without_neurons_gets_a_relay(nets: Any) -> None:
    """y[t] = x[t] + y[t − 2]."""
    nodes = {
        "in": nets.source(1),
        "w": nets.affine([[1.0]]),
        "d": nets.delay(1, steps=2),
        "v": nets.li(1, tau=nets.dt, r=1.0),
        "out": nets.sink(1),
    }
    graph = nets.graph(nodes, "in w d w", "w v out")
    assert values_of(nets, graph, [[1], [0], [1], [0], [0]], "v") == [1, 0, 2, 0, 2]


def test_an_output_may_sum_several_layers(nets: Any) -> None:
    nodes = two(
        nets, a=nets.threshold(2), b=nets.threshold(2, at=1.5), w=nets.affine(2 * np.eye(2))
    )
    graph = nets.graph(nodes, "in a out", "in w b out")
    program = nets.compiled(graph)
    assert program.outputs == {"out": "out.relay"}
    assert program.layer("out.relay").added_by_compiler
    assert nets.run(graph, [[1, 0]]).outputs["out"].tolist() == [[2, 0]]


def test_an_output_may_come_straight_from_weights_an_input_or_a_delay(nets: Any) -> None:
    nodes = two(nets, w=nets.affine(np.array([[1.0, 2.0], [3.0, 4.0]]), 0.5), d=nets.delay(2))
    nodes |= {"echo": nets.sink(2), "late": nets.sink(2)}
    graph = nets.graph(nodes, "in w out", "in echo", "in d late")
    outputs = nets.run(graph, [[1, 0], [0, 1]]).outputs
    assert outputs["out"].tolist() == [[2.5, 4.5]]
    assert outputs["echo"].tolist() == [[0, 1]]
    assert outputs["late"].tolist() == [[1, 0]]


def test_a_membrane_may_feed_further_layers(nets: Any) -> None:
    """A leaky integrator drives a threshold, and an analog value reaches it through weights."""
    nodes = {
        "in": nets.source(1),
        "v": nets.li(1, tau=2 * nets.dt, r=1.0),
        "w": nets.affine([[2.0]], -0.5),
        "a": nets.threshold(1, at=0.0),
        "out": nets.sink(1),
    }
    graph = nets.chain(nodes)
    for precision in ("float", "fixed"):
        recording = nets.run(graph, [[1], [0], [0], [1]], precision)
        assert fired(recording, "a") == [0, 3], precision


def test_delays_may_differ_from_neuron_to_neuron(nets: Any) -> None:
    nodes = two(nets, d=nir.Delay(np.array([1e-3, 3e-3])), a=nets.threshold(2))
    spikes = nets.run(nets.chain(nodes), [[1, 1], [0, 0], [0, 0], [0, 0]]).spikes["a"][0]
    assert spikes.T.tolist() == [[False, True, False, False], [False, False, False, True]]


def test_a_bias_behind_weights_may_be_delayed(nets: Any) -> None:
    """It begins late, like everything that passes the delay."""
    nodes = {
        "in": nets.source(1),
        "w": nets.affine([[2.0]], 1.0),
        "d": nets.delay(1, steps=2),
        "v": nets.li(1, tau=nets.dt, r=1.0),
        "out": nets.sink(1),
    }
    assert values_of(nets, nets.chain(nodes), [[1], [0], [1], [1]], "v") == [0, 0, 3, 1]


@pytest.mark.parametrize(("rule", "values"), [("at-once", [1, 1, 3]), ("delayed", [0, 1, 3])])
def test_the_bias_of_a_loop_begins_as_stated(nets: Any, rule: str, values: list[int]) -> None:
    """a's own spike comes round as 2, with a bias of 1, which alone does not make it fire."""
    nodes = {
        "in": nets.source(1),
        "a": nets.lif(1, tau=nets.dt, r=1.0, threshold=3.5),
        "w": nets.affine([[2.0]], 1.0),
        "drive": nets.affine([[4.0]]),
        "v": nets.li(1, tau=nets.dt, r=1.0),
        "out": nets.sink(1),
    }
    graph = nets.graph(nodes, "in drive a", "a w a", "a v out")
    with pytest.raises(ConfigError, match=r"bias of 'w', in the loop .* `loop_bias`"):
        nets.compiled(graph)
    recording = nets.run(graph, [[0], [1], [0]], loop_bias=rule)
    assert fired(recording, "a") == [1]
    assert recording.membranes["a"].ravel().tolist() == [values[0], 0, values[2]]


@pytest.mark.parametrize(("gain", "when"), [("dt", [2]), ("one", [0, 1, 2])])
def test_the_gain_of_a_neuron_without_leak_must_be_stated(
    nets: Any, gain: str, when: list[int]
) -> None:
    node = nir.IF(np.full(1, 0.4 / nets.dt), np.full(1, 1.0))
    nodes = {"in": nets.source(1), "a": node, "out": nets.sink(1)}
    with pytest.raises(ConfigError, match=r"node 'a' \(IF\).*`if_gain`"):
        nets.compiled(nets.chain(nodes))
    assert fired(nets.run(nets.chain(nodes), [[1]] * 3, if_gain=gain), "a") == when


def test_the_exponential_integrator_is_the_exact_solution_for_a_constant_input(nets: Any) -> None:
    """v(t) = R·(1 − exp(−t/τ)) for an input of 1."""
    nodes = {"in": nets.source(1), "v": nets.li(1, tau=3e-3, r=2.0), "out": nets.sink(1)}
    graph = nets.chain(nodes)
    found = nets.run(graph, [[1]] * 5, integrator="exponential").membranes["v"].ravel()
    exact = 2 * (1 - np.exp(-np.arange(1, 6) * nets.dt / 3e-3))
    np.testing.assert_allclose(found, exact, rtol=1e-14)


def test_the_published_neuron_of_the_exponential_tools(nets: Any) -> None:
    """Pedersen et al. 2024, experiment 1: what Rockpool and Sinabs give."""
    graph = nets.chain(nir_paper.nodes(), dt=nir_paper.DT)
    recording = nets.run(graph, nir_paper.stream(), integrator="exponential-decay")
    assert fired(recording, "lif") == nir_paper.EXPONENTIAL


def test_a_delay_is_a_whole_number_of_steps(nets: Any) -> None:
    for steps, message in ((1.5, "not a multiple of dt"), (-1, "negative")):
        nodes = two(nets, d=nets.delay(2, steps=steps), a=nets.threshold(2))
        with pytest.raises(GraphError, match=rf"delay .* between 'in' and 'a' is {message}"):
            nets.compiled(nets.chain(nodes))


@pytest.mark.parametrize("steps", [np.nan, np.inf])
def test_a_delay_is_finite(nets: Any, steps: float) -> None:
    nodes = two(nets, d=nets.delay(2, steps=steps), a=nets.threshold(2))
    with pytest.raises(GraphError, match="delay"):
        nets.compiled(nets.chain(nodes))


def test_an_input_that_is_fed_is_refused(nets: Any) -> None:
    nodes = {**two(nets, a=nets.threshold(2)), "in2": nets.source(2)}
    with pytest.raises(GraphError, match=r"'in2' is an input, yet an edge leads into it"):
        nets.graph(nodes, "in a out", "a in2 a")


def test_a_neuron_s_fault_is_told_with_its_name(nets: Any) -> None:
    with pytest.raises(GraphError, match=r"node 'a' \(LIF\): tau = 0.0001 s is shorter than dt"):
        nets.compiled(nets.chain(two(nets, a=nets.lif(2, tau=1e-4))))


def test_values_that_are_no_numbers_are_refused(nets: Any) -> None:
    graph = nets.chain(two(nets, w=nets.affine([[1, 2], [3, np.nan]]), a=nets.threshold(2)))
    with pytest.raises(GraphError, match=r"'weight' of node 'w' \(Affine\) is not finite"):
        nets.compiled(graph)


def test_the_compiler_leaves_the_graph_alone(nets: Any) -> None:
    graph = nets.small()
    before = {name: {k: np.copy(v) for k, v in vars(n).items()} for name, n in graph.nodes.items()}
    edges = list(graph.edges)
    for precision in ("float", "fixed"):
        compile_graph(graph, precision, Options())
    assert graph.edges == edges
    for name, node in graph.nodes.items():
        for field, value in vars(node).items():
            np.testing.assert_array_equal(value, before[name][field])


def test_a_precision_that_there_is_not_is_refused(nets: Any) -> None:
    with pytest.raises(ConfigError, match="`precision` 'int8': choose float or fixed"):
        compile_graph(nets.small(), "int8")  # type: ignore[arg-type]
