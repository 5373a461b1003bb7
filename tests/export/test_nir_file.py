"""NIR files: what is written comes back; what is damaged or hostile is refused in one line."""

from __future__ import annotations

import os
import posixpath
import resource
from collections.abc import Callable
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import h5py
import nir
import numpy as np
import pytest

from snnvae import zoo
from snnvae.deploy.compile import compile_graph
from snnvae.errors import GraphError, OutputError, SnnvaeError
from snnvae.export import nir_file
from snnvae.export.nir_file import read_nir, write_nir
from snnvae.options import Options
from snnvae.primitives.nir_nodes import register_nodes

MODELS = ["digits-esvae", "digits-fsvae"]


def assert_same_graph(one: nir.NIRGraph, other: nir.NIRGraph) -> None:
    """Names, types, every value of every node, and edges as sets."""
    assert set(one.nodes) == set(other.nodes)
    assert set(one.edges) == set(other.edges)
    for name, node in one.nodes.items():
        again = other.nodes[name]
        assert type(again) is type(node)
        mine, theirs = node.to_dict(), again.to_dict()
        assert set(mine) == set(theirs)
        for field, value in mine.items():
            np.testing.assert_array_equal(np.asarray(theirs[field]), np.asarray(value), name)
            if isinstance(value, np.ndarray):
                assert theirs[field].dtype == value.dtype


def test_nir_itself_reads_back_what_was_written_node_for_node(nets: Any, tmp_path: Path) -> None:
    graph = nets.small()
    write_nir(graph, tmp_path / "g.nir")
    register_nodes()
    assert_same_graph(graph, nir.read(tmp_path / "g.nir"))
    assert_same_graph(graph, read_nir(tmp_path / "g.nir"))


@pytest.mark.parametrize("name", MODELS)
def test_a_zoo_model_survives_another_round(name: str, tmp_path: Path) -> None:
    graph = read_nir(zoo.path(name))
    write_nir(graph, tmp_path / "again.nir")
    again = nir.read(tmp_path / "again.nir")
    assert_same_graph(graph, again)
    programs = [compile_graph(g, p).program for g in (graph, again) for p in ("float", "fixed")]
    assert programs[0].digest() == programs[2].digest()
    assert programs[1].digest() == programs[3].digest()


def test_every_kind_of_node_survives(nets: Any, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    nodes = {
        "in": nets.source(2, 4, 4),
        "conv": nir.Conv2d((4, 4), rng.normal(size=(2, 2, 3, 3)), 1, "same", 1, 1, np.ones(2)),
        "a": nets.lif(2, 4, 4, leak=rng.normal(size=(2, 4, 4))),
        "late": nets.delay(2, 4, 4),
        "flat": nir.Flatten({"input": np.array([2, 4, 4])}, 0, -1),
        "w": nir.Linear(rng.normal(size=(3, 32)).astype(np.float32)),
        "b": nets.threshold(3),
        "v": nets.affine(rng.normal(size=(1, 3)), 0.5),
        "read": nets.li(1),
        "out": nets.sink(1),
    }
    graph = nets.chain(nodes, initial="v_leak")
    write_nir(graph, tmp_path / "g.nir")
    again = read_nir(tmp_path / "g.nir")
    assert_same_graph(graph, again)
    assert nets.compiled(graph).digest() == nets.compiled(again).digest()


def test_metadata_comes_back(nets: Any, tmp_path: Path) -> None:
    graph = nets.small()
    graph.metadata["snnvae"]["sampler"] = {"kind": "other", "weight": np.eye(2, dtype=np.float32)}
    write_nir(graph, tmp_path / "g.nir")
    own = read_nir(tmp_path / "g.nir").metadata["snnvae"]
    assert own["dt"] == nets.dt
    assert own["sampler"]["weight"].dtype == np.float32
    assert own["readouts"]["out"]["tanh"]


def test_nothing_half_written_is_left(nets: Any, tmp_path: Path) -> None:
    graph = nets.small()
    graph.metadata["unwritable"] = object()
    with pytest.raises(TypeError):
        write_nir(graph, tmp_path / "g.nir")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_named(nets: Any, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=r"cannot write .*file/g.nir"):
        write_nir(nets.small(), tmp_path / "file" / "g.nir")


# --- damaged and hostile files ---------------------------------------------------------------


Damage = Callable[[h5py.File], None]


def refuse(path: Path) -> str:
    """Reading, or compiling what was read, ends in one SnnvaeError of one line."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(SnnvaeError) as caught:
        compile_graph(read_nir(path), "fixed", Options())
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert grown < 200, f"{grown:.0f} MiB were taken"
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 600
    return message


@pytest.fixture
def damaged(nets: Any, tmp_path: Path) -> Callable[[Damage], Path]:
    """A good file, after a change made inside it."""

    def make(damage: Damage) -> Path:
        path = tmp_path / "g.nir"
        nir.write(path, nets.small())
        with h5py.File(path, "a") as file:
            damage(file)
        return path

    return make


def put(where: str, value: Any, **how: Any) -> Damage:
    """Replace a dataset below node/nodes."""

    def damage(file: h5py.File) -> None:
        at = posixpath.normpath(f"node/nodes/{where}")
        if at in file:
            del file[at]
        if isinstance(value, str):
            file.create_dataset(at, data=value, dtype=h5py.string_dtype())
        elif value is not None:
            file.create_dataset(at, data=value, **how)

    return damage


def test_the_undamaged_file_is_fine(damaged: Callable[[Damage], Path]) -> None:
    compile_graph(read_nir(damaged(lambda file: None)), "fixed", Options())


def test_what_is_plainly_something_else_is_named(tmp_path: Path) -> None:
    assert "no such file; write one with `snnvae export" in refuse(tmp_path / "none.nir")
    assert "is a folder; give the .nir file" in refuse(tmp_path)
    assert "not a regular file; give a .nir file" in refuse(Path("/dev/null"))
    os.mkfifo(tmp_path / "pipe.nir")
    assert "not a regular file" in refuse(tmp_path / "pipe.nir")


@pytest.mark.parametrize(
    ("name", "out"), [("x.pt", "x.nir"), ("x", "x.nir"), ("x.nir", "x.nir.nir")]
)
def test_a_checkpoint_is_named_with_the_way_to_export_it(
    tmp_path: Path, name: str, out: str
) -> None:
    path = tmp_path / name
    path.write_bytes(zoo.path("digits-esvae", ".pt").read_bytes())
    expected = f"a checkpoint, not NIR; run `snnvae export {path} -o {tmp_path / out}`"
    assert expected in refuse(path)


def test_any_other_zip_is_no_checkpoint(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", a=np.ones(3))
    assert "not a NIR file, or truncated" in refuse(tmp_path / "x.npz")


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"\x89HDF\r\n\x1a\n", b"\x89HDF\r\n\x1a\n" + b"\0" * 900]
)
def test_a_file_that_is_not_hdf5(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "g.nir"
    path.write_bytes(content)
    assert "not a NIR file, or truncated" in refuse(path)


@pytest.mark.parametrize("part", [0.1, 0.5, 0.9, 0.999])
def test_a_truncated_file(nets: Any, tmp_path: Path, part: float) -> None:
    path = tmp_path / "g.nir"
    nir.write(path, nets.small())
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * part)])
    refuse(path)


@pytest.mark.parametrize("seed", range(40))
def test_a_file_with_flipped_bytes_is_read_or_refused(nets: Any, tmp_path: Path, seed: int) -> None:
    """But for the heap of texts: the HDF5 library itself can spin there for ever."""
    rng = np.random.default_rng(seed)
    path = tmp_path / "g.nir"
    nir.write(path, nets.small())
    content = bytearray(path.read_bytes())
    heap = content.index(b"GCOL")
    texts = range(heap, heap + int.from_bytes(content[heap + 8 : heap + 16], "little"))
    # Half of them in the first part of the file, where the structure is.
    for at in (*rng.integers(0, 3000, 3), *rng.integers(0, len(content), 3)):
        if at not in texts:
            content[at] = rng.integers(256)
    path.write_bytes(content)
    with suppress(SnnvaeError):
        compile_graph(read_nir(path), "float", Options())


def test_hdf5_that_is_not_nir(tmp_path: Path) -> None:
    path = tmp_path / "g.nir"
    with h5py.File(path, "w") as file:
        file["weights"] = np.ones(3)
    assert "it has no 'node' group" in refuse(path)
    with h5py.File(path, "w") as file:
        file["node"] = np.ones(3)
    assert "it has no 'node' group" in refuse(path)
    with h5py.File(path, "w") as file:
        file.create_group("node")
    refuse(path)


def test_a_node_group_that_is_a_link(tmp_path: Path) -> None:
    path = tmp_path / "g.nir"
    with h5py.File(path, "w") as file:
        file["node"] = h5py.ExternalLink("/etc/hostname", "/")
    assert "links to another place" in refuse(path)
    with h5py.File(path, "w") as file:
        file.create_group("elsewhere")
        file["node"] = h5py.SoftLink("/elsewhere")
    assert "links to another place" in refuse(path)


def huge(file: h5py.File) -> None:
    """Terabytes, of which not one chunk is stored."""
    at = "node/nodes/conv/weight"
    del file[at]
    file.create_dataset(at, shape=(1 << 20, 1 << 20), dtype="f4", chunks=(64, 64), fillvalue=0)


def bomb(file: h5py.File) -> None:
    """2 GiB of zeros that compress to kilobytes: within the limit by dtype, so read by chunks."""
    at = "node/nodes/conv/weight"
    del file[at]
    file.create_dataset(at, shape=(600, 1 << 20), dtype="f8", chunks=(600, 1 << 20))


def one_chunk(file: h5py.File) -> None:
    at = "node/nodes/extra"
    file.create_dataset(at, shape=(1 << 40,), dtype="f4", chunks=(1 << 29,), fillvalue=0)


def external_link(file: h5py.File) -> None:
    del file["node/nodes/conv/weight"]
    file["node/nodes/conv/weight"] = h5py.ExternalLink("/etc/passwd", "/x")


def soft_link(file: h5py.File) -> None:
    file["node/nodes/again"] = h5py.SoftLink("/node/nodes/conv")


def dangling_link(file: h5py.File) -> None:
    file["node/nodes/again"] = h5py.SoftLink("/nothing")


def external_storage(file: h5py.File) -> None:
    del file["node/nodes/conv/bias"]
    file.create_dataset(
        "node/nodes/conv/bias", (3,), "f8", external=[("/etc/passwd", 0, h5py.h5f.UNLIMITED)]
    )


def virtual(file: h5py.File) -> None:
    layout = h5py.VirtualLayout((3,), "f8")
    layout[:] = h5py.VirtualSource("/etc/passwd", "x", (3,))
    del file["node/nodes/conv/bias"]
    file.create_virtual_dataset("node/nodes/conv/bias", layout)


def hard_loop(file: h5py.File) -> None:
    file["node/nodes/conv/again"] = file["node"]


def deep(file: h5py.File) -> None:
    group = file["node/nodes"]
    for _ in range(3000):
        group = group.create_group("x")


def named_type(file: h5py.File) -> None:
    file["node/nodes/kind"] = np.dtype("f8")


def references(file: h5py.File) -> None:
    data = file.create_dataset("node/nodes/conv/ref", (1,), h5py.ref_dtype)
    data[0] = file["node"].ref


def ragged(file: h5py.File) -> None:
    data = file.create_dataset("node/nodes/conv/ragged", (2,), h5py.vlen_dtype(np.float64))
    data[0] = np.ones(2)


def compound(file: h5py.File) -> None:
    file["node/nodes/conv/pair"] = np.zeros(2, [("a", "f8"), ("b", "i4")])


def empty(file: h5py.File) -> None:
    file["node/nodes/conv/nothing"] = h5py.Empty("f8")


def enormous_text(file: h5py.File) -> None:
    del file["node/nodes/conv/type"]
    file["node/nodes/conv/type"] = "Conv2d" * 200_000


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (huge, "exceed"),
        (bomb, "exceed|malformed|weight"),
        (one_chunk, "exceed"),
        (external_link, "links to another place"),
        (soft_link, "links to another place"),
        (dangling_link, "links to another place"),
        (external_storage, "in another file"),
        (virtual, "in another file"),
        (hard_loop, "linked twice"),
        (deep, "nested deeper"),
        (named_type, "neither a group nor data"),
        (references, "not numbers or text"),
        (ragged, "not numbers or text"),
        (compound, "not numbers or text"),
        (empty, "is empty"),
        (enormous_text, "type"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_hostile_file(damaged: Callable[[Damage], Path], damage: Damage, message: str) -> None:
    path = damaged(damage)
    found = refuse(path)
    assert any(part in found for part in message.split("|")), found


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("where", ["conv/weight", "second/tau", "readout/v_leak"])
def test_values_that_are_not_finite(
    damaged: Callable[[Damage], Path], where: str, value: float
) -> None:
    def damage(file: h5py.File) -> None:
        file[f"node/nodes/{where}"][(0,) * file[f"node/nodes/{where}"].ndim] = value

    assert f"'/node/nodes/{where}' holds values that are not finite" in refuse(damaged(damage))


def relink(edges: list[list[str]]) -> Damage:
    def damage(file: h5py.File) -> None:
        del file["node/edges"]
        file.create_dataset("node/edges", data=edges, dtype=h5py.string_dtype())

    return damage


GOOD = ["in", "conv", "first", "up", "second", "last", "readout", "out"]
EDGES = [list(pair) for pair in pairwise(GOOD)]


@pytest.mark.parametrize(
    "damage",
    [
        put("conv/type", "Conv9d"),
        put("conv/type", "__import__"),
        put("conv/type", None),
        put("conv/type", np.arange(3)),
        put("conv", None),
        put("conv", 3.0),
        put("in", None),
        put("out", None),
        put("conv/weight", None),
        put("conv/bias", None),
        put("conv/surplus", 3.0),
        put("first/tau", None),
        put("conv/weight", np.ones((3, 2))),
        put("conv/weight", np.ones((3, 2, 3))),
        put("conv/weight", np.ones((3, 2, 3, 3, 1))),
        put("conv/weight", np.ones((0, 2, 3, 3))),
        put("conv/weight", np.ones((3, 5, 3, 3))),
        put("conv/weight", 1.0),
        put("conv/weight", "many"),
        put("conv/bias", np.ones(7)),
        put("conv/bias", np.ones((3, 1))),
        put("conv/bias", 1.0),
        put("conv/stride", np.array([0, 0])),
        put("conv/stride", np.array([-1, -1])),
        put("conv/stride", np.array([1, 1, 1])),
        put("conv/stride", np.array([1.5, 1.5])),
        put("conv/stride", "two"),
        put("conv/padding", np.array([-1, -1])),
        put("conv/padding", "reflect"),
        put("conv/dilation", np.array([0, 0])),
        put("conv/groups", 2),
        put("conv/groups", 0),
        put("conv/groups", np.array([1, 2])),
        put("conv/groups", "one"),
        put("up/weight", np.ones((3, 2, 3))),
        put("up/weight", np.ones((4, 2, 3, 3))),
        put("up/stride", np.array([0, 0])),
        put("up/stride", np.array([-2, -2])),
        put("up/stride", np.array([1 << 40, 1 << 40])),
        put("up/dilation", np.array([0, 0])),
        put("up/groups", 2),
        put("up/groups", 0),
        put("up/input_shape", np.array([-4, 4])),
        put("up/input_shape", np.array([4, 4, 4])),
        put("up/bias", np.ones(9)),
        put("first/tau", np.full((3, 4, 4), -1e-3)),
        put("first/tau", np.zeros((3, 4, 4))),
        put("first/tau", np.ones((3, 4))),
        put("first/tau", "slow"),
        put("first/v_threshold", np.full((3, 4, 4), -1.0)),
        put("first/tau", np.full((3, 4, 4), 1e-9)),
        put("in/shape", np.array([2, 4, -4])),
        put("in/shape", np.array([2.5, 4, 4])),
        put("in/shape", "square"),
        put("in/shape", 3),
        put("in/shape", np.array([1 << 30, 1 << 30, 1 << 30])),
        put("in/shape", None),
        relink([*EDGES, ["first", "nowhere"]]),
        relink([*EDGES, EDGES[0]]),
        relink(EDGES[1:]),
        relink(EDGES[:-1]),
        relink([]),
        relink([["in", "conv", "first"]]),
        put("../edges", np.ones((3, 2))),
        put("../edges", "in conv"),
        put("../edges", None),
        put("../type", "LIF"),
        put("../type", None),
        put("../nodes", None),
        put("../nodes", 3.0),
        put("../type_check", 1),
        put("../surplus", 1),
        put("../metadata/snnvae", 3.0),
        put("../metadata", 3.0),
        put("../metadata/snnvae/dt", "soon"),
        put("../metadata/snnvae/dt", -1.0),
        put("../metadata/snnvae/dt", np.ones(2)),
        put("../metadata/snnvae/dt", None),
        put("../metadata/snnvae/version", 99),
        put("../metadata/snnvae/version", np.ones(2)),
        put("../metadata/snnvae/version", None),
        put("../metadata/snnvae/steps", 0),
        put("../metadata/snnvae/reset", "never"),
        put("../metadata/snnvae/readouts", 1),
        put("../metadata/snnvae/readouts/out", 1),
        put("../metadata/snnvae/readouts/out/shape", np.array([9, 9])),
        put("../metadata/snnvae/inputs", "in"),
        put("../metadata/snnvae/sampler", "fsvae"),
        put("../metadata/snnvae/sampler/kind", np.ones(2)),
        put("../metadata/snnvae/sampler/kind", "fsvae"),
        put("../metadata/snnvae/sampler/kind", "esvae-prior"),
    ],
    ids=lambda damage: "-".join(
        str(c.cell_contents)[:40].replace("\n", "") for c in damage.__closure__
    ),
)
def test_a_malformed_file(damaged: Callable[[Damage], Path], damage: Damage) -> None:
    refuse(damaged(damage))


def test_a_file_of_too_many_entries(
    damaged: Callable[[Damage], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def many(file: h5py.File) -> None:
        for i in range(70):
            file[f"node/nodes/{i}"] = i

    path = damaged(many)
    monkeypatch.setattr(nir_file, "MAX_NODES", 5)
    assert "more than 100 entries" in refuse(path)


def test_an_unknown_type_is_named_with_its_node(damaged: Callable[[Damage], Path]) -> None:
    message = refuse(damaged(put("conv/type", "Conv9d")))
    assert "node 'conv' has type 'Conv9d', which neither NIR nor snnvae knows" in message


def test_nested_graphs_are_read_and_compiled(nets: Any, tmp_path: Path) -> None:
    inner = nets.chain({"input": nets.source(2), "a": nets.threshold(2), "output": nets.sink(2)})
    nodes = {"in": nets.source(2), "sub": inner, "out": nets.sink(2)}
    graph = nir.NIRGraph(nodes, [("in", "sub"), ("sub", "out")])
    nir.write(tmp_path / "g.nir", graph)
    read = read_nir(tmp_path / "g.nir")
    assert [layer.name for layer in nets.compiled(read, dt=nets.dt).layers] == ["sub.a"]


@pytest.mark.parametrize("steps", [-1.0, 0.5])
def test_a_delay_that_has_no_meaning(nets: Any, tmp_path: Path, steps: float) -> None:
    nodes = {
        "in": nets.source(2),
        "late": nets.delay(2, steps=steps),
        "a": nets.threshold(2),
        "out": nets.sink(2),
    }
    nir.write(tmp_path / "g.nir", nets.chain(nodes))
    assert "delay" in refuse(tmp_path / "g.nir")


def test_errors_of_a_file_that_is_read_name_the_file(damaged: Callable[[Damage], Path]) -> None:
    for damage in (put("conv/weight", None), put("in/shape", "square"), relink([["a", "b"]])):
        path = damaged(damage)
        with pytest.raises(GraphError) as caught:
            read_nir(path)
        assert str(path) in str(caught.value)
        path.unlink()
