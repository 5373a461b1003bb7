"""`snnvae train --from net.nir` or `net.py:build`: a network of the user's own, fine-tuned."""

from __future__ import annotations

import json
import shlex
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from small_graphs import affine, chain, lif, readout

from snnvae.commands.train import names_network
from snnvae.deploy.compile import compile_graph
from snnvae.errors import ConfigError
from snnvae.export.nir_file import read_nir, write_nir
from snnvae.train.network.fine_tune import FineTuning

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

def eyes():
    cell = norse.LIFRecurrentCell(4, 4, norse.LIFParameters(v_th=torch.tensor(0.1)))
    with torch.no_grad():
        cell.input_weights.copy_(torch.eye(4))
        cell.recurrent_weights.copy_(torch.eye(4))
    return norse.SequentialState(cell, nn.Linear(4, 2), norse.LIBoxCell())

def half():
    module = build()
    module[0].requires_grad_(False)
    return module

def spiking():
    torch.manual_seed(0)
    module = norse.SequentialState(
        nn.Linear(4, 8), norse.LIFBoxCell(), nn.Linear(8, 2), norse.LIFBoxCell()
    )
    with torch.no_grad():
        module[2].bias.copy_(torch.tensor([0.01, 0.02]))
        module[2].weight.mul_(1e-3)
    return module

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
    assert repeated(cli, found) == found["after"]


def repeated(cli: Cli, found: Any) -> Any:
    """The figures of the command that a training tells to repeat its own."""
    ended = cli(*shlex.split(found["again"])[1:], "--json")
    assert ended.code == 0, ended.err
    kind = {"accuracy", "mse", "low", "high"}
    forms = json.loads(ended.out)["forms"]
    return {name: {k: v for k, v in form.items() if k in kind} for name, form in forms.items()}


def test_a_module_gets_its_weights_back(cli: Cli, folder: Path) -> None:
    module = ("--input-shape", "4", "--lr", "0.02", "--qat", "loihi2")
    ended = train(cli, folder, "net.py:build", *module, answers="targets")
    assert ended.code == 0, ended.err
    found = json.loads(ended.out)
    assert found["after"]["fixed"]["mse"] < found["before"]["fixed"]["mse"]
    assert repeated(cli, found) == found["after"]
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


def test_equal_weights_of_a_cell_are_told_apart_by_their_names(cli: Cli, folder: Path) -> None:
    options = ("--input-shape", "4", "--qat", "loihi2", "--epochs", 1)
    ended = train(cli, folder, "net.py:eyes", *options)
    assert ended.code == 0, ended.err
    weights = torch.load(folder / "run" / "weights.pt", weights_only=True)
    graph = read_nir(folder / "run" / "model.nir")
    both = [f"0.{name}_weights" for name in ("input", "recurrent")]
    for name in both:
        assert np.array_equal(graph.nodes[name].weight, weights[name].numpy())
    assert not np.array_equal(*(weights[name].numpy() for name in both))
    # Its loop has one step, and a chip's takes two.
    (refusal,) = json.loads(ended.out)["refusals"]
    assert "L2-LOOP" in refusal


def test_what_a_module_does_not_train_stays(cli: Cli, folder: Path) -> None:
    ended = train(cli, folder, "net.py:half", "--input-shape", "4", "--epochs", 1)
    assert ended.code == 0, ended.err
    torch.manual_seed(0)
    first = torch.nn.Linear(4, 8)
    weights = torch.load(folder / "run" / "weights.pt", weights_only=True)
    assert torch.equal(weights["0.weight"], first.weight)
    assert torch.equal(weights["0.bias"], first.bias)
    assert not torch.equal(weights["2.bias"], torch.nn.Linear(8, 2).bias)


@pytest.mark.parametrize("source", ["net.nir", "net.py:spiking"])
def test_one_rule_decides_between_equal_scores(cli: Cli, folder: Path, source: str) -> None:
    """Of a network that never fires: by membranes, or where there is a module by the number."""
    net = read_nir(folder / "net.nir")
    net.nodes["n0"].weight *= 1e-3
    net.nodes["n2"].bias[:] = [0.01, 0.02]
    write_nir(net, folder / "net.nir")
    shape = ("--input-shape", "4") if "py" in source else ("--dt", "1e-3")
    ended = train(cli, folder, source, *shape, "--lr", "1e-9", "--epochs", 1, "--batch", 64)
    assert ended.code == 0, ended.err
    found = json.loads(ended.out)
    rule = "the lower number" if "py" in source else "the higher membrane"
    tied, silent = found["notes"]["after"][:2]
    assert f"decided by {rule}" in tied
    assert silent == "no output neuron fires: float 12, fixed 12 samples"
    assert found["settings"]["ties"] == ("lowest" if "py" in source else "membrane")
    # All samples have the same answer, so half of them are right, in training and beside it.
    assert found["epochs"][0]["accuracy"] == found["after"]["float"]["accuracy"] == 0.5
    assert repeated(cli, found) == found["after"]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("", "--held-out "),
        ("[]", "not a metrics.json of a fine-tuning"),
        ('{"held_out": [70], "samples": {"training": 59, "held_out": 1}, "settings": {"ties": 0}}',
         "not a metrics.json of a fine-tuning"),
        ('{"held_out": [7], "samples": {"training": 69, "held_out": 1}, "settings": {"ties": 0}}',
         "the training had 70 samples, and here are 60"),
    ],
)  # fmt: skip
def test_what_was_held_out_is_read_with_care(
    cli: Cli, folder: Path, written: str, said: str
) -> None:
    (folder / "m.json").write_text(written)
    words = ("evaluate", folder / "net.nir", "--input", folder / "x.npy", "--dt", "1e-3")
    words = (*words, "--labels", folder / "y.npy", "--held-out", folder / "m.json")
    ended = cli(*words)
    assert ended.code == 2
    assert said in ended.err
    assert "--held-out says which samples" in cli(*words, "--samples", 3).err


def test_what_fixed_point_refuses_is_said(cli: Cli, folder: Path) -> None:
    net = read_nir(folder / "net.nir")
    net.nodes["n2"].bias[:] = -40
    net.nodes["n3"].v_threshold[:] = 1e-3
    write_nir(net, folder / "net.nir")
    ended = train(cli, folder, "net.nir", "--dt", "1e-3", "--epochs", 1)
    assert ended.code == 0, ended.err
    found = json.loads(ended.out)
    for notes in found["notes"].values():
        assert notes[-1].startswith("fixed takes the nearest values (--saturate): fixed point ")
    assert "--saturate" in shlex.split(found["again"])
    assert repeated(cli, found) == found["after"]


def test_nothing_of_an_earlier_run_stays(cli: Cli, folder: Path) -> None:
    run = folder / "run"
    assert train(cli, folder, "net.py:build", "--input-shape", "4", "--epochs", 2).code == 0
    assert (run / "weights.pt").exists()
    ended = train(cli, folder, "net.nir", "--dt", "1e-3", "--epochs", 1)
    assert ended.code == 0, ended.err
    assert sorted(path.name for path in run.iterdir()) == [
        "metrics.json", "metrics.jsonl", "model.nir"
    ]  # fmt: skip
    kept = json.loads((run / "metrics.json").read_text())
    told = json.loads(ended.out)
    assert kept["held_out"] == told["held_out"]
    assert len(kept["held_out"]) == 12
    assert kept["settings"]["epochs"] == 1
    # One that a folder is in the way of ends before any work.
    (run / "weights.pt").mkdir()
    ended = train(cli, folder, "net.nir", "--dt", "1e-3", "--epochs", 1)
    assert ended.code == 2
    assert "its weights.pt is no file" in ended.err
    assert json.loads((run / "metrics.json").read_text()) == kept


def test_each_epoch_is_written_with_what_was_before(
    cli: Cli, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object) -> None:
        raise ConfigError("stopped")

    monkeypatch.setattr(FineTuning, "check", lambda self: None)
    first = FineTuning.epochs

    def one(self: FineTuning, progress: Any = None) -> Iterator[dict[str, Any]]:
        yield next(first(self, progress))
        stopped()

    monkeypatch.setattr(FineTuning, "epochs", one)
    assert train(cli, folder, "net.nir", "--dt", "1e-3").code == 2
    kept = json.loads((folder / "run" / "metrics.json").read_text())
    assert kept["before"].keys() == {"float", "fixed"}
    assert [each["epoch"] for each in kept["epochs"]] == [1]
    assert "after" not in kept


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
        (("--widths", "4,4"), "--widths is for models of snnvae's own, not for --from "),
        (("--model", "esvae"), "--model is for models of snnvae's own, not for --from "),
        (("--resume",), "--resume is for models of snnvae's own, not for --from "),
        (("--widdths", "4,4"), "No such option '--widdths'"),
        (("--weights", "w.pt"), "--weights is for a module such as net.py:build"),
        (("--data", "x.py:y"), "either --input with --labels or --targets, or --data"),
        (("--dt", "1e-3", "--readout", "last"), "--readout last"),
        (("--dt", "-1"), "--dt"),
        (("--lr", "nan"), "'--lr': nan is no finite number"),
        (("--validation", "nan"), "'--validation': nan is no finite number"),
        (("--batch", "9" * 23), "'--batch'"),
        (("--calibrate", "mse"), "add --qat"),
        (("--dt", "1e-3", "--steps", "4"), "--steps 4: the samples have 8"),
        (("--dt", "1e-3", "--readout", "mean"), "choose count\n"),
        (("--dt", "1e-3", "--analog", "other"), "--analog other: the graph's inputs are"),
    ],
)
def test_mistakes_are_one_line(cli: Cli, folder: Path, options: tuple[str, ...], said: str) -> None:
    ended = train(cli, folder, "net.nir", *options)
    assert ended.code == 2
    assert said in ended.err
    assert not (folder / "run").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--from", "net.py", "--input", "x.npy"), "net.nir or net.py:build, not net.py"),
        (("--from", "gone.pt", "--labels", "y.npy"), "net.nir or net.py:build, not gone.pt"),
        (("net.nir", "--input", "x.npy"), "net.nir or net.py:build, as in --from net.nir"),
        (("net.nir",), "net.nir is a network of yours: give it by --from net.nir"),
        (("--input", "x.npy"), "--input is for a network of yours: give --from net.nir or"),
        (("--from", "gone.NIR", "--input", "x.npy", "--labels", "y.npy"), "gone.NIR"),
    ],
)
def test_a_network_that_is_named_otherwise_is_told_how(
    cli: Cli, tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    ended = cli("train", *words, "-o", tmp_path / "run")
    assert ended.code == 2
    assert said in ended.err


def test_only_networks_of_the_users_own_take_this_way(tmp_path: Path) -> None:
    assert names_network(["--epochs", "2", "--from", "net.nir"])
    assert names_network(["--from=net.py:build"])
    assert not names_network(["--from", "model.pt"])
    assert not names_network(["net.nir"])
    assert not names_network(["--from"])
    named = tmp_path / "a:b"
    named.write_text("")
    assert not names_network(["--from", str(named)])
