"""A recording on disk: ours, NIR's graph and NIR's data in one file."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import h5py
import nir
import numpy as np
import pytest
from random_graphs import random_graph, random_streams

from snnvae.deploy.compile import compile_graph
from snnvae.deploy.graph import build_graph
from snnvae.energy import measure
from snnvae.errors import DataError, GraphError
from snnvae.hardware_sim import reference
from snnvae.options import Options
from snnvae.primitives.nir_nodes import register_nodes
from snnvae.program import Precision
from snnvae.recording import Recording
from snnvae.stimulus import Stimulus

PARTS = ("spikes", "analog", "final", "outputs", "membranes")


def recorded(nets: Any, precision: Precision = "float") -> tuple[Recording, nir.NIRGraph]:
    nodes = {
        "image": nets.source(2),
        "w": nets.affine(np.ones((4, 2))),
        "a": nets.threshold(4),
        "z": nets.source(2, 2),
        "flat": nir.Flatten({"input": np.array([2, 2])}, 0, -1),
        "v": nets.li(4),
        "spikes": nets.sink(4),
        "value": nets.sink(4),
    }
    inputs = {"image": {"analog": True}}
    graph = nets.graph(nodes, "image w a spikes", "z flat a", "a v value", inputs=inputs)
    program = nets.compiled(graph, precision)
    stimulus = nets.spikes(program, samples=3, steps=5, seed=2)
    return reference.run(program, stimulus, membranes=True), graph


@pytest.mark.parametrize("precision", ["float", "fixed"])
def test_what_is_saved_is_loaded(nets: Any, tmp_path: Path, precision: Precision) -> None:
    recording, graph = recorded(nets, precision)
    recording.save(tmp_path / "r.h5", graph)
    again = Recording.load(tmp_path / "r.h5")
    for part in PARTS:
        mine, theirs = getattr(recording, part), getattr(again, part)
        assert mine
        assert set(mine) == set(theirs)
        for name, values in mine.items():
            assert theirs[name].dtype == values.dtype
            np.testing.assert_array_equal(theirs[name], values)
    assert dict(again.info) == dict(recording.info)


def test_nir_reads_the_graph(nets: Any, tmp_path: Path) -> None:
    recording, graph = recorded(nets)
    recording.save(tmp_path / "r.h5", graph)
    register_nodes()
    again = nir.read(tmp_path / "r.h5")
    assert set(again.nodes) == set(graph.nodes)
    assert set(again.edges) == set(graph.edges)
    assert nets.compiled(again).digest() == recording.info["program"]


def test_nir_reads_the_spikes(nets: Any, tmp_path: Path) -> None:
    recording, graph = recorded(nets)
    recording.save(tmp_path / "r.h5", graph)
    data = nir.read_data(str(tmp_path / "r.h5"))
    assert set(data.nodes) == set(recording.spikes) | set(recording.analog)
    for name, spikes in recording.spikes.items():
        gridded = data.nodes[name].observables["spikes"]
        assert gridded.dt == nets.dt
        assert gridded.data.dtype == bool
        np.testing.assert_array_equal(gridded.data, spikes.reshape(3, 5, -1))


def test_nir_reads_what_analog_inputs_gave(nets: Any, tmp_path: Path) -> None:
    recording, graph = recorded(nets)
    recording.save(tmp_path / "r.h5", graph)
    image = nir.read_data(str(tmp_path / "r.h5")).nodes["image"].observables["input"]
    assert (image.dt, image.data.dtype) == (nets.dt, np.float64)
    np.testing.assert_array_equal(image.data, recording.analog["image"])


@pytest.mark.parametrize("precision", ["float", "fixed"])
def test_nir_reads_membranes_in_its_own_units(
    nets: Any, tmp_path: Path, precision: Precision
) -> None:
    """Real numbers for NIR, the backend's own for us."""
    recording, graph = recorded(nets, precision)
    program = nets.compiled(graph, precision)
    recording.save(tmp_path / "r.h5", graph, program)
    nodes = nir.read_data(str(tmp_path / "r.h5")).nodes
    assert {name for name, node in nodes.items() if "v" in node.observables} == {"a", "v"}
    assert list(nodes["v"].observables) == ["v"]  # it does not spike
    again = Recording.load(tmp_path / "r.h5")
    for name in ("a", "v"):
        real = nodes[name].observables["v"]
        assert (real.dt, real.data.dtype) == (nets.dt, np.float64)
        expected = program.layer(name).to_real(recording.membranes[name])
        np.testing.assert_array_equal(real.data, expected)
        np.testing.assert_array_equal(again.membranes[name], recording.membranes[name])
        assert again.membranes[name].dtype == (np.float64 if precision == "float" else np.int64)
    expected = nir.read_data(str(tmp_path / "r.h5")).nodes["v"].observables["v"].data[:, -1]
    # The output is this membrane, after its readout.
    np.testing.assert_allclose(expected, recording.outputs["value"])


@pytest.mark.parametrize("seed", range(12))
def test_nir_reads_the_recording_of_any_network(seed: int, tmp_path: Path) -> None:
    case = random_graph(seed)
    program = compile_graph(case.graph, "float", Options()).program
    streams = random_streams(case, 6, seed)
    stimulus = Stimulus({name: stream[None] for name, stream in streams.items()}, (0,))
    recording = reference.run(program, stimulus, membranes=True)
    recording.save(tmp_path / "r.h5", case.graph, program)
    nodes = nir.read_data(str(tmp_path / "r.h5")).nodes
    named = {layer.name for layer in program.layers if not layer.added_by_compiler}
    assert set(nodes) == named | set(streams) | set(recording.spikes)
    for name, node in nodes.items():
        kinds = {"spikes"} if name in recording.spikes else set()
        kinds |= {"v"} if name in named else set()
        assert set(node.observables) == (kinds or {"input"})
        for data in node.observables.values():
            assert data.data.shape[:2] == (1, 6)
            assert data.n_neurons == np.prod(program.shape_of(name))
    again = Recording.load(tmp_path / "r.h5")
    assert set(again.membranes) == {layer.name for layer in program.layers}


@pytest.mark.parametrize("name", ["a b", "..", ".a", "g.x", "層 é", "x" * 300])
def test_nir_reads_nodes_of_any_name(nets: Any, tmp_path: Path, name: str) -> None:
    nodes = {"in": nets.source(2), name: nets.lif(2), "out": nets.sink(2)}
    graph = build_graph(nodes, pairwise(nodes), {"snnvae": {"version": 1, "dt": nets.dt}})
    program = nets.compiled(graph)
    recording = reference.run(program, nets.spikes(program), membranes=True)
    recording.save(tmp_path / "r.h5", graph, program)
    assert set(nir.read_data(str(tmp_path / "r.h5")).nodes[name].observables) == {"spikes", "v"}
    np.testing.assert_array_equal(
        Recording.load(tmp_path / "r.h5").spikes[name], recording.spikes[name]
    )


@pytest.mark.parametrize("name", ["", ".", "a/b", "a\0b"])
def test_a_name_that_no_file_can_hold_is_refused(nets: Any, name: str) -> None:
    nodes = {"in": nets.source(2), name: nets.lif(2), "out": nets.sink(2)}
    with pytest.raises(GraphError, match="cannot be stored"):
        build_graph(nodes, pairwise(nodes))


@pytest.mark.parametrize("size", [1, 2, 10**9])
def test_blocks_are_the_whole_recording_some_samples_at_a_time(
    nets: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    recording, graph = recorded(nets)
    recording.save(tmp_path / "r.h5", graph)
    parts = (recording.spikes, recording.analog, recording.final, recording.outputs)
    per_sample = sum(values[0].nbytes for part in parts for values in part.values())
    monkeypatch.setattr("snnvae.recording.BLOCK_BYTES", size * per_sample)
    blocks = list(Recording.blocks(tmp_path / "r.h5"))
    assert [len(b.info["samples"]) for b in blocks] == {1: [1, 1, 1], 2: [2, 1]}.get(size, [3])
    assert [n for b in blocks for n in b.info["samples"]] == list(recording.info["samples"])
    for part in ("spikes", "analog", "final", "outputs"):
        for name, values in getattr(recording, part).items():
            joined = np.concatenate([getattr(block, part)[name] for block in blocks])
            np.testing.assert_array_equal(joined, values)
    assert not any(block.membranes for block in blocks)


def test_blocks_measure_as_the_whole_recording(
    nets: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording, graph = recorded(nets)
    recording.save(tmp_path / "r.h5", graph)
    monkeypatch.setattr("snnvae.recording.BLOCK_BYTES", 1)
    program = compile_graph(graph, "float", Options(**recording.info["options"])).program
    whole = measure(program, Recording.load(tmp_path / "r.h5"))
    blocks = measure(program, Recording.blocks(tmp_path / "r.h5"))
    assert blocks.counts.samples == 3
    for quantity in ("sop_event", "macs", "host_adds"):
        total = whole.counts.total(quantity)
        np.testing.assert_array_equal(blocks.counts.total(quantity), total)
    for name, fired in whole.firing.items():
        np.testing.assert_array_equal(blocks.firing[name].by_step, fired.by_step)
        assert blocks.firing[name].silent == fired.silent
    assert whole.active is not None
    assert blocks.active is not None
    for name, active in whole.active.items():
        np.testing.assert_array_equal(blocks.active[name], active)


def test_a_recording_without_silent_layers(nets: Any, tmp_path: Path) -> None:
    graph = nets.chain({"in": nets.source(2), "a": nets.threshold(2), "out": nets.sink(2)})
    program = nets.compiled(graph)
    recording = reference.run(program, nets.spikes(program))
    recording.save(tmp_path / "r.h5", graph)
    assert Recording.load(tmp_path / "r.h5").outputs == {}


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"\x89HDF\r\n\x1a\n" + b"\0" * 100], ids=["empty", "text", "head"]
)
def test_a_file_that_is_no_recording_is_told_in_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "r.h5").write_bytes(content)
    with pytest.raises(DataError, match="not a recording of snnvae") as caught:
        Recording.load(tmp_path / "r.h5")
    assert "\n" not in str(caught.value)


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        Recording.load(tmp_path / "none.h5")
    with pytest.raises(DataError, match="not a recording"):
        Recording.load(tmp_path)


@pytest.mark.parametrize(
    "damage",
    [
        lambda file: file.__delitem__("snnvae"),
        lambda file: file.__delitem__("nodes"),
        lambda file: file.__delitem__("nodes/a"),
        lambda file: file.__delitem__("nodes/a/observables/spikes/data"),
        lambda file: file.__delitem__("snnvae/final"),
        lambda file: file["snnvae"].attrs.__delitem__("info"),
        lambda file: file["snnvae"].attrs.__setitem__("info", "{"),
        lambda file: file["snnvae"].attrs.__setitem__("info", "3"),
        lambda file: file["snnvae"].attrs.__setitem__("info", 3.0),
        lambda file: file["snnvae"].attrs.__setitem__("shapes", "[1, 2]"),
        lambda file: file["snnvae"].attrs.__setitem__("shapes", '{"a": [3]}'),
        lambda file: file["snnvae"].attrs.__setitem__("shapes", '{"a": "x"}'),
        lambda file: file["snnvae"].attrs.__setitem__("format", 99),
        lambda file: file["snnvae"].__setitem__("final/deeper/x", 1.0),
        lambda file: (file.__delitem__("snnvae"), file.__setitem__("snnvae", 1.0)),
    ],
)
def test_a_damaged_recording_is_told_in_one_line(nets: Any, tmp_path: Path, damage: Any) -> None:
    recording, graph = recorded(nets)
    recording.save(tmp_path / "r.h5", graph)
    with h5py.File(tmp_path / "r.h5", "a") as file:
        damage(file)
    with pytest.raises(DataError, match=r"r\.h5: ") as caught:
        Recording.load(tmp_path / "r.h5")
    assert "\n" not in str(caught.value)


def of_info(key: str, value: Any) -> Any:
    """Change one thing that the run says of itself."""

    def damage(file: h5py.File) -> None:
        info = json.loads(file["snnvae"].attrs["info"])
        file["snnvae"].attrs["info"] = json.dumps({**info, key: value})

    return damage


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("program", 5),
        ("program", None),
        ("backend", ["reference"]),
        ("precision", "double"),
        ("precision", ["float"]),
        ("dt", 0),
        ("dt", -1e-3),
        ("dt", "1"),
        ("dt", True),
        ("dt", float("nan")),
        ("dt", float("inf")),
        ("steps", 0),
        ("steps", 5.5),
        ("seed", -1),
        ("samples", 3),
        ("samples", []),
        ("samples", [0, "1", 2]),
        ("options", 5),
        ("options", {"analog": [{}]}),
        ("options", {"delay_edges": [[["a"], "b"]]}),
    ],
)
def test_what_a_run_says_of_itself_is_checked(
    nets: Any, tmp_path: Path, key: str, value: Any
) -> None:
    with pytest.raises(DataError, match=f"not a recording of snnvae .its info says {key} = "):
        loaded_after(nets, tmp_path, of_info(key, value))


def test_a_deep_info_is_told_in_one_line(nets: Any, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="not a recording"):
        loaded_after(
            nets, tmp_path, lambda file: file["snnvae"].attrs.__setitem__("info", "[" * 50_000)
        )


def replaced(where: str, **how: Any) -> Any:
    def damage(file: h5py.File) -> None:
        del file[where]
        file.create_dataset(where, **how)

    return damage


def linked(where: str, link: Any) -> Any:
    def damage(file: h5py.File) -> None:
        del file[where]
        file[where] = link

    return damage


SPIKES = "nodes/a/observables/spikes/data"


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (replaced(SPIKES, data=np.full((3, 5, 4), 0.3)), "float64, not true or false"),
        (replaced(SPIKES, data=np.ones((3, 5, 4), int)), "int64, not true or false"),
        (replaced(SPIKES, data=np.ones((3, 4, 4), bool)), "have shape"),
        (replaced(SPIKES, shape=(3, 5, 1 << 40), dtype=bool, chunks=(1, 1, 64)), "exceed 4 GiB"),
        (replaced("snnvae/final", shape=(1 << 40,), dtype=float, chunks=(64,)), "exceed|final"),
        (linked("nodes/a", h5py.SoftLink("/nodes/z")), "links to another place"),
        (linked("nodes", h5py.ExternalLink("other.h5", "/nodes")), "of its own"),
        (linked("snnvae/final", h5py.ExternalLink("other.h5", "/x")), "links to another place"),
        (linked("snnvae", h5py.SoftLink("/nodes")), "of its own"),
        (lambda file: file["snnvae/final"].__setitem__("x", file["snnvae"]), "linked twice"),
        (
            lambda file: file["snnvae"].attrs.__setitem__("shapes", '{"a": [-1]}'),
            "'a' has the shape",
        ),
    ],
)
def test_a_hostile_recording_is_refused(nets: Any, tmp_path: Path, damage: Any, why: str) -> None:
    with pytest.raises(DataError, match=why) as caught:
        loaded_after(nets, tmp_path, damage)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 600


def loaded_after(nets: Any, tmp_path: Path, damage: Any) -> Recording:
    recording, graph = recorded(nets)
    path = tmp_path / "r.h5"
    recording.save(path, graph)
    with h5py.File(path, "a") as file:
        damage(file)
    return Recording.load(path)


def test_values_that_are_not_finite_are_a_result_too(nets: Any, tmp_path: Path) -> None:
    again = loaded_after(nets, tmp_path, replaced("snnvae/final/v", data=np.full((3, 4), np.inf)))
    assert np.isinf(again.final["v"]).all()


def test_a_truncated_recording_is_told_in_one_line(nets: Any, tmp_path: Path) -> None:
    recording, graph = recorded(nets)
    path = tmp_path / "r.h5"
    recording.save(path, graph)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match="not a recording"):
        Recording.load(path)


def test_nothing_half_written_is_left(nets: Any, tmp_path: Path) -> None:
    recording, graph = recorded(nets)
    graph.metadata["unwritable"] = object()
    with pytest.raises(TypeError):
        recording.save(tmp_path / "r.h5", graph)
    assert list(tmp_path.iterdir()) == []
