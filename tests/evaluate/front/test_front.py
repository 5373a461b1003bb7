"""The front of quality against energy: what it says, and that it trains what it says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_line import printed, snnvae

from snnvae.errors import ConfigError
from snnvae.evaluate.front.plot import save_plot
from snnvae.evaluate.front.report import answers, markdown, rows
from snnvae.evaluate.front.result import CASES, Ann, Front, Point
from snnvae.evaluate.front.trainings import Budget
from snnvae.families.images.family import scaled

BAND = 0.2


def label(energy: float) -> dict[str, tuple[float, float, float]]:
    return {"one": (energy * (1 - BAND), energy, energy * (1 + BAND)), "exact": (energy,) * 3}


def point(name: str, steps: int, mse: float, energy: float, still: float = 1.0) -> Point:
    return Point(
        name=name,
        steps=steps,
        budget=0.0,
        mse=mse,
        float_mse=mse,
        operations=1000.0,
        synapses=5000,
        neurons=100,
        labels={profile: label(energy) for profile, _ in CASES},
        still={profile: still for profile, _ in CASES},
        parts={profile: {"synapses": 3.0, "neurons": 1.0} for profile, _ in CASES},
    )


def ann(name: str, mse: float, energy: float) -> Ann:
    labels: dict[str, dict[str, dict[str, tuple[float, float, float]]]] = {}
    for profile, reuse in CASES:
        labels.setdefault(profile, {})[reuse] = {"other": (2 * energy,) * 3}
    return Ann(name, mse, 10_000, labels)


def front(points: tuple[Point, ...], anns: tuple[Ann, ...]) -> Front:
    return Front("esvae", "digits", 297, 64, points, anns)


BIG, SMALL = ann("big", 0.05, 100.0), ann("small", 0.10, 10.0)


def test_the_ann_to_beat_is_the_cheapest_that_is_as_good() -> None:
    found = front((point("T2", 2, 0.10, 50.0),), (BIG, SMALL))
    assert found.equal(found.points[0], *CASES[0]) is SMALL
    assert found.equal(point("T4", 4, 0.07, 50.0), *CASES[0]) is BIG
    assert found.equal(point("T8", 8, 0.01, 50.0), *CASES[0]) is None


@pytest.mark.parametrize(
    ("mse", "energy", "said"),
    [
        (0.07, 50.0, "yes. Nearest is T2 (MSE 0.0700) with 0.5 (0.45–0.55) times"),
        (0.07, 98.0, "inconclusive"),
        (0.07, 98.0, "Its energy is 75% synapses, 25% neurons."),
        (0.07, 200.0, "no. Nearest is T2 (MSE 0.0700) with 2 (1.8–2.2) times"),
        (0.10, 50.0, "no. Nearest is T2 (MSE 0.1000) with 5 (4.5–5.5) times"),
        (0.01, 1.0, "undecided. No ANN that was trained reconstructs as well"),
    ],
)
def test_the_answer_is_at_equal_quality(mse: float, energy: float, said: str) -> None:
    found = front((point("T2", 2, mse, energy),), (BIG, SMALL))
    assert len(answers(found)) == len(CASES)
    assert all(said in answer for answer in answers(found))


def test_a_network_that_no_ANN_equals_is_named_and_proves_nothing() -> None:
    points = point("T2", 2, 0.07, 200.0), point("T4", 4, 0.01, 1.0)
    for answer in answers(front(points, (BIG, SMALL))):
        assert ": no. Nearest is T2" in answer
        assert "No ANN that was trained reconstructs as well as T4." in answer


def test_what_bounds_it_is_said_where_no_rate_could_win() -> None:
    found = front((point("T2", 2, 0.07, 300.0), point("T16", 16, 0.07, 900.0, still=200.0)), (BIG,))
    assert all(answer.endswith("same topology at T = 16.") for answer in answers(found))


def test_tables_and_picture(tmp_path: Path) -> None:
    found = front((point("T2", 2, 0.07, 50.0), point("T4", 4, 0.06, 60.0)), (BIG, SMALL))
    assert [row[0] for row in rows(found)] == ["T2", "T4"]
    text = markdown(found)
    assert "| T2 | 2 | – | 0.0700 |" in text
    assert "| big | 0.0500 | 10,000 |" in text
    save_plot(found, tmp_path / "front.png")
    assert (tmp_path / "front.png").read_bytes().startswith(b"\x89PNG")
    assert json.loads(json.dumps(found.to_dict()))["points"][0]["name"] == "T2"


def test_budgets() -> None:
    assert Budget.parse("300k").of(1e9) == 300_000
    assert Budget.parse("1.5M").of(1e9) == 1_500_000
    assert Budget.parse("25%").of(1000) == 250
    for text in ("0", "-3", "x", "5%%", "inf", "k", "100%", ""):
        with pytest.raises(ConfigError, match=r"write a number such as|below 100%"):
            Budget.parse(text)


def test_smaller_anns_have_a_share_of_each_width() -> None:
    assert scaled((16, 32, 3), 0.25) == (4, 8, 1)
    assert scaled((2,), 0.1) == (1,)


@pytest.mark.thorough
def test_a_front_from_the_command_line_goes_on_where_it_stopped(tmp_path: Path) -> None:
    command = (
        "train-front", "--out", tmp_path, "--over", "2,3", "--budgets", "50%", "--base-epochs", 2,
        "--epochs", 1, "--qat-epochs", 1, "--widths", "4,6", "--latent", 5, "--batch", 500,
        "--images", 20, "--priced", 4, "--ann-epochs", 1, "--ann-sizes", 0.5, "--json",
    )  # fmt: skip
    found = json.loads(printed(*command))
    assert [p["steps"] for p in found["points"]] == [3, 3, 2, 2]
    for free, kept in zip(found["points"][::2], found["points"][1::2]):
        assert kept["budget"] == pytest.approx(0.5 * free["operations"], rel=0.01)
        assert free["synapses"] == kept["synapses"] > 0
    assert len(found["anns"]) == 2
    assert found["anns"][1]["macs"] < found["anns"][0]["macs"]
    for name in ("front.md", "front.png", "front.json"):
        assert (tmp_path / name).stat().st_size > 0
    stamps = {p: p.stat().st_mtime_ns for p in tmp_path.rglob("model.pt")}
    assert json.loads(printed(*command)) == found
    assert {p: p.stat().st_mtime_ns for p in tmp_path.rglob("model.pt")} == stamps


@pytest.mark.parametrize(
    ("option", "said"),
    [
        (("--over", "2,x"), "--over 2,x: write whole numbers"),
        (("--budgets", "lots"), "--budgets lots: write a number such as"),
        (("--ann-sizes", "2"), "--ann-sizes 2: write shares below 1"),
    ],
)
def test_mistakes(tmp_path: Path, option: tuple[str, str], said: str) -> None:
    assert said in snnvae("train-front", "--out", tmp_path / "x", *option).mistake
    assert not (tmp_path / "x").exists()
