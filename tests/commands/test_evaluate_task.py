"""`snnvae evaluate net.nir --input x.npy --labels y.npy`: anybody's network, on their samples."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_classifier import INPUTS, STEPS, classifier, samples

import snnvae as sv
from snnvae import zoo

Cli = Callable[..., Any]
COUNT = 24


@pytest.fixture(scope="module")
def net(nets: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a classifier, one with membranes, samples, labels, names and targets."""
    folder = tmp_path_factory.mktemp("net")
    sv.write(classifier(nets, spiking=True), folder / "net.nir")
    sv.write(classifier(nets, spiking=False), folder / "values.nir")
    rng = np.random.default_rng(5)
    np.save(folder / "x.npy", samples(COUNT))
    np.save(folder / "static.npy", samples(COUNT)[:, 0])
    labels = rng.integers(0, 4, COUNT)
    labels[:4] = range(4)
    np.save(folder / "y.npy", labels)
    np.save(folder / "names.npy", np.array(["p", "q", "r", "s"])[labels])
    np.save(folder / "targets.npy", rng.normal(size=(COUNT, 4)))
    np.save(folder / "pickled.npy", np.array([{}, {}]), allow_pickle=True)
    (folder / "net.py").write_text(
        "import numpy as np\n"
        f"pair = np.load({str(folder / 'x.npy')!r}), np.load({str(folder / 'y.npy')!r})\n"
    )
    return folder


@pytest.fixture
def evaluate(cli: Cli, net: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """evaluate('--input', 'x.npy', …) in the folder, of net.nir."""
    monkeypatch.chdir(net)
    return lambda *options, model="net.nir": cli("evaluate", model, *options)


LABELLED = ("--input", "x.npy", "--labels", "y.npy")


def test_a_classifiers_table_and_page(
    evaluate: Callable[..., Any], nets: Any, net: Path, tmp_path: Path
) -> None:
    page = tmp_path / "page.html"
    ended = evaluate(*LABELLED, "--explain", page, "--traces", 1, "--top-k", 2)
    assert ended.code == 0, ended.err
    graph = classifier(nets, spiking=True)
    found = sv.assess(graph, np.load(net / "x.npy"), np.load(net / "y.npy"), top_k=2, explain=True)
    assert ended.out == f"{found.text}\nwrote {page}\n"
    assert len(found.flips) > 0, "the test shows nothing"
    text = page.read_text("utf-8")
    assert text.startswith("<!DOCTYPE html>")
    assert text.count("<svg") == 1
    assert "Layer by layer" in text


def test_samples_may_be_named_in_a_file_of_options(
    evaluate: Callable[..., Any], net: Path, tmp_path: Path
) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('input = "x.npy"\nlabels = "y.npy"\ntop-k = 2\n')
    typed = evaluate(*LABELLED, "--top-k", 2)
    assert typed.code == 0
    assert evaluate("--config", file).out == typed.out
    file.write_text('input = "x.npy"\nlabels = "y.npy"\ntraces = 2\n')
    assert "--traces is for --explain" in evaluate("--config", file).mistake


def test_what_a_script_reads(evaluate: Callable[..., Any]) -> None:
    ended = evaluate(*LABELLED, "--json", "--samples", 20, "--max-memory", "200kB")
    data = json.loads(ended.out)
    assert data["samples"] == 20
    assert data["forms"].keys() == {"float", "fixed"}
    assert np.sum(data["forms"]["fixed"]["confusion"]) == 20
    assert data["change"].keys() == {"flips", "lost", "gained", "mcnemar_p"}


@pytest.mark.parametrize(
    "options",
    [
        ("--data", "net.py:pair"),
        ("--input", "x.npy", "--labels", "names.npy"),
        ("--input", "x.npy", "--labels", "names.npy", "--classes", "p,q,r,s"),
        (*LABELLED, "--classes", "p,q,r,s"),
    ],
    ids=" ".join,
)
def test_the_same_samples_in_other_forms(
    evaluate: Callable[..., Any], options: tuple[str, ...]
) -> None:
    first, other = (json.loads(evaluate(*o, "--json").out) for o in (LABELLED, options))
    for form in ("float", "fixed"):
        assert first["forms"][form]["answers"] == other["forms"][form]["answers"]
        assert first["forms"][form]["confusion"] == other["forms"][form]["confusion"]
    assert other["classes"] == list("pqrs" if "pair" not in options[1] else "0123")


def test_values_of_a_regression(evaluate: Callable[..., Any]) -> None:
    options = ("--input", "x.npy", "--targets", "targets.npy", "--readout", "mean")
    ended = evaluate(*options, "--precision", "float", model="values.nir")
    assert ended.code == 0, ended.err
    head, _, row = ended.out.splitlines()[2:5]
    assert head.split()[:5] == ["MSE", "95", "%", "interval", "MAE"]
    held = json.loads(evaluate(*options, "--json", model="values.nir").out)["forms"]["float"]
    assert f"{held['mse']:.4g}   {held['low']:.4g} … {held['high']:.4g}   " in row
    one = evaluate(*options, "--samples", 1, "--json", model="values.nir").out
    assert "NaN" not in one
    assert "Infinity" not in one
    assert json.loads(one)["forms"]["float"]["low"] is None
    assert "–" in evaluate(*options, "--samples", 1, model="values.nir").out


def test_what_cannot_be_summed_is_refused(evaluate: Callable[..., Any], net: Path) -> None:
    for value, wrong in ((1e300, "beyond ±1e+100"), (np.inf, "not finite")):
        targets = np.zeros((COUNT, 4))
        targets[3, 1] = -value
        np.save(net / "far.npy", targets)
        said = evaluate("--input", "x.npy", "--targets", "far.npy", model="values.nir").mistake
        assert f"far.npy: the target of sample 3 is {wrong}; mend it or leave it out" in said
    scaled = ("--input", "x.npy", "--targets", "targets.npy", "--scale")
    for value in ("1e300", "nan"):
        assert "is not within ±1e+100" in evaluate(*scaled, value).mistake


def test_a_value_per_sample(evaluate: Callable[..., Any]) -> None:
    ended = evaluate("--input", "static.npy", "--labels", "y.npy", "--steps", 9)
    assert ended.code == 0, ended.err
    assert f"{COUNT} samples × 9 steps" in ended.out


@pytest.mark.slow
def test_lava_stands_beside(evaluate: Callable[..., Any]) -> None:
    beside = ("--beside", "lava-batched", "--beside", "lava-stock", "--precision", "fixed")
    data = json.loads(evaluate(*LABELLED, *beside, "--json").out)
    own, *others = (form["answers"] for form in data["forms"].values())
    assert list(data["forms"]) == ["fixed", "fixed, lava-batched", "fixed, lava-stock"]
    assert others == [own, own]
    assert data["left_out"] == []


@pytest.mark.parametrize("flag", ["--backend", "--beside"])
def test_a_backend_that_cannot_run_here_is_refused_before_any_work(
    evaluate: Callable[..., Any], flag: str
) -> None:
    both = evaluate(*LABELLED, flag, "loihi2")
    fixed = evaluate(*LABELLED, flag, "loihi2", "--precision", "fixed")
    alone = flag == "--backend"
    said = "a Loihi 2 runs fixed point only; ask for --precision fixed" if alone else "no Loihi 2"
    assert both.mistake.startswith(f"snnvae: {flag} loihi2: {said}")
    assert fixed.mistake.startswith(f"snnvae: {flag} loihi2: no Loihi 2: ")
    assert "--target" not in both.mistake + fixed.mistake
    assert "emulator:" not in both.err + fixed.err


def test_what_a_further_backend_cannot_do_is_left_out(
    evaluate: Callable[..., Any], net: Path
) -> None:
    graph = sv.read(net / "net.nir")
    name = next(name for name, node in graph.nodes.items() if hasattr(node, "v_threshold"))
    graph.nodes[name].v_threshold = np.array(graph.nodes[name].v_threshold)
    graph.nodes[name].v_threshold.flat[0] *= 1.5
    sv.write(graph, net / "uneven.nir")
    ended = evaluate(*LABELLED, "--beside", "loihi2", "--json", model="uneven.nir")
    float_, fixed = json.loads(ended.out)["left_out"]
    assert float_ == "float, loihi2: a Loihi 2 runs fixed point only; ask for --precision fixed"
    assert fixed.startswith(f"fixed, loihi2: L2-UNIFORM: layer '{name}' has decays or thresholds")


MISTAKES: dict[tuple[str, ...], str] = {
    (): "does not say which part of which model it is",
    ("--labels", "y.npy"): "--labels is for samples of your own: give --input with --labels",
    ("--readout", "last"): "--readout is for samples of your own",
    ("--dt", "0.001"): "--dt is for samples of your own",
    ("--input", "x.npy"): "say what its samples are: give --labels y.npy of a classifier, or",
    (*LABELLED, "--targets", "targets.npy"): "give --labels of a classifier or --targets of a",
    (*LABELLED, "--metric", "fad"): "--metric is for models of snnvae's own",
    (*LABELLED, "--data-dir", "."): "--data-dir is for models of snnvae's own",
    (*LABELLED, "--data", "net.py:pair"): "--data holds samples and answers; leave out --input",
    ("--data", "net.py:pair", "--labels", "y.npy"): "--data holds the answers too",
    ("--data", "x.npy"): "x.npy: a file; give a folder with a folder per class",
    ("--data", "net.py:none"): "net.py has no 'none'",
    (*LABELLED, "--weights", "w.pt"): "--weights is for --module",
    (*LABELLED, "--over-time"): "--over-time is for --module",
    (*LABELLED, "--traces", "2"): "--traces is for --explain",
    (*LABELLED, "--explain", "p.html", "--precision", "fixed"): "give --precision both",
    (*LABELLED, "--module", "net.py:none"): "net.py has no 'none'",
    (*LABELLED, "--readout", "max"): "--readout max: the output layer spikes",
    (*LABELLED, "--classes", "a,b"): "--classes a,b: 2 different ones for 4 outputs",
    (*LABELLED, "--samples", "99"): f"--samples 99: x.npy holds {COUNT}",
    (*LABELLED, "--steps", "5"): f"--steps 5: the samples have {STEPS}",
    (*LABELLED, "--scale", "2"): "--scale is for values read from a rate",
    (*LABELLED, "--max-memory", "2B"): "one sample of this network takes",
    ("--input", "static.npy", "--labels", "y.npy"): "one value per sample",
    ("--input", "x.npy", "--labels", "none.npy"): "none.npy: no such file; pass --labels a .npy",
    ("--input", "x.npy", "--labels", "."): ".: a folder; give the file in it",
    ("--input", "x.npy", "--labels", "net.py"): "not a plain .npy file (text",
    ("--input", "x.npy", "--labels", "pickled.npy"): "Python objects, which are not read",
    ("--input", "x.npy", "--labels", "targets.npy"): "one-hot; save y.argmax(1)",
    ("--input", "x.npy", "--targets", "y.npy"): "targets of shape (24,); save (samples, 4)",
    ("--input", "none.npy", "--labels", "y.npy"): "none.npy: no such file; pass --input",
}


@pytest.mark.parametrize(("options", "message"), MISTAKES.items(), ids=map(" ".join, MISTAKES))
def test_a_mistake_gets_one_line(
    evaluate: Callable[..., Any], options: tuple[str, ...], message: str
) -> None:
    assert message in evaluate(*options).mistake


def test_a_checkpoint_is_exported_first(evaluate: Callable[..., Any]) -> None:
    line = evaluate(*LABELLED, model=zoo.path("digits-esvae", ".pt")).mistake
    assert "is a checkpoint: `snnvae export` makes a .nir of it first" in line


def test_an_input_is_not_written_over(evaluate: Callable[..., Any], net: Path) -> None:
    line = evaluate(*LABELLED, "--explain", "y.npy").mistake
    assert "--labels y.npy itself would be written over" in line
    assert np.load(net / "y.npy").shape == (COUNT,)


def test_inputs_are_those_of_the_network(evaluate: Callable[..., Any], net: Path) -> None:
    np.savez(net / "other.npz", x=np.zeros((COUNT, STEPS, INPUTS)))
    line = evaluate("--input", "other.npz", "--labels", "y.npy").mistake
    assert "its arrays are x, but the network's inputs in" in line
