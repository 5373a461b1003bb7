"""Every verb on a network of three variables, trained once."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from command_line import Ended, snnvae
from in_code import HERE

import snnvae as sv
from snnvae.errors import ConfigError
from snnvae.families.tables import evaluate as evaluating

BIF = """network weather { }
variable rain { type discrete [ 2 ] { yes, no }; }
variable grass { type discrete [ 3 ] { dry, damp, wet }; }
variable road { type discrete [ 2 ] { wet, dry }; }
probability ( rain ) { table 0.3, 0.7; }
probability ( grass | rain ) { (yes) 0.05, 0.15, 0.8; (no) 0.7, 0.2, 0.1; }
probability ( road | rain ) { (yes) 0.9, 0.1; (no) 0.2, 0.8; }
"""
WORDS = ("--model", "ear", "--stack", 16, "--set", "rows=3000")


def done(*arguments: object) -> Ended:
    ended = snnvae(*arguments)
    assert ended.code == 0, (arguments, ended.err, ended.out)
    return ended


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Holds weather.bif, and run/ and sampler.nir of a model trained on it."""
    found = tmp_path_factory.mktemp("tables")
    (found / "weather.bif").write_text(BIF)
    own = ("--dataset", found / "weather.bif", "--batch", 60, "--epochs", 6, "--lr", 0.02)
    done("train", *WORDS, *own, "-o", found / "run")
    done("export", found / "run" / "model.pt", "-o", found / "sampler.nir")
    return found


def answers(words: str) -> dict[str, dict[str, dict[str, float]]]:
    found: dict[str, dict[str, dict[str, float]]] = json.loads(words)["answers"]
    return found


@pytest.mark.parametrize("command", [("simulate",), ("run-lava", "--mode", "stock")])
def test_probabilities_under_evidence(
    command: tuple[str, ...], folder: Path, tmp_path: Path
) -> None:
    n = 1000 if command == ("simulate",) else 60
    own = ("--precision", "fixed", "--samples", n, "-o", tmp_path)
    ended = done(*command, folder / "sampler.nir", "--evidence", "grass=wet", *own, "--json")
    found = answers(ended.out)
    assert found["grass"]["wet"] == {"drawn": n, "share": 1, "low": 1, "high": 1}
    rain = found["rain"]["yes"]
    assert rain["share"] == pytest.approx(0.24 / 0.31, abs=0.06 if n == 1000 else 0.2)
    assert 0 < rain["low"] < rain["share"] < rain["high"] < 1
    with (tmp_path / "answers.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(r["variable"], r["value"]) for r in rows[:2]] == [("rain", "yes"), ("rain", "no")]
    assert float(rows[0]["probability"]) == rain["share"]


def test_without_evidence_and_as_text(folder: Path, tmp_path: Path) -> None:
    ended = done("simulate", folder / "sampler.nir", "--samples", 300, "-o", tmp_path)
    assert "95 % interval" in ended.out
    assert "grass" in ended.out


def test_the_python_form(folder: Path) -> None:
    program = sv.compile(sv.read(folder / "sampler.nir"))
    told = sv.make_stimulus(program, samples=200, evidence={"road": "dry", "rain": "no"})
    last = sv.run(program, told).spikes["value"][:, -1].reshape(200, -1)
    assert last[:, [1, 6]].all()
    assert last[:, 2].mean() == pytest.approx(0.7, abs=0.15)
    with pytest.raises(ConfigError, match="`evidence` roof: no such variable; there is rain"):
        sv.make_stimulus(program, evidence={"roof": "dry"})


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["grass=wett"], "--evidence grass=wett: no such value; there is dry, damp, wet; do you "),
        (["gras=wet"], "no such variable; there is rain, grass, road; do you mean grass?"),
        (["grass"], "--evidence grass: write NAME=VALUE"),
        (["grass=wet", "grass=dry"], "grass is said already; say it once"),
    ],
)
def test_wrong_names_are_told_with_those_that_there_are(
    words: list[str], said: str, folder: Path, tmp_path: Path
) -> None:
    told = [part for word in words for part in ("--evidence", word)]
    assert said in snnvae("simulate", folder / "sampler.nir", *told, "-o", tmp_path).mistake


def test_of_another_network_nothing_can_be_known(tmp_path: Path) -> None:
    ended = snnvae("simulate", sv.zoo.path("digits-fsvae"), "--evidence", "a=b", "-o", tmp_path)
    assert "--evidence: this network's file names no variables" in ended.mistake


def test_every_backend_and_norse_agree(folder: Path) -> None:
    own = ("--samples", 4, "--checkpoint", folder / "run" / "model.pt", "--json")
    found = json.loads(done("check", folder / "sampler.nir", *own).out)
    assert found["agrees"]
    assert found["complete"] == ({"c", "rust"} == HERE)
    assert all(row["spikes"] > 0 for row in found["rows"])
    peers = {row["peer"] for row in found["rows"]}
    assert peers == {"emulator", "lava-batched", "lava-stock", "norse"} | HERE


def test_figures_beside_the_truth_baselines_and_the_ann(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluating, "BORDER_ROWS", 20)
    own = ("--samples", 100, "--metric", "border", "--metric", "twin", "--json")
    found = json.loads(done("evaluate", folder / "run" / "model.pt", *own).out)
    kl, row = found["kl"], found["nll_row"]
    assert set(kl) == {"float", "fixed", "ann", "independent", "tree", "exact"}
    assert kl["exact"] == 0
    assert kl["fixed"] < 0.02 < kl["independent"]
    assert abs(kl["fixed"] - kl["float"]) < 0.005
    assert row["exact"] <= row["fixed"] < row["independent"]
    turn = found["kl_turn"]
    assert set(turn) == {"float", "fixed", "ann"}
    assert 0 < turn["fixed"] < 0.02
    assert abs(turn["fixed"] - turn["float"]) < 0.005
    assert found["nll"]["fixed"] == pytest.approx(found["nll"]["exact"] + kl["fixed"])
    assert found["border_auc"]["exact"] == 1
    assert found["border_auc"]["fixed"] == 1


def test_resumed_or_not_the_bits_are_the_same(folder: Path, tmp_path: Path) -> None:
    own = (*WORDS, "--dataset", folder / "weather.bif", "--batch", 300, "--schedule", "constant")
    done("train", *own, "--epochs", 2, "--adversary", 0.1, "-o", tmp_path / "whole")
    done("train", *own, "--epochs", 1, "--adversary", 0.1, "-o", tmp_path / "parts")
    done("train", "--resume", "--epochs", 2, "-o", tmp_path / "parts")
    whole, parts = ((tmp_path / name / "model.pt").read_bytes() for name in ("whole", "parts"))
    assert whole == parts


def test_fixed_point_is_trained_with_a_budget_and_cut(folder: Path, tmp_path: Path) -> None:
    start = ("train", "--from", folder / "run" / "model.pt")
    done(*start, "--qat", "loihi2", "--epochs", 1, "--spike-budget", 400, "-o", tmp_path / "qat")
    found = json.loads(
        done("evaluate", tmp_path / "qat" / "model.pt", "--samples", 20, "--json").out
    )
    assert found["kl"]["fixed"] < 0.1
    record = json.loads((tmp_path / "qat" / "metrics.jsonl").read_text().splitlines()[-1])
    assert record["operations"] > 50
    cut = done(
        *start, "--adaptive-latent", "--rounds", 1, "--epochs", 1, "--tolerance", 20, "-o",
        tmp_path / "small", "--json",
    )  # fmt: skip
    sizes = json.loads(cut.out)
    assert sizes["after"]["neurons"] < sizes["before"]["neurons"]


def test_its_energy_is_estimated_beside_an_ann(folder: Path, tmp_path: Path) -> None:
    done("simulate", folder / "sampler.nir", "--samples", 8, "-o", tmp_path)
    report = done("energy", tmp_path / "recording.h5", "--profile", "horowitz45", "--json")
    assert json.loads(report.out)["energy_pj"]["total"]["nominal"] > 0


@pytest.mark.parametrize("how", ["--likeliest", "--draw"])
def test_gaps_are_filled(how: str, folder: Path, tmp_path: Path) -> None:
    rows = [("road", "rain", "grass"), ("wet", "yes", ""), ("?", "no", "dry"), ("dry", "no", "dry")]
    texts = [f"{n}, {','.join(row)},?" for n, row in enumerate(rows)]
    (tmp_path / "gaps.csv").write_bytes("\r\n".join(texts).encode())
    model = folder / ("run/model.pt" if how == "--draw" else "sampler.nir")
    out, beside = tmp_path / "filled.csv", tmp_path / "p.csv"
    own = ("--model", model, "-o", out, "--probabilities", beside)
    ended = done("complete", tmp_path / "gaps.csv", *own, how)
    assert "filled 2 cells of 3 rows" in ended.out
    lines = out.read_bytes().decode().split("\r\n")
    assert [line[:3] + line[-2:] for line in lines] == [f"{n}, ,?" for n in range(4)]
    found = [line[3:-2].split(",") for line in lines]
    assert found[0] == list(rows[0])
    assert found[1][:2] == ["wet", "yes"]
    assert found[3] == ["dry", "no", "dry"]
    p = beside.read_text().splitlines()
    assert p[0] == "row,column,value,probability,low,high"
    assert len(p) == 3
    if how == "--likeliest":
        assert (found[1][2], found[2][0]) == ("wet", "dry")
        probability, low, high = map(float, p[1].split(",")[3:])
        assert probability == pytest.approx(0.8, abs=0.12)
        assert 0 < low < probability < high < 1


def test_a_table_of_ones_own_is_learned_from(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    a = random.integers(0, 2, 600)
    b = np.where(random.random(600) < 0.9, a, 1 - a)
    gaps = random.random((600, 2)) < 0.1
    lines = [
        ",".join("" if gap else ["lo", "hi"][v] for v, gap in zip(row, gap_row))
        for row, gap_row in zip(np.stack([a, b], 1), gaps)
    ]
    (tmp_path / "own.csv").write_text("left,right\n" + "\n".join(lines).replace("\n\n", "\n,\n"))
    own = ("--dataset", "own.csv", "--data-dir", tmp_path, "--epochs", 6, "--batch", 40)
    done("train", *WORDS, *own, "--lr", 0.02, "-o", tmp_path / "run")
    model = tmp_path / "run" / "model.pt"
    own = ("--data-dir", tmp_path, "--samples", 40, "--precision", "fixed", "--json")
    found = json.loads(done("evaluate", model, *own).out)
    assert "kl" not in found
    assert found["nll"]["fixed"] < found["nll"]["independent"]
    (tmp_path / "bad.csv").write_text("left,right\nlo,high\n")
    wrong = snnvae("complete", tmp_path / "bad.csv", "--model", model, "-o", tmp_path / "o.csv")
    assert "row 1, column 'right': the value 'high' is none of hi, lo" in wrong.mistake


def test_mistakes_of_training(folder: Path, tmp_path: Path) -> None:
    start = ("train", "--model", "ear", "-o", tmp_path)
    assert (
        "'asja' is unknown: use asia, sachs, child" in snnvae(*start, "--dataset", "asja").mistake
    )
    assert "cannot read" in snnvae(*start, "--dataset", tmp_path / "no.bif").mistake
    assert "leave out steps" in snnvae(*start, "--dataset", "asia", "--steps", 16).mistake
    model = folder / "run" / "model.pt"
    assert "is not for tables" in snnvae("evaluate", model, "--metric", "fad").mistake
    refused = snnvae("evaluate", model, "--card", tmp_path / "a.md")
    assert "--card is for models of images, not of tables: leave it out" in refused.mistake
    refused = snnvae("diagnose", model, "--aggregate", 50)
    assert "--aggregate is for models of images, not of tables" in refused.mistake
    for words, said in (
        (("--n", 4), "--n is for models of spins, not for ear: leave it out"),
        (("--set", "translation=true"), "--translation is for models of spins, not for ear"),
        (("--from", model, "--flip"), "--flip is for models of images, not for ear"),
    ):
        assert said in snnvae(*start, *words).mistake
    start = ("train", "--from", model, "-o", tmp_path / "more")
    said = "has other variables than are asked for: leave out what changes them, or train without"
    refused = snnvae(*start, "--dataset", "asia")
    assert f"{model} {said} --from" in refused.mistake
    refused = snnvae(*start, "--model", "esvae")
    assert "--model esvae is of images, and ear, which it would go on from, of tables" in (
        refused.mistake
    )


def test_held_out_rows_that_there_are_not_are_said(tmp_path: Path) -> None:
    rows = "".join(f"{i % 2},{i % 3}\n" for i in range(60))
    (tmp_path / "few.csv").write_text(f"a,b\n{rows}")
    own = ("--dataset", tmp_path / "few.csv", "--epochs", 1, "--batch", 20)
    done("train", *WORDS, *own, "-o", tmp_path / "run")
    ended = done("evaluate", tmp_path / "run" / "model.pt", "--samples", 50, "--precision", "float")
    assert "50 questions are asked for, 6 are held out: these are judged" in ended.out
