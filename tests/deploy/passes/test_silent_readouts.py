"""An infinite threshold, as tools write a readout: the neuron that only integrates."""

from __future__ import annotations

from typing import Any

import nir
import numpy as np
import pytest

from snnvae.errors import ConfigError, GraphError
from snnvae.export.nir_file import read_nir, write_nir


@pytest.mark.parametrize("kind", ["LIF", "IF", "CubaLIF"])
def test_it_is_what_nir_calls_an_integrator(nets: Any, tmp_path: Any, kind: str) -> None:
    """Through a file, whose other values must be finite: outputs equal those of LI, I, CubaLI."""
    one, never = np.ones(2), np.full(2, np.inf)
    tau, syn = 4e-3 * one, 2e-3 * one
    pair: tuple[nir.NIRNode, nir.NIRNode] = {
        "LIF": (nir.LIF(tau, one, 0 * one, never, v_reset=0 * one), nir.LI(tau, one, 0 * one)),
        "IF": (nir.IF(one, never, 0 * one), nir.I(one)),
        "CubaLIF": (
            nir.CubaLIF(syn, tau, one, 0 * one, never, v_reset=0 * one),
            nir.CubaLI(syn, tau, one, 0 * one),
        ),
    }[kind]
    x = np.random.default_rng(0).random((9, 2)) < 0.5
    found = []
    for node in pair:
        graph = nets.chain({"in": nets.source(2), "n": node, "out": nets.sink(2)}, if_gain="one")
        write_nir(graph, tmp_path / "net.nir")
        found.append(nets.run(read_nir(tmp_path / "net.nir"), x).outputs["out"])
    assert np.abs(found[0]).max() > 0
    np.testing.assert_array_equal(*found)


def test_errors_name_it_as_the_file_does(nets: Any) -> None:
    one, never = np.ones(2), np.full(2, np.inf)
    nodes = {"in": nets.source(2), "n": nir.IF(one, never, 0 * one), "out": nets.sink(2)}
    with pytest.raises(ConfigError, match=r"node 'n' \(IF\): .* pass `if_gain`"):
        nets.compiled(nets.chain(nodes))
    nodes["n"] = nets.lif(2, tau=nets.dt / 2, threshold=np.inf)
    with pytest.raises(GraphError, match=r"node 'n' \(LIF\): tau = 0.0005 s is shorter"):
        nets.compiled(nets.chain(nodes))


def test_a_threshold_without_memory_is_no_readout(nets: Any) -> None:
    nodes = {"in": nets.source(2), "n": nets.threshold(2, at=np.inf), "out": nets.sink(2)}
    with pytest.raises(
        GraphError, match=r"'threshold' of node 'n' \(Threshold\) .* give it finite values$"
    ):
        nets.compiled(nets.chain(nodes))


def test_before_other_neurons_it_is_refused(nets: Any) -> None:
    nodes = {
        "in": nets.source(2),
        "n": nets.lif(2, threshold=np.inf),
        "w": nets.affine(np.eye(2)),
        "a": nets.lif(2),
        "out": nets.sink(2),
    }
    with pytest.raises(GraphError, match=r"node 'n' \(LIF\) .* so that 'w' never gets a spike"):
        nets.compiled(nets.chain(nodes))


@pytest.mark.parametrize("threshold", [[1.0, np.inf], [-np.inf, -np.inf], [np.nan, 1.0]])
def test_other_values_that_are_not_finite_are_refused(nets: Any, threshold: list[float]) -> None:
    nodes = {"in": nets.source(2), "n": nets.lif(2, threshold=threshold), "out": nets.sink(2)}
    with pytest.raises(GraphError, match=r"node 'n'.*not finite|'v_threshold' of node 'n'"):
        nets.compiled(nets.chain(nodes))
