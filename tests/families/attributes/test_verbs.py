"""Every verb on models of classes with attributes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from attribute_files import CLASSES, INPUTS, UNSEEN, write
from command_line import printed, snnvae
from in_code import on_the_emulator_or_all

from snnvae.families import registry
from snnvae.families.attributes.generate import by_program

BUILT = ("--epochs", 1, "--batch", 250, "--widths", "24", "--decoder-widths", "20,24",
         "--latent", 6, "--steps", 4)  # fmt: skip


def told(*arguments: object) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(printed(*arguments, "--json"))
    return found


def last(folder: Path) -> dict[str, float]:
    record: dict[str, float] = json.loads((folder / "metrics.jsonl").read_text().splitlines()[-1])
    return record


@pytest.fixture(scope="module")
def generator(glyphs: Path) -> Path:
    printed("export", glyphs / "model.pt", "-o", glyphs / "generator.nir")
    return glyphs / "generator.nir"


def test_it_trains_on_seen_classes_alone(glyphs: Path) -> None:
    config, _ = registry.load(glyphs / "model.pt")
    found = config.family.data(config)
    assert not np.isin(found.train.label, found.described.unseen).any()
    assert not np.isin(found.test.label, found.described.unseen).any()
    assert (len(found.train), last(glyphs)["test_samples"]) == (4000, 1600)
    assert last(glyphs)["test_mse"] < 0.3


def test_it_tells_classes_that_it_never_saw(glyphs: Path) -> None:
    found = told("evaluate", glyphs / "model.pt", "--generated", 1000)
    assert found["generated"] == 1000
    assert list(found["H"]) == ["float", "float*", "fixed", "fixed*", "linear", "direct", "saw all"]
    for name in ("float", "fixed"):
        assert found["unseen only"][name] > 0.5  # chance is 0.1
        seen, unseen = found["S"][name], found["U"][name]
        assert found["H"][name] == pytest.approx(2 * seen * unseen / (seen + unseen))
    # Who learned seen classes from real samples takes unseen ones for these.
    assert found["U"]["fixed*"] < found["U"]["fixed"]
    assert found["S"]["fixed*"] > found["S"]["fixed"]
    assert found["unseen only"]["saw all"] > 0.95
    assert found["unseen only"]["direct"] > 0.9
    assert found["unseen only"]["linear"] > 0.9


@on_the_emulator_or_all
def test_every_backend_and_norse_agree(glyphs: Path, generator: Path, backends: str) -> None:
    chosen = [word for backend in backends.split() for word in ("--backend", backend)]
    found = told("check", generator, "--samples", 2, "--class", 43, "--checkpoint",
                 glyphs / "model.pt", *chosen)  # fmt: skip
    assert found["agrees"]
    assert {row["peer"] for row in found["rows"]} == {*backends.split(), "norse"}


def test_samples_of_a_class_are_asked_for(generator: Path, tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    printed("simulate", generator, "--class", "43", "--samples", 2, "-o", one)
    printed("simulate", generator, "--class", "43,4", "--samples", 2, "-o", two)
    first, second = (np.load(folder / "outputs.npy") for folder in (one, two))
    np.testing.assert_array_equal(first[0], second[0])
    assert (first[1] != second[1]).any()
    refused = snnvae("simulate", generator, "--class", "50", "-o", tmp_path / "three")
    assert "class 50: the model has the classes 0 to 49" in refused.mistake


def test_encoder_and_decoder_run_in_stages(glyphs: Path, tmp_path: Path) -> None:
    printed("export", glyphs / "model.pt", "--part", "autoencoder", "-o", tmp_path / "net.nir")
    stages = (tmp_path / "net.encoder.nir", "--decoder", tmp_path / "net.decoder.nir")
    printed("simulate", *stages, "--samples", 8, "-o", tmp_path / "out")
    copies = np.load(tmp_path / "out" / "outputs.npy").reshape(8, -1)
    config, _ = registry.load(glyphs / "model.pt")
    original = config.family.data(config).described.test.x[:8]
    own, others = (np.mean((copies - np.roll(original, n, 0)) ** 2) for n in (0, 1))
    assert own < others
    refused = snnvae("simulate", *stages, "--samples", 2001, "-o", tmp_path / "more")
    assert "'glyphs' holds out 2000 samples" in refused.mistake


def test_its_energy_is_estimated_beside_an_ann(generator: Path, tmp_path: Path) -> None:
    printed("simulate", generator, "--samples", 4, "-o", tmp_path)
    report = told("energy", tmp_path / "recording.h5", "--profile", "horowitz45")
    assert report["energy_pj"]["total"]["nominal"] > 0
    assert report["ann"]["macs"] <= (6 + 9) * 20 + 20 * 24 + 24 * 256


def test_a_training_resumes_bit_for_bit(tmp_path: Path) -> None:
    words = ("attribute-vae", *BUILT[2:], "--schedule", "constant")
    printed("train", *words, "--epochs", 2, "-o", tmp_path / "whole")
    printed("train", *words, "--epochs", 1, "-o", tmp_path / "parts")
    printed("train", "--resume", "--epochs", 2, "-o", tmp_path / "parts")
    whole, parts = ((tmp_path / name / "model.pt").read_bytes() for name in ("whole", "parts"))
    assert whole == parts


def test_a_budget_validation_and_annealing(tmp_path: Path) -> None:
    printed("train", "attribute-vae", *BUILT[2:], "--epochs", 2, "--anneal", 8, "--spike-budget",
            "3k", "--unit-penalty", 0.01, "--validation", 0.1, "-o", tmp_path)  # fmt: skip
    assert last(tmp_path)["operations"] > 0
    assert last(tmp_path)["validation_mse"] > 0


def test_what_is_trained_in_fixed_point_comes_out_of_the_program(
    glyphs: Path, tmp_path: Path
) -> None:
    printed(
        "train", "--from", glyphs / "model.pt", "--qat", "loihi2", "--epochs", 1, "-o", tmp_path
    )
    rungs = told("diagnose", tmp_path / "model.pt", "--samples", 40)["rungs"]
    assert rungs["in fixed point"] > 0
    config, model = registry.load(tmp_path / "model.pt")
    samples = config.family.data(config).test.take(slice(40))
    assert config.family.error_of(model, samples) == pytest.approx(rungs["in fixed point"])


@pytest.mark.slow
def test_what_carries_little_is_cut(glyphs: Path, tmp_path: Path) -> None:
    found = told("train", "--from", glyphs / "model.pt", "--adaptive-latent", "--rounds", 1,
                 "--epochs", 1, "--tolerance", 3, "-o", tmp_path)  # fmt: skip
    assert found["after"]["neurons"] < found["before"]["neurons"]
    config, model = registry.load(tmp_path / "model.pt")
    assert len(model.prior) == config.latent


def test_the_ann_beside_it_is_trained_and_evaluated_alike(tmp_path: Path) -> None:
    printed("train", "attribute-ann", "--epochs", 3, "--lr", 0.01, "--widths", "24",
            "--decoder-widths", "20,24", "--latent", 6, "-o", tmp_path)  # fmt: skip
    found = told("evaluate", tmp_path / "model.pt", "--generated", 500)
    assert list(found["H"]) == ["torch", "torch*", "linear", "direct", "saw all"]
    assert found["unseen only"]["torch"] > 0.5


def test_features_from_files(tmp_path: Path) -> None:
    folder = write(tmp_path / "data")
    data = ("--data-dir", folder)
    printed("train", "attribute-vae", "--dataset", "mat", *data, "--batch", 20, "--epochs", 30,
            "--widths", "32", "--decoder-widths", "32", "--latent", 4, "-o",
            tmp_path / "run")  # fmt: skip
    config, model = registry.load(tmp_path / "run" / "model.pt")
    assert (config.inputs, config.classes) == (INPUTS, CLASSES)
    assert model.is_graded
    found = told("evaluate", tmp_path / "run" / "model.pt", *data)
    assert found["generated"] == 400 * CLASSES
    assert list(found["H"]) == [
        "float",
        "float*",
        "fixed",
        "fixed*",
        "linear",
        "direct",
    ]  # unseen ones are nowhere
    assert found["unseen only"]["fixed"] > 1 / len(UNSEEN)
    printed("export", tmp_path / "run" / "model.pt", "-o", tmp_path / "net.nir")
    printed("simulate", tmp_path / "net.nir", "--class", "1,2", "-o", tmp_path / "out")
    made = np.load(tmp_path / "out" / "outputs.npy").reshape(-1, INPUTS)
    own = by_program(model, "float", np.array([1, 2] * (len(made) // 2)), 0)
    np.testing.assert_array_equal(made, own)


def test_mistakes_are_a_line(glyphs: Path, generator: Path, tmp_path: Path) -> None:
    out = ("-o", tmp_path / "run")
    for words, wanted in (
        (("train", "attribute-vae", "--dataset", "mnist", *out), "no data set 'mnist' with"),
        (("train", "attribute-vae", "--split", 7, *out), "--split 7: glyphs has the splits 0 to 4"),
        (("train", "attribute-vae", "--dataset", "mat", "--data-dir", tmp_path, *out),
         "holds no res101.mat and att_splits.mat"),
        (("train", "attribute-vae", "--batch", 1, *out), "batch must be at least 2"),
        (("train", "--from", glyphs / "model.pt", "--split", 2, *out), "has split 1, now it is 2"),
        (("train", "attribute-ann", "--spike-budget", "3k", *out), "is for spiking models"),
        (("train-front", "--from", glyphs / "model.pt", *out), "a front prices samples without"),
        (("evaluate", generator), "give the checkpoint"),
        (("evaluate", glyphs / "model.pt", "--generated", 20), "50 classes need a sample each"),
        (("evaluate", glyphs / "model.pt", "--generated", 10**12), "so many samples take"),
        (("evaluate", glyphs / "model.pt", "--card", tmp_path / "a.md"), "--card is for models of"),
    ):  # fmt: skip
        assert wanted in snnvae(*words).mistake
    write(tmp_path / "one")
    printed("train", "attribute-ann", "--dataset", "mat", "--data-dir", tmp_path / "one",
            "--epochs", 1, "--batch", 50, *out)  # fmt: skip
    write(tmp_path / "two", att=np.random.default_rng(9).random((4, CLASSES)))
    model = tmp_path / "run" / "model.pt"
    refused = snnvae("evaluate", model, "--data-dir", tmp_path / "two")
    assert "other attributes or another scale" in refused.mistake
    write(tmp_path / "three", att=np.random.default_rng(9).random((5, CLASSES)))
    refused = snnvae("evaluate", model, "--data-dir", tmp_path / "three")
    assert "the settings ask for (12, 8, 4)" in refused.mistake


def test_few_samples_are_of_all_classes_in_turn_and_too_few_are_refused(glyphs: Path) -> None:
    config, _ = registry.load(glyphs / "model.pt")
    test = config.family.data(config).described.test
    some = test.first(100)
    counts = np.bincount(some.label, minlength=50)
    assert set(counts.tolist()) == {2}
    assert len(test.first(10**9)) == len(test)
    refused = snnvae("evaluate", glyphs / "model.pt", "--samples", 1, "--generated", 50)
    assert "none of a seen or none of an unseen class among them" in refused.mistake
