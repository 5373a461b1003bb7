"""A family of its own, in one folder and with one line in the registry, has every verb.

`support/parity` computes the parity of three bits with a dozen neurons: no images, no draws.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from command_line import Ended, snnvae
from in_code import on_the_emulator_or_all

import snnvae as package
from snnvae.deploy.compile import compile_graph
from snnvae.families import registry
from snnvae.train.build import build
from snnvae.train.to_nir import to_nir

FOLDER = Path(__file__).parents[1] / "support" / "parity"
TRAINED = ("--steps", 8, "--batch", 40, "--lr", 0.1)


@pytest.fixture(scope="module", autouse=True)
def registered() -> Iterator[None]:
    """The one line."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(registry.FAMILIES, "parities", "parity")
        yield


def done(*arguments: object) -> Ended:
    ended = snnvae(*arguments)
    assert ended.code == 0, (arguments, ended.err, ended.out)
    return ended


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A trained network's folder."""
    folder = tmp_path_factory.mktemp("parity") / "run"
    done(
        "train",
        "--model",
        "parity-net",
        "--epochs",
        6,
        *TRAINED,
        "--schedule",
        "cosine",
        "-o",
        folder,
    )
    return folder


@pytest.fixture(scope="module")
def graph(run: Path) -> Path:
    """The exported network."""
    done("export", run / "model.pt", "-o", run / "net.nir")
    return run / "net.nir"


def last(folder: Path) -> dict[str, float]:
    record: dict[str, float] = json.loads((folder / "metrics.jsonl").read_text().splitlines()[-1])
    return record


def test_it_is_one_small_folder() -> None:
    assert sum(len(file.read_text().splitlines()) for file in FOLDER.glob("*.py")) <= 150


def test_training_learns_and_reports_its_figures(run: Path) -> None:
    record = last(run)
    assert record["test_accuracy"] == 1.0
    assert record["test_error"] < 0.1
    assert record["test_words"] == 8
    assert record["words_per_second"] > 0


def test_a_training_resumes_bit_for_bit(tmp_path: Path) -> None:
    words = ("--model", "parity-net", *TRAINED)
    done("train", *words, "--epochs", 3, "-o", tmp_path / "whole")
    done("train", *words, "--epochs", 1, "-o", tmp_path / "parts")
    done("train", "--resume", "--epochs", 3, "-o", tmp_path / "parts")
    whole, parts = ((tmp_path / name / "model.pt").read_bytes() for name in ("whole", "parts"))
    assert whole == parts


def test_a_budget_validation_and_annealing(tmp_path: Path) -> None:
    done(
        "train", "--model", "parity-net", *TRAINED, "--epochs", 4, "--anneal", 16,
        "--spike-budget", 50, "--unit-penalty", 0.01, "--validation", 0.1, "--set", "hidden=6",
        "-o", tmp_path / "run",
    )  # fmt: skip
    record = last(tmp_path / "run")
    assert 0 < record["operations"] < 1000
    assert "validation_error" in record


def test_fixed_point_is_trained_and_comes_out_of_the_program(run: Path, tmp_path: Path) -> None:
    out = tmp_path / "qat"
    done("train", "--from", run / "model.pt", "--qat", "loihi2", "--epochs", 2, "-o", out)
    found = json.loads(done("evaluate", out / "model.pt", "--json").out)
    assert found["accuracy"]["fixed"] == 1.0
    assert found["error"]["norse"] == found["error"]["fixed"]


def test_what_carries_little_is_cut(run: Path, tmp_path: Path) -> None:
    found = done(
        "train", "--from", run / "model.pt", "--adaptive-latent", "--rounds", 1, "--epochs", 4,
        "--tolerance", 20, "-o", tmp_path / "small", "--json",
    )  # fmt: skip
    sizes = json.loads(found.out)
    assert sizes["after"]["neurons"] < sizes["before"]["neurons"]


def test_its_figures_stand_beside_the_truth(run: Path) -> None:
    found = json.loads(done("evaluate", run / "model.pt", "--json").out)
    assert found["accuracy"] == {"norse": 1.0, "float": 1.0, "fixed": 1.0, "exact": 1.0}
    assert found["error"]["float"] == pytest.approx(found["error"]["norse"], abs=1e-9)
    assert found["samples"] == 8


@on_the_emulator_or_all
def test_every_backend_and_norse_agree(run: Path, graph: Path, backends: str) -> None:
    chosen = [word for backend in backends.split() for word in ("--backend", backend)]
    own = ("--samples", 8, "--checkpoint", run / "model.pt", "--json")
    found = json.loads(done("check", graph, *chosen, *own).out)
    assert found["agrees"]
    assert {row["peer"] for row in found["rows"]} == {*backends.split(), "norse"}
    assert all(row["spikes"] > 0 for row in found["rows"] if row["layer"] != "readout")


@pytest.mark.parametrize("command", [("simulate",), ("run-lava", "--mode", "stock")])
def test_it_runs_on_its_held_out_words(graph: Path, tmp_path: Path, command: tuple[str]) -> None:
    done(*command, graph, "--samples", 8, "-o", tmp_path)
    values = np.load(tmp_path / "outputs.npy").reshape(-1)
    words = np.array(list(np.ndindex(2, 2, 2)))
    assert ((values > 0) == (words.sum(1) % 2 == 1)).all()


def test_its_energy_is_estimated_beside_an_ann(graph: Path, tmp_path: Path) -> None:
    done("simulate", graph, "--samples", 8, "-o", tmp_path)
    report = json.loads(
        done("energy", tmp_path / "recording.h5", "--profile", "horowitz45", "--json").out
    )
    assert report["energy_pj"]["total"]["nominal"] > 0
    # Three bits to twelve neurons to one value.
    assert report["ann"]["macs"] == 3 * 12 + 12


def test_a_wiring_says_how_often_its_twin_runs_a_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    model = build(registry.kind_of("parity-net").default("parity-net", steps=4))
    wiring = replace(model.wiring("net"), twin_passes="each step")
    assert compile_graph(to_nir(model)).program.twin_passes == "once"
    monkeypatch.setattr("parity.family.ParityNet.wiring", lambda *_: wiring)
    assert compile_graph(to_nir(model)).program.twin_passes == "each step"


def test_its_error_is_taken_apart(run: Path, tmp_path: Path) -> None:
    found = json.loads(done("diagnose", run / "model.pt", "-o", tmp_path, "--json").out)
    assert list(found["rungs"]) == ["in fixed point", "without rounding"]
    assert found == json.loads((tmp_path / "diagnosis.json").read_text())
    refused = snnvae("diagnose", run / "model.pt", "--draws", 4)
    assert "--draws is for models of images, not of parities: leave it out" in refused.mistake


def test_a_front_of_it_is_trained(run: Path, tmp_path: Path) -> None:
    done(
        "train-front", "--from", run / "model.pt", "--over", "4,8", "--budgets", "50%",
        "--epochs", 2, "--qat-epochs", 1, "--ann-epochs", 0, "-o", tmp_path / "front",
    )  # fmt: skip
    front = json.loads((tmp_path / "front" / "front.json").read_text())
    assert [point["steps"] for point in front["points"]] == [8, 8, 4, 4]


ROOMS = (
    "evaluate", "train", "layers", "export", "deploy", "energy", "hardware_sim", "primitives",
    "draws",
)  # fmt: skip
COUNTINGS = {"conventions.py", "terms.py"}
"""They hold `fsvae` as the name of a published way of counting operations, which profiles state."""


def test_no_room_below_knows_a_family_by_name() -> None:
    names = set(registry.models()) | {f"snnvae.families.{name}" for name in registry.FAMILIES}
    root = Path(package.__file__).parent
    files = [file for room in ROOMS for file in (root / room).rglob("*.py")]
    found = [
        (file.name, text)
        for file in files
        if file.name not in COUNTINGS
        for text in strings(file)
        if any(re.search(rf"\b{re.escape(name)}\b", text) for name in names)
    ]
    assert len(files) > 200
    assert found == []


def strings(file: Path) -> Iterator[str]:
    """The texts of a file, without what is said of it."""
    tree = ast.parse(file.read_text())
    said = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said:
            yield node.value
