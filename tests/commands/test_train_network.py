"""`snnvae train --from net.nir` or `net.py:build`: a network of the user's own, fine-tuned."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from small_graphs import affine, chain, lif, readout

from snnvae.commands.train import names_network
from snnvae.deploy.compile import compile_graph
from snnvae.export.nir_file import read_nir, write_nir

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Norse scripts functions at import, which torch calls outdated
    import norse.torch  # noqa: F401  as the module below does

Cli = Callable[..., Any]
STEPS, SAMPLES = 8, 60
SOURCE = """
import norse.torch as norse
import torch
from torch import nn

def build():
    torch.manual_seed(0)
    return norse.SequentialState(
        nn.Linear(4, 8), norse.LIFBoxCell(), nn.Linear(8, 2), norse.LIBoxCell()
    )

def normed():
    torch.manual_seed(0)
    return norse.SequentialState(
        nn.Linear(4, 8), nn.BatchNorm1d(8), norse.LIFBoxCell(), nn.Linear(8, 2), norse.LIBoxCell()
    ).eval()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """net.nir, net.py, x.npy, labels y.npy, targets t.npy."""
    rng = np.random.default_rng(0)
    classes = np.arange(SAMPLES) % 2
    rate = np.where(classes, 0.3, 0.8)[:, None, None]
    np.save(tmp_path / "x.npy", rng.random((SAMPLES, STEPS, 4)) < rate)
    np.save(tmp_path / "y.npy", classes)
    np.save(tmp_path / "t.npy", np.stack([classes, 1 - classes], 1) * 0.5)
    (tmp_path / "net.py").write_text(SOURCE)
    net = chain((4,), affine(8, 4), lif(8), affine(2, 8), lif(2))
    write_nir(net, tmp_path / "net.nir")
    return tmp_path


def train(cli: Cli, folder: Path, source: str, *options: object, answers: str = "labels") -> Any:
    file = folder / ("y.npy" if answers == "labels" else "t.npy")
    return cli(
        "train", "--from", folder / source, "--input", folder / "x.npy", f"--{answers}", file,
        "-o", folder / "run", "--json", *options,
    )  # fmt: skip


def test_a_nir_file_is_trained_in_integers(cli: Cli, folder: Path) -> None:
    options = ("--qat", "loihi2", "--dt", "1e-3", "--lr", "0.02", "--epochs", 2, "--batch", 16)
    ended = train(cli, folder, "net.nir", *options)
    assert ended.code == 0, ended.err
    found = json.loads(ended.out)
    assert found["samples"] == {"training": 48, "held_out": 12, "steps": STEPS}
    assert found["before"].keys() == found["after"].keys() == {"float", "fixed"}
    assert found["after"]["fixed"]["low"] <= found["after"]["fixed"]["accuracy"]
    lines = (folder / "run" / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(line)["epoch"] for line in lines] == [1, 2]
    assert json.loads((folder / "run" / "metrics.json").read_text())["after"] == found["after"]
    graph = read_nir(folder / "run" / "model.nir")
    assert set(graph.metadata["snnvae"]["scales"]) == {"n1", "n3"}
    # It says everything itself: evaluated as it lies there, it is as good as was told.
    judged = cli(
        "evaluate", folder / "run" / "model.nir", "--input", folder / "x.npy", "--labels",
        folder / "y.npy", "--json",
    )  # fmt: skip
    assert judged.code == 0, judged.err


def test_a_module_gets_its_weights_back(cli: Cli, folder: Path) -> None:
    module = ("--input-shape", "4", "--lr", "0.02", "--qat", "loihi2")
    ended = train(cli, folder, "net.py:build", *module, answers="targets")
    assert ended.code == 0, ended.err
    found = json.loads(ended.out)
    assert found["after"]["fixed"]["mse"] < found["before"]["fixed"]["mse"]
    weights = torch.load(folder / "run" / "weights.pt", weights_only=True)
    graph = read_nir(folder / "run" / "model.nir")
    assert np.array_equal(graph.nodes["0"].weight, weights["0.weight"].numpy())
    again = folder / "again.nir"
    exported = cli(
        "export", folder / "net.py:build", "--weights", folder / "run" / "weights.pt",
        "--input-shape", "4", "-o", again,
    )  # fmt: skip
    assert exported.code == 0, exported.err
    assert np.array_equal(read_nir(again).nodes["2"].bias, graph.nodes["2"].bias)


def test_what_is_no_parameter_by_itself_is_said(cli: Cli, folder: Path) -> None:
    ended = train(cli, folder, "net.py:normed", "--input-shape", "4", "--epochs", 1)
    assert ended.code == 0, ended.err
    assert "BatchNorm" in json.loads(ended.out)["note"]
    assert not (folder / "run" / "weights.pt").exists()
    assert (folder / "run" / "model.nir").exists()


def test_calibrated_scales_keep_the_bits_of_small_weights(cli: Cli, folder: Path) -> None:
    net = chain((4,), affine(300, 4), lif(300), affine(2, 300), lif(2))
    net.nodes["n2"].weight[0, 0] = 60
    write_nir(net, folder / "net.nir")
    options = ("--dt", "1e-3", "--qat", "loihi2", "--epochs", 1)
    assert train(cli, folder, "net.nir", *options).code == 0
    plain = read_nir(folder / "run" / "model.nir").metadata["snnvae"]["scales"]["n3"]
    assert train(cli, folder, "net.nir", *options, "--calibrate", "percentile").code == 0
    graph = read_nir(folder / "run" / "model.nir")
    assert graph.metadata["snnvae"]["scales"]["n3"] > plain
    assert graph.nodes["n2"].weight[0, 0] < 59


def test_a_constant_analog_input_is_trained(cli: Cli, folder: Path) -> None:
    net = chain((4,), affine(5, 4), lif(5), affine(2, 5), readout(2))
    net.metadata = {
        "snnvae": {
            "version": 1, "dt": 1e-3, "steps": 5, "initial": "zero",
            "inputs": {"input": {"analog": True, "constant": True}},
        }
    }  # fmt: skip
    write_nir(net, folder / "still.nir")
    rng = np.random.default_rng(0)
    np.save(folder / "x.npy", rng.uniform(-1, 1, (SAMPLES, 4)))
    ended = train(cli, folder, "still.nir", "--qat", "loihi2", "--epochs", 1)
    assert ended.code == 0, ended.err
    program = compile_graph(read_nir(folder / "run" / "model.nir"), "fixed").program
    assert program.inputs[0].constant


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--widths", "4,4"), "No such option '--widths'"),
        (("--weights", "w.pt"), "--weights is for a module such as net.py:build"),
        (("--data", "x.py:y"), "either --input with --labels or --targets, or --data"),
        (("--dt", "1e-3", "--readout", "last"), "--readout last"),
        (("--dt", "-1"), "--dt"),
        (("--calibrate", "mse"), "add --qat"),
    ],
)
def test_mistakes_are_one_line(cli: Cli, folder: Path, options: tuple[str, ...], said: str) -> None:
    ended = train(cli, folder, "net.nir", *options)
    assert ended.code == 2
    assert said in ended.err
    assert not (folder / "run").exists()


def test_only_networks_of_the_users_own_take_this_way(tmp_path: Path) -> None:
    assert names_network(["--epochs", "2", "--from", "net.nir"])
    assert names_network(["--from=net.py:build"])
    assert not names_network(["--from", "model.pt"])
    assert not names_network(["net.nir"])
    assert not names_network(["--from"])
    named = tmp_path / "a:b"
    named.write_text("")
    assert not names_network(["--from", str(named)])
