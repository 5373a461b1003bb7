"""Firing rates come from a recording of the very graph that is drawn."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nir
import pytest

from snnvae.errors import DataError
from snnvae.evaluate.picture import firing_rates
from snnvae.export.nir_file import read_nir, write_nir
from snnvae.hardware_sim import reference


def recorded(nets: Any, graph: nir.NIRGraph, path: Path) -> Any:
    program = nets.compiled(graph)
    recording = reference.run(program, nets.spikes(program))
    recording.save(path, graph)
    return recording


def test_rates_are_means_over_samples_steps_and_neurons(nets: Any, tmp_path: Path) -> None:
    graph = nets.small()
    recording = recorded(nets, graph, tmp_path / "r.h5")
    rates = firing_rates(graph, tmp_path / "r.h5")
    assert set(rates) == {("first",), ("second",)}  # the readout does not spike
    assert rates["first",] == recording.spikes["first"].mean() > 0


def test_neurons_of_nested_graphs(nets: Any, nested: nir.NIRGraph, tmp_path: Path) -> None:
    recording = recorded(nets, nested, tmp_path / "r.h5")
    rates = firing_rates(nested, tmp_path / "r.h5")
    assert rates == {("outer", "deep", "cell"): recording.spikes["outer.deep.cell"].mean()}


def test_a_name_that_the_compiler_must_change_gets_no_rate(nets: Any, tmp_path: Path) -> None:
    inner = {"i": nets.source(2), "a": nets.lif(2), "o": nets.sink(2)}
    nodes = {
        "in": nets.source(2),
        "g": nir.NIRGraph(inner, [("i", "a"), ("a", "o")], type_check=False),
        "g.a": nets.lif(2, threshold=9),
        "out": nets.sink(2),
    }
    graph = nets.chain(nodes)
    recording = recorded(nets, graph, tmp_path / "r.h5")
    assert set(recording.spikes) == {"in", "g.a_", "g.a"}
    assert firing_rates(graph, tmp_path / "r.h5") == {("g.a",): 0.0}


def test_a_graph_read_again_is_the_same(nets: Any, tmp_path: Path) -> None:
    recorded(nets, nets.small(), tmp_path / "r.h5")
    write_nir(nets.small(), tmp_path / "m.nir")
    assert firing_rates(read_nir(tmp_path / "m.nir"), tmp_path / "r.h5")


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lambda graph: graph.nodes["up"].weight.__imul__(1.01), "node 'up' differs"),
        (lambda graph: graph.nodes.update(more=graph.nodes["up"]), "only one of the two has"),
        (lambda graph: graph.edges.append(("in", "up")), "its edges differ"),
    ],
)
def test_another_network_is_refused(nets: Any, tmp_path: Path, change: Any, where: str) -> None:
    recorded(nets, nets.small(), tmp_path / "r.h5")
    other = nets.small()
    change(other)
    with pytest.raises(DataError, match=f"of another network .{where}") as caught:
        firing_rates(other, tmp_path / "r.h5")
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_recording_is_named(nets: Any, tmp_path: Path) -> None:
    (tmp_path / "r.h5").write_bytes(b"no")
    with pytest.raises(DataError, match="not a recording"):
        firing_rates(nets.small(), tmp_path / "r.h5")
