"""The conformance suite: what its cases are, and that two other opinions come to its outcomes."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace

import nir
import nir_oracle
import numpy as np
import pytest

from snnvae.conform.suite.all_cases import all_cases
from snnvae.conform.suite.case import Case
from snnvae.conform.suite.interpreter import run
from snnvae.conform.suite.outcomes import Outcomes
from snnvae.conform.suite.rules import NIR, profiles
from snnvae.deploy.graph import build_graph

CASES = {case.name: case for case in all_cases()}
DIGEST = "b013854606933c8b"
"""Of all inputs and outcomes: who changes what is right shows it."""
NODES = {
    "Affine", "AvgPool2d", "Conv1d", "Conv2d", "CubaLI", "CubaLIF", "Delay", "Flatten", "I", "IF",
    "Input", "LI", "LIF", "Linear", "NIRGraph", "Output", "Scale", "SumPool2d", "Threshold",
}  # fmt: skip


def test_every_node_of_nir_has_its_cases() -> None:
    assert len(CASES) == len(all_cases()) >= 200
    assert {node for case in CASES.values() for node in case.nodes} == NODES
    of_nir = {name for name, kind in vars(nir).items() if isinstance(kind, type)}
    assert {name for name in of_nir if issubclass(getattr(nir, name), nir.NIRNode)} == {
        *NODES, "NIRNode",
    }  # fmt: skip


def test_outcomes_say_something(found: dict[str, Outcomes]) -> None:
    """Every output changes in the course of a run, where the case does not say otherwise."""
    for name, case in CASES.items():
        for rows in found[name].outputs[found[name].of["nir"]].values():
            assert case.quiet or np.ptp(rows) > 0, name


def test_single_precision_is_enough(found: dict[str, Outcomes]) -> None:
    """No membrane comes near its threshold without meeting it, and none meets it by chance."""
    for name, case in CASES.items():
        assert found[name].closest > 1e-5, name
        assert run(case, NIR).met == case.tie, name


def test_each_convention_is_told_apart(found: dict[str, Outcomes]) -> None:
    asked = {c for name in CASES if name.startswith("conventions/") for c in found[name].turns_on}
    assert asked == {"reset", "spike", "integrator", "initial", "if_gain", "loop_bias"}
    assert set(found["conventions/IF-spike"].turns_on) >= {"spike"}
    assert found["conventions/I-gain"].turns_on == ["if_gain"]
    assert found["conventions/LI-integrator"].turns_on == ["integrator"]


def test_outcomes_are_what_they_were(found: dict[str, Outcomes]) -> None:
    """Rounded, since e^(−dt/τ) may differ in its last bit from machine to machine."""
    digest = hashlib.sha256()
    for name, case in CASES.items():
        for rows in case.inputs.values():
            digest.update(rows.astype("<f4").tobytes())
        for profile in profiles():
            for rows in found[name].outputs[found[name].of[profile]].values():
                digest.update(np.round(rows * 2**20).astype("<i8").tobytes())
    assert digest.hexdigest()[:16] == DIGEST


@pytest.mark.parametrize("name", sorted(n for n in CASES if not re.search("Conv2d|Pool", n)))
def test_in_fractions_nothing_is_otherwise(name: str) -> None:
    """Exact arithmetic gives the outcomes that double precision gives."""
    exact, rounded = (run(CASES[name], NIR, exact=exact) for exact in (True, False))
    for node, rows in exact.outputs.items():
        np.testing.assert_allclose(rounded.outputs[node], rows, rtol=0, atol=1e-13)


def test_the_equations_written_down_twice_say_the_same() -> None:
    """The interpreter that the compiler's tests trust, which is other code on torch's kernels."""
    for name, case in CASES.items():
        rules = NIR
        if name == "conventions/loop-bias":  # it starts the bias with the loop's first spikes
            rules = replace(NIR, loop_bias="delayed")
        expected = run(case, rules).outputs
        streams = {node: rows.astype(np.float64) for node, rows in case.inputs.items()}
        seen = nir_oracle.run(typed(case), streams, nir_oracle.Rules(case.dt), case.late)
        for node, rows in expected.items():
            np.testing.assert_allclose(seen[node], rows, rtol=0, atol=1e-12, err_msg=name)


def typed(case: Case) -> nir.NIRGraph:
    """With the shapes that the other interpreter asks of every node."""
    return build_graph(case.graph.nodes, case.graph.edges)
