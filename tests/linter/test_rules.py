"""Each rule finds what it is for, and nothing in a network that is well."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import h5py
import nir
import numpy as np
import pytest

from snnvae import zoo
from snnvae.errors import ConfigError, GraphError
from snnvae.linter.finding import Findings
from snnvae.linter.rules import RULES
from snnvae.linter.run import lint
from snnvae.options import Options

SIZE = 3
Graph = Callable[[], nir.NIRGraph]


def vector(value: Any) -> np.ndarray:
    return np.broadcast_to(np.asarray(value, np.float32), (SIZE,)).copy()


def lif(**changed: Any) -> nir.LIF:
    values = {"tau": 0.01, "r": 1.0, "v_leak": 0.0, "v_threshold": 1.0, "v_reset": 0.0, **changed}
    return nir.LIF(**{key: vector(value) for key, value in values.items()})


def integrate(**changed: Any) -> nir.IF:
    values = {"r": 1.0, "v_threshold": 1.0, "v_reset": 0.0, **changed}
    return nir.IF(**{key: vector(value) for key, value in values.items()})


def cuba(**changed: Any) -> nir.CubaLIF:
    values = {"tau_syn": 5e-3, "tau_mem": 0.01, "r": 1.0, "v_leak": 0.0, "v_threshold": 0.1,
              "v_reset": 0.0, "w_in": 5.0, **changed}  # fmt: skip
    return nir.CubaLIF(**{key: vector(value) for key, value in values.items()})


def weights(scale: float = 0.5) -> nir.Linear:
    return nir.Linear(np.full((SIZE, SIZE), scale, np.float32))


def diagonal(*values: float) -> nir.Linear:
    return nir.Linear(np.diag(values).astype(np.float32))


def biased() -> nir.Affine:
    return nir.Affine(np.full((SIZE, SIZE), 0.25, np.float32), vector(0.5))


def net(*ways: str, **nodes: nir.NIRNode) -> nir.NIRGraph:
    """Input, nodes and output, wired as the ways say, by default in a row."""
    ends = {"input": nir.Input({"input": np.array([SIZE])}),
            "output": nir.Output({"output": np.array([SIZE])})}  # fmt: skip
    every = {"input": ends["input"], **nodes, "output": ends["output"]}
    edges: list[tuple[str, str]] = []
    for way in ways or (" > ".join(every),):
        names = way.split(" > ")
        edges += list(pairwise(names))
    return nir.NIRGraph(every, edges, type_check=False)


def well() -> nir.NIRGraph:
    return net(w=weights(), lif=lif())


def loop(inner: nir.NIRNode) -> nir.NIRGraph:
    return net("input > w > lif > output", "lif > back > lif", w=weights(), lif=lif(), back=inner)


def two_hubs() -> nir.NIRGraph:
    return net(
        "input > w > a > ab > b > output", "input > v > b > ba > a",
        w=weights(), v=weights(), a=lif(), b=lif(), ab=weights(), ba=weights(),
    )  # fmt: skip


def no_output() -> nir.NIRGraph:
    graph = well()
    del graph.nodes["output"]
    graph.edges = [edge for edge in graph.edges if "output" not in edge]
    return graph


def nested() -> nir.NIRGraph:
    return net(layer=well())


def grouped() -> nir.NIRGraph:
    kernel = nir.Conv2d(
        (4, 4), np.ones((2, 1, 3, 3), np.float32), 1, 1, 1, 2, np.zeros(2, np.float32)
    )
    node = nir.IF(np.ones((2, 4, 4), np.float32), np.ones((2, 4, 4), np.float32))
    nodes = {"input": nir.Input({"input": np.array([2, 4, 4])}), "conv": kernel, "if": node,
             "output": nir.Output({"output": np.array([2, 4, 4])})}  # fmt: skip
    return nir.NIRGraph(
        nodes, [("input", "conv"), ("conv", "if"), ("if", "output")], type_check=False
    )


STATED = {"dt": 1e-3, "reset": "zero", "spike": "above", "integrator": "euler"}

CASES: Mapping[str, tuple[Graph, dict[str, Any], str]] = {
    "refused": (
        lambda: net(w=weights(), lif=lif(v_threshold=np.inf), v=weights(), n=lif()),
        {}, "",
    ),
    "dead-end": (
        lambda: net("input > w > lif > output", "lif > v", w=weights(), lif=lif(), v=weights()),
        {}, "v",
    ),
    "no-output": (no_output, {}, ""),
    "unread": (
        lambda: net(
            "input > w > lif > output", "lif > v > idle",
            w=weights(), lif=lif(), v=weights(), idle=lif(),
        ),
        {}, "idle",
    ),
    "undriven": (
        lambda: net(
            "input > w > lif > output", "tonic > v > lif",
            w=weights(), lif=lif(), v=weights(), tonic=lif(v_leak=2.0),
        ),
        {"initial": "zero"}, "tonic",
    ),
    "names-collide": (lambda: net(**{"a.b": weights(), "a_b": lif()}), {}, "a.b, a_b"),
    "nested": (nested, {}, "layer"),
    "dt-unstated": (well, {"dt": None}, ""),
    "tau-in-steps": (lambda: net(w=weights(), lif=lif(tau=10.0)), {}, "lif.tau"),
    "tau-tiny": (lambda: net(w=weights(), lif=lif(tau=1e-5)), {}, "lif.tau"),
    "tau-below-dt": (lambda: net(w=weights(), lif=lif(tau=[0.01, 5e-4, 0.01])), {}, "lif.tau"),
    "tau-is-dt": (lambda: net(w=weights(), lif=lif(tau=1e-3)), {}, "lif.tau"),
    "tau-very-long": (lambda: net(w=weights(), lif=lif(tau=20.0)), {}, "lif.tau"),
    "delay-off-grid": (
        lambda: net(w=weights(), late=nir.Delay(vector([1e-3, 1.5e-3, 0])), lif=lif()),
        {}, "late",
    ),
    "conventions-unstated": (well, {"reset": None}, ""),
    "initial-unstated": (lambda: net(w=weights(), lif=lif(v_leak=0.25)), {}, "lif"),
    "if-gain-unstated": (lambda: net(w=weights(), n=integrate()), {}, "n"),
    "reset-above-threshold": (
        lambda: net(w=weights(), lif=lif(v_reset=[0, 2, 0])),
        {"initial": "zero"}, "lif",
    ),
    "threshold-not-positive": (
        lambda: net(w=weights(), lif=lif(v_threshold=[1, 0, 1])),
        {}, "lif",
    ),
    "tonic": (lambda: net(w=weights(), lif=lif(v_leak=[0, 0, 2])), {"initial": "zero"}, "lif"),
    "cannot-fire": (lambda: net(w=weights(1e-3), lif=lif()), {}, "lif"),
    "some-cannot-fire": (lambda: net(w=weights(), lif=lif(v_threshold=[1, 1, 99])), {}, "lif"),
    "ignored-by-readers": (
        lambda: net(w=weights(), lif=lif(v_reset=-1.0)),
        {"initial": "zero"}, "lif",
    ),
    "loop-ambiguous": (two_hubs, {}, ""),
    "loop-bias-unstated": (lambda: loop(biased()), {}, ""),
    "loop-without-delay": (lambda: loop(weights()), {}, "back"),
    "loop-too-short": (lambda: loop(weights()), {}, "lif"),
    "looks-like": (lambda: net(w=weights(), lif=lif(r=0.01 / 1e-4)), {}, ""),
    "lost-by-writer": (well, {"conventions": "snntorch"}, "lif"),
    "fixed-point-refuses": (
        lambda: net(w=diagonal(1.0, 1e-3, 4e4), lif=lif(v_threshold=[1, 1, 4e4])),
        {}, "lif",
    ),
    "rounds-coarsely": (lambda: net(w=weights(9.0), lif=lif(tau=1.5)), {}, "lif"),
    "fixed-point-notes": (
        lambda: net(w=diagonal(100.0, 0.1, 0.1), lif=lif(v_threshold=[90, 0.2, 0.2])),
        {}, "lif",
    ),
    "no-stock-process": (lambda: loop(weights()), {}, ""),
}  # fmt: skip
"""By rule: a network that it finds something in, options besides those stated, and where."""
ELSEWHERE = {
    "scalar-parameter", "leading-axes", "nir-refuses", "reset-missing",  # of files
    "layer-silent", "layer-saturated", "neurons-silent", "neurons-always-on", "input-silent",
    "chip-rules",
}  # fmt: skip


def found(graph: nir.NIRGraph, **options: Any) -> Findings:
    return lint(graph, options=Options(**{**STATED, **options}))


def test_every_rule_is_tested() -> None:
    assert {rule.name for rule in RULES} == {*CASES, *ELSEWHERE}
    assert all(rule.about.endswith(".") for rule in RULES)


def test_a_network_that_is_well_has_no_findings() -> None:
    assert found(well()).found == ()
    assert repr(found(well())) == "<Findings: 0 errors, 0 warnings, 0 notes>"


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_rule_finds_what_it_is_for(name: str) -> None:
    graph, options, where = CASES[name]
    (finding, *_) = found(graph(), **options).by(name) or [None]
    assert finding is not None, found(graph(), **options).found
    assert finding.where == where
    assert finding.what
    assert finding.remedy


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_rule_finds_nothing_in_another_ones_network(name: str) -> None:
    """None is one that always finds something: the well network has no finding of it."""
    assert not found(well()).by(name)


def test_assumptions_are_no_statements() -> None:
    """Several things that nobody states are told at once, not one after the other."""
    graph = net(w=weights(), lif=lif(v_leak=0.25), v=weights(), n=integrate())
    names = {f.rule for f in lint(graph).found if f.level == "error"}
    assert names == {"dt-unstated", "initial-unstated", "if-gain-unstated"}
    named = lint(graph, options=Options(conventions="norse"))
    assert named.count("error") == 0


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"tau": [0.01, 5e-4, 0.01]}, {"tau-below-dt"}),
        ({"tau": 5e-4, "v_leak": np.nan}, {"tau-below-dt", "refused"}),
        ({"tau": 0.0}, {"refused"}),
        ({"delay": [1e-3, 1.5e-3, 0]}, {"delay-off-grid"}),
        ({"delay": -1.5e-3}, {"refused"}),
        ({"delay": 1.5e-3, "tau": 5e-4}, {"tau-below-dt", "delay-off-grid"}),
        ({"delay": 1.7e-3, "dt": None}, {"dt-unstated"}),
    ],
)
def test_a_fault_is_told_once_and_hides_no_other(changed: dict[str, Any], named: set[str]) -> None:
    values = dict(changed)
    delay, dt = values.pop("delay", 0.0), values.pop("dt", 1e-3)
    graph = net(w=weights(), late=nir.Delay(vector(delay)), lif=lif(**values))
    errors = [f for f in found(graph, dt=dt).found if f.level == "error"]
    assert {f.rule for f in errors} == named
    assert len(errors) == len(named)
    assert "tau-tiny" not in {f.rule for f in found(graph, dt=dt).found}


def test_one_step_is_no_steps() -> None:
    (finding,) = found(loop(weights())).by("loop-too-short")
    assert finding.what == "the loop has 1 step, where hardware takes 2"


def test_an_errors_own_remedy_is_the_findings() -> None:
    (finding,) = found(net(w=weights(), lif=lif(v_leak=np.nan))).by("refused")
    assert finding.what == "'v_leak' of node 'lif' (LIF) is not finite"
    assert finding.remedy == "give it finite values"


def test_a_convention_that_does_not_matter_is_not_asked_for() -> None:
    assert not found(net(w=weights(), n=integrate()), dt=1.0).by("if-gain-unstated")
    assert not found(loop(weights())).by("loop-bias-unstated")
    assert not found(net(w=weights(), lif=lif())).by("initial-unstated")


def test_a_loop_with_its_delay_needs_no_step() -> None:
    graph = net(
        "input > w > lif > output", "lif > back > late > lif",
        w=weights(), lif=lif(), back=weights(), late=nir.Delay(vector(1e-3)),
    )  # fmt: skip
    assert not found(graph).by("loop-without-delay")


@pytest.mark.parametrize(
    ("tool", "node"),
    [
        ("snntorch", lif(tau=0.01, r=100.0)),
        ("snntorch", cuba(r=100.0)),
        ("sinabs", lif(tau=20.0, r=1.0)),
        ("spikingjelly", integrate(r=1e4)),
        ("rockpool", lif(r=np.exp(-0.1) * 10)),
        ("spyx", lif(tau=4.0, r=0.75)),
        ("norse", lif(tau=1e-5, r=1.0)),
    ],
)
def test_each_tool_is_told_by_its_parameters(tool: str, node: nir.NIRNode) -> None:
    said = found(net(w=weights(), n=node), if_gain="dt").by("looks-like")
    assert [finding.remedy for finding in said] == [f"pass `conventions` {tool}"]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "net.nir"
    nir.write(path, well())
    return path


PARAMETERS = ("tau", "r", "v_leak", "v_threshold", "v_reset")


def edited(
    path: Path,
    change: Callable[[np.ndarray], np.ndarray] | None,
    parameters: tuple[str, ...] = PARAMETERS,
) -> Findings:
    with h5py.File(path, "r+") as held:
        node = held["node/nodes/lif"]
        for key in parameters:
            given = node[key][()]
            del node[key]
            if change is not None:
                node[key] = change(given)
    return lint(path, options=Options(**STATED))


def test_what_a_file_lacks_is_told(file: Path) -> None:
    assert lint(file, options=Options(**STATED)).found == ()
    (finding,) = edited(file, None, ("v_reset",)).found
    assert (finding.rule, finding.where) == ("reset-missing", "lif")


def test_a_scalar_for_a_population_is_told(file: Path) -> None:
    found = edited(file, lambda values: values[0]).by("scalar-parameter")
    assert "tau is a scalar, for 3 neurons" in [finding.what for finding in found]


def test_axes_in_front_are_told(file: Path) -> None:
    found = edited(file, lambda values: values[None]).by("leading-axes")
    assert "tau has shape (1, 3); the first axes are dropped" in [f.what for f in found]


def test_what_nir_itself_refuses_is_told(tmp_path: Path) -> None:
    nir.write(tmp_path / "g.nir", grouped())
    options = Options(**STATED, if_gain="one")
    (finding,) = lint(tmp_path / "g.nir", options=options).by("nir-refuses")
    assert "type mismatch" in finding.what


def test_what_layers_do_on_an_input(tmp_path: Path) -> None:
    graph = net(
        "input > w > on > v > off > output",
        w=diagonal(20.0, 2.0, 0.0), on=lif(),
        v=weights(0.01), off=lif(v_threshold=50.0),
    )  # fmt: skip
    nir.write(tmp_path / "net.nir", graph)
    spikes = np.zeros((2, 50, SIZE), bool)
    spikes[..., 0] = True
    np.save(tmp_path / "x.npy", spikes)

    def seen(data: np.ndarray, **told: Any) -> dict[str, str]:
        np.save(tmp_path / "x.npy", data)
        made = lint(
            tmp_path / "net.nir", options=Options(**STATED), data=tmp_path / "x.npy", **told
        )
        return {f.rule: f.where for f in made.found}

    first = seen(spikes, only=("layer-silent", "neurons-silent", "neurons-always-on"))
    assert first == {"layer-silent": "off", "neurons-silent": "on", "neurons-always-on": "on"}
    assert seen(np.zeros_like(spikes))["input-silent"] == "input"
    nir.write(tmp_path / "net.nir", net(w=weights(20.0), lif=lif()))
    assert seen(np.ones_like(spikes))["layer-saturated"] == "lif"


def test_what_a_chip_cannot_hold_is_told() -> None:
    wide = 5000
    values = (0.01, 1.0, 0.0, 9.0, 0.0)
    nodes = {
        "input": nir.Input({"input": np.array([wide])}),
        "w": nir.Linear(np.ones((2, wide), np.float32)),
        "lif": nir.LIF(*(np.full(2, value, np.float32) for value in values)),
        "output": nir.Output({"output": np.array([2])}),
    }
    graph = nir.NIRGraph(nodes, list(pairwise(nodes)), type_check=False)
    (said, *_) = lint(graph, options=Options(**STATED), chip="loihi1").by("chip-rules")
    assert "lif" in said.where
    assert "loihi1" in said.what


def test_models_of_the_zoo_have_no_errors() -> None:
    for name in ("digits-esvae", "digits-fsvae", "asia-ear", "ising-chain8"):
        assert lint(zoo.path(name)).count("error") == 0, name


def test_rules_are_named() -> None:
    with pytest.raises(ConfigError, match="no rule 'dt': the rules are refused, dead-end"):
        lint(well(), only=("dt",))
    assert {f.rule for f in lint(well(), only=("dt-unstated",)).found} == {"dt-unstated"}
    assert "dt-unstated" not in {f.rule for f in lint(well(), ignore=("dt-unstated",)).found}


def test_what_is_no_nir_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(GraphError, match="no such file"):
        lint(tmp_path / "none.nir")


def test_a_threshold_that_is_met_is_reached_where_that_is_enough() -> None:
    """τ = dt and a weight of 1: the membrane meets its threshold, and passes it never."""
    step = 2.0**-10  # exact in a file's float32
    graph = net(w=diagonal(1.0, 1.0, 1.0), lif=lif(tau=step))
    assert found(graph, spike="above", dt=step).by("cannot-fire")
    assert not found(graph, spike="reached", dt=step).by("cannot-fire")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"dt": -1.0}, "dt = -1.0 is not a positive number of seconds"),
        ({"dt": float("nan")}, "dt = nan is not a positive number of seconds"),
        ({"dt": float("inf")}, "dt = inf is not a positive number of seconds"),
        ({"steps": 0}, "steps = 0 is not a positive whole number"),
        ({"analog": ("none",)}, "`analog` none: the graph's inputs are"),
        ({"delay_edges": (("a", "b"),)}, "no such path between neurons"),
        ({"conventions": "none"}, "`conventions` none: choose from"),
    ],
)
def test_options_that_cannot_be_honoured_are_no_findings(
    options: dict[str, Any], said: str
) -> None:
    with pytest.raises(ConfigError, match=re.escape(said)):
        found(well(), **options)
