"""A user's mistake: one line that names what and where, exit code 2, nothing half-written."""

from __future__ import annotations

import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nir
import numpy as np
import pytest
import torch

from snnvae import zoo
from snnvae.commands import run_network
from snnvae.export.nir_file import write_nir

Cli = Callable[..., Any]
READERS = [
    ("inspect",),
    ("simulate", "-o", "{out}"),
    ("check",),
    ("run-lava", "-o", "{out}"),
    ("run-c", "-o", "{out}"),
]
readers = pytest.mark.parametrize("command", READERS, ids=lambda command: command[0])


def call(cli: Cli, command: tuple[str, ...], model: Path, out: Path) -> str:
    """A command that reads a NIR file makes a mistake, and leaves no results."""
    name, *rest = (part.format(out=out) for part in command)
    line: str = cli(name, model, *rest).mistake
    assert not out.exists()
    return line


@readers
def test_a_file_that_is_not_there(cli: Cli, tmp_path: Path, command: tuple[str, ...]) -> None:
    line = call(cli, command, tmp_path / "none.nir", tmp_path / "out")
    assert "none.nir: no such file; write one with `snnvae export" in line


@readers
def test_a_path_that_is_no_file(cli: Cli, tmp_path: Path, command: tuple[str, ...]) -> None:
    assert f"{tmp_path}: is a folder" in call(cli, command, tmp_path, tmp_path / "out")
    line = call(cli, command, Path("/dev/null"), tmp_path / "out")
    assert "/dev/null: not a regular file" in line
    assert "export" not in line


@readers
def test_a_checkpoint_where_nir_goes(cli: Cli, tmp_path: Path, command: tuple[str, ...]) -> None:
    path = tmp_path / "x.pt"
    path.write_bytes(zoo.path("digits-esvae", ".pt").read_bytes())
    line = call(cli, command, path, tmp_path / "out")
    assert f"a checkpoint, not NIR; run `snnvae export {path} -o {tmp_path / 'x.nir'}`" in line


@readers
def test_a_file_that_is_not_nir(cli: Cli, tmp_path: Path, command: tuple[str, ...]) -> None:
    (tmp_path / "text.nir").write_text("hello")
    line = call(cli, command, tmp_path / "text.nir", tmp_path / "out")
    assert "text.nir: not a NIR file, or truncated" in line


@readers
def test_a_truncated_file(cli: Cli, model: Path, tmp_path: Path, command: tuple[str, ...]) -> None:
    content = model.read_bytes()
    model.write_bytes(content[: len(content) // 2])
    assert "model.nir: " in call(cli, command, model, tmp_path / "out")


@readers
def test_an_unsupported_node(cli: Cli, nets: Any, tmp_path: Path, command: tuple[str, ...]) -> None:
    """One thing that NIR's edges cannot say: which of two inputs of a nested graph is meant."""
    ports = {"p": nets.source(2), "q": nets.source(2), "a": nets.threshold(2), "r": nets.sink(2)}
    edges = [("p", "a"), ("q", "a"), ("a", "r")]
    nodes = {"in": nets.source(2), "sub": nir.NIRGraph(ports, edges), "out": nets.sink(2)}
    graph = nir.NIRGraph(nodes, [("in", "sub"), ("sub", "out")], type_check=False)
    nir.write(tmp_path / "g.nir", graph)
    line = call(cli, command, tmp_path / "g.nir", tmp_path / "out")
    assert "node 'sub' (NIRGraph) has 2 inputs" in line


@readers
def test_shapes_that_do_not_meet(
    cli: Cli, nets: Any, tmp_path: Path, command: tuple[str, ...]
) -> None:
    nodes = {"in": nets.source(2), "w": nets.affine(np.ones((3, 2))), "a": nets.threshold(4)}
    nodes["out"] = nets.sink(4)
    edges = [("in", "w"), ("w", "a"), ("a", "out")]
    nir.write(tmp_path / "g.nir", nir.NIRGraph(nodes, edges, type_check=False))
    line = call(cli, command, tmp_path / "g.nir", tmp_path / "out")
    assert "node 'a' (Threshold) has shape (4,), but 'w' gives it (3,); mend" in line


@readers
def test_a_missing_dt(cli: Cli, nets: Any, tmp_path: Path, command: tuple[str, ...]) -> None:
    nodes = {"in": nets.source(2), "a": nets.threshold(2), "out": nets.sink(2)}
    write_nir(nets.chain(nodes, dt=None), tmp_path / "g.nir")
    line = call(cli, command, tmp_path / "g.nir", tmp_path / "out")
    assert "does not say its time step dt" in line
    assert "pass --dt" in line


class Code:
    """Runs when it is unpickled."""

    def __init__(self, touched: Path) -> None:
        self.touched = touched

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        return Path.touch, (self.touched,)


def checkpoints(folder: Path) -> dict[str, Path]:
    """Files that are no checkpoints of ours."""
    paths = {
        name: folder / f"{name}.pt" for name in ("none", "text", "other", "code", "raw", "zip")
    }
    paths["text"].write_text("hello")
    torch.save({"weights": torch.ones(3)}, paths["other"])
    torch.save({"format": Code(folder / "ran")}, paths["code"])
    paths["raw"].write_bytes(pickle.dumps(Code(folder / "ran")))
    with zipfile.ZipFile(paths["zip"], "w") as file:
        file.writestr("a", "b")
    return paths


@pytest.mark.parametrize("name", ["none", "text", "other", "code", "raw", "zip"])
@pytest.mark.parametrize(
    "command", [("export", "-o", "{out}"), ("evaluate",)], ids=lambda command: command[0]
)
def test_a_checkpoint_that_is_not_ours(
    cli: Cli, tmp_path: Path, command: tuple[str, ...], name: str
) -> None:
    path = checkpoints(tmp_path)[name]
    line = call(cli, command, path, tmp_path / "out.nir")
    assert str(path) in line
    assert "make one with 'snnvae train'" in line
    assert not (tmp_path / "ran").exists()


def test_nir_where_a_checkpoint_goes(cli: Cli, model: Path, tmp_path: Path) -> None:
    line = call(cli, ("export", "-o", "{out}"), model, tmp_path / "out.nir")
    assert f"is NIR or other HDF5, not a checkpoint: `snnvae simulate {model}` runs NIR" in line


def test_a_graph_of_no_model_to_evaluate(cli: Cli, model: Path, tmp_path: Path) -> None:
    line = call(cli, ("evaluate",), model, tmp_path / "out.nir")
    assert "does not say which part of which model it is" in line


def test_a_checkpoint_to_check_against_that_is_not_ours(cli: Cli, tmp_path: Path) -> None:
    path = checkpoints(tmp_path)["code"]
    line = cli("check", zoo.path("digits-esvae"), "--checkpoint", path, "--samples", 1).mistake
    assert "carries code" in line
    assert not (tmp_path / "ran").exists()


def test_a_part_that_a_model_has_not(cli: Cli, tmp_path: Path) -> None:
    checkpoint = zoo.path("digits-esvae", ".pt")
    line = cli("export", checkpoint, "-o", tmp_path / "g.nir", "--part", "posterior").mistake
    assert "--part posterior: ESVAE has the parts autoencoder, decoder, encoder, generator" in line
    assert list(tmp_path.iterdir()) == []


def test_results_where_nothing_can_be_written(cli: Cli, sampled: Path, tmp_path: Path) -> None:
    """Below a file there is no folder, not even for root."""
    (tmp_path / "file").touch()
    out = tmp_path / "file" / "out"
    checkpoint = zoo.path("digits-esvae", ".pt")
    for command in (
        ("simulate", sampled, "--samples", 1, "-o", out),
        ("export", checkpoint, "-o", out / "g.nir"),
        ("train", "--model", "esvae", "--epochs", 1, "-o", out),
    ):
        line = cli(*command).mistake
        assert "cannot write" in line
        assert str(out) in line
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "sampled.nir"]


def test_the_output_is_tried_before_the_work(
    cli: Cli, sampled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that takes hours must not end at its first write."""

    def work(*_: object, **__: object) -> None:
        raise AssertionError("the run began")

    monkeypatch.setattr(run_network, "run", work)
    (tmp_path / "file").touch()
    assert "cannot write" in cli("simulate", sampled, "-o", tmp_path / "file" / "out").mistake


def test_a_decoder_is_looked_at_before_the_work(
    cli: Cli, nets: Any, sampled: Path, tmp_path: Path
) -> None:
    """Else the encoder's recording would be left alone."""
    nodes = {"in": nets.source(9), "a": nets.threshold(9), "out": nets.sink(9)}
    write_nir(nets.chain(nodes), tmp_path / "other.nir")
    for decoder, message in (
        ("none.nir", "no such file"),
        ("other.nir", "--decoder: the first file has 0 spiking outputs"),
    ):
        given = ("--decoder", tmp_path / decoder, "-o", tmp_path / "out")
        assert message in cli("simulate", sampled, *given).mistake
    encoder = zoo.path("digits-esvae", ".pt")
    cli("export", encoder, "-o", tmp_path / "encoder.nir", "--part", "encoder")
    given = ("--decoder", tmp_path / "other.nir", "-o", tmp_path / "out")
    line = cli("simulate", tmp_path / "encoder.nir", *given).mistake
    assert "does not fit the decoder's input (9,); export both from one checkpoint" in line
    assert not (tmp_path / "out").exists()


def test_data_that_does_not_fit(cli: Cli, model: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    np.save(tmp_path / "x.npy", np.zeros((3, 4, 5)))
    np.save(tmp_path / "currents.npy", np.full((4, 2, 4, 4), 0.5))
    (tmp_path / "text.npy").write_text("hello")
    for file, message in (
        (None, "input 'in' needs data of shape (samples, 8, 2, 4, 4); pass --input"),
        ("none.npy", "none.npy: no such file"),
        ("text.npy", "text.npy: not a plain .npy or .npz file"),
        ("x.npy", "data for input 'in' has shape (3, 4, 5)"),
        ("currents.npy", "--analog in"),
    ):
        given = () if file is None else ("--input", tmp_path / file)
        assert message in cli("simulate", model, *given, "-o", out).mistake
    assert not out.exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("simulate", "{model}", "--samples", "0"), "--samples"),
        (("simulate", "{model}", "--samples", "many"), "--samples"),
        (("simulate", "{model}", "--dt", "soon"), "--dt"),
        (("simulate", "{model}", "--dt", "-1"), "dt = -1.0 is not a positive"),
        (("simulate", "{model}", "--steps", "0"), "steps = 0"),
        (("simulate", "{model}", "--seed", "-1"), "--seed"),
        (("evaluate", "{model}", "--seed", "-1"), "0<=x<=9223372036854775807"),
        (("evaluate", "{model}", "--seed", str(2**63)), "0<=x<=9223372036854775807"),
        (("evaluate", "{model}", "--seed", str(2**128)), "0<=x<=9223372036854775807"),
        (("simulate", "{model}", "--seed", str(2**128)), "0<=x<=9223372036854775807"),
        (("check", "{model}", "--seed", str(2**63)), "0<=x<=9223372036854775807"),
        (("simulate", "{model}", "--reset", "never"), "--reset"),
        (("simulate", "{model}", "--precision", "double"), "--precision"),
        (("simulate", "{model}", "--delay-edge", "a"), "--delay-edge a: write two node names"),
        (("simulate", "{model}", "--delay-edge", "a,b"), "--delay-edge a,b: no such path"),
        (("simulate", "{model}", "--analog", "nobody"), "--analog nobody: the graph's inputs"),
        (("simulate", "{model}", "--colour"), "--colour"),
        (("simulate",), "MODEL"),
        (("energy", "none.h5"), "none.h5: no such file"),
        (("energy", "{model}"), "not a recording of snnvae"),
        (("energy",), "give the recording.h5 of a run"),
        (("zoo", "none"), "no zoo model 'none'"),
        (("train", "--model", "esvae", "--dataset", "none", "-o", "x"), "none"),
        (("train", "--model", "esvae", "--widths", "a,b", "-o", "x"), "--widths a,b"),
        (("train", "--model", "esvae", "--epochs", "0", "-o", "x"), "epochs"),
        (("train", "--model", "gan", "-o", "x"), "--model"),
        (("train", "--model", "autoencoder", "-o", "x"), "--model autoencoder: give one of esvae"),
        (("train-front", "--model", "ann-vae", "-o", "x"), "--model ann-vae has no spikes"),
        (("run-lava", "{model}", "--target", "loihi2", "--mode", "batched"), "leave out --mode"),
        (("run-lava", "{model}", "--mode", "fast"), "--mode"),
        (("fly",), "fly"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_other_mistakes(
    cli: Cli,
    model: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    line = cli(*(part.format(model=model) for part in arguments)).mistake
    assert message in line
    assert [path.name for path in tmp_path.iterdir()] == ["model.nir"]


@pytest.mark.parametrize("command", ["simulate", "run-lava", "check"])
def test_a_class_of_a_model_that_has_none(
    cli: Cli, sampled: Path, tmp_path: Path, command: str
) -> None:
    out = () if command == "check" else ("-o", tmp_path / "out")
    line = cli(command, sampled, "--class", "7", *out).mistake
    assert "takes no class" in line
    assert "leave out --class" in line
    assert cli(command, sampled, "--class", "seven", *out).code == 2
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("dt", ["1e-320", "1e300", "inf", "nan", "0", "-1"])
def test_a_time_step_that_is_none(cli: Cli, model: Path, tmp_path: Path, dt: str) -> None:
    for command in ("inspect", "check"):
        line = cli(command, model, "--dt", dt).mistake
        assert "is not a positive number of seconds (1e-30 to 1e+30); pass --dt" in line
    (tmp_path / "x.net").touch()
    assert (
        "pass --dt"
        in cli("import", tmp_path / "x.net", "-o", tmp_path / "y.nir", "--dt", dt).mistake
    )


def test_a_file_that_may_not_be_read(
    cli: Cli, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root may read all, so the system's refusal is played."""
    checkpoint = tmp_path / "a.pt"
    checkpoint.write_bytes(zoo.path("digits-esvae", ".pt").read_bytes())
    opened = Path.open

    def refuse(path: Path, *arguments: Any, **how: Any) -> Any:
        if path == checkpoint:
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, *arguments, **how)

    monkeypatch.setattr(Path, "open", refuse)
    line = cli("export", checkpoint, "-o", tmp_path / "b.nir").mistake
    assert f"{checkpoint}: Permission denied" in line
