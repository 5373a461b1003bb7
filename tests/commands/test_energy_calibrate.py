"""``snnvae energy calibrate``: figures in, a profile out, and nothing written by a mistake."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from snnvae.commands.energy.calibrate import command
from snnvae.commands.result import Result
from snnvae.energy import load_profile
from snnvae.errors import ConfigError, DataError
from snnvae.progress import NoProgress

CSV = """run,steps,time_us,total_w,static_w,chips,active_chips,syn_ops,dendrite_updates
low,1000,50,0.2569,0.25,8,1,10000000,5000000
low,1000,50,0.2570,0.25,8,1,10000000,5000000
high,1000,80,0.3877,0.25,8,1,900000000,5000000
high,1000,80,0.3879,0.25,8,1,900000000,5000000
wide,1000,60,0.3429,0.25,8,1,90000000,100000000
wide,1000,60,0.3431,0.25,8,1,90000000,100000000
"""
CHIP = ("--node-nm", "7", "--voltage", "0.75")


@pytest.fixture
def figures(tmp_path: Path) -> Path:
    path = tmp_path / "my figures.csv"
    path.write_text(CSV)
    return path


def call(*arguments: object) -> Result:
    """What the command hands back, or the error that it raises."""
    ended = CliRunner().invoke(
        command, [str(a) for a in arguments], obj=NoProgress(), standalone_mode=False
    )
    if ended.exception:
        raise ended.exception
    assert isinstance(ended.return_value, Result)
    return ended.return_value


def test_a_profile_and_a_table(figures: Path, tmp_path: Path) -> None:
    out = tmp_path / "made" / "mychip.toml"
    result = call(figures, "-o", out, *CHIP)
    first, *_ = result.text.splitlines()
    assert first.startswith("my figures.csv: 3 runs in 6 rows, R² 1.0000")
    assert "syn_ops" in result.text
    assert result.text.endswith(f"wrote {out}")
    profile = load_profile(out)
    assert (profile.name, profile.node_nm, profile.voltage_v) == ("mychip", 7, 0.75)
    source = profile.prices["any"]["sop"].backing.source
    assert hashlib.sha256(figures.read_bytes()).hexdigest() in source.cite
    assert source.at.startswith("snnvae energy calibrate 'my figures.csv' -o mychip.toml")
    assert profile.static is not None
    assert profile.static.value.nominal == pytest.approx(0.25 / 8)
    before = out.read_bytes()
    call(figures, "-o", out, *CHIP)
    assert out.read_bytes() == before


def test_the_same_as_data(figures: Path, tmp_path: Path) -> None:
    result = call(figures, "-o", tmp_path / "x.toml", *CHIP, "--name", "other", "--json")
    assert result.as_json
    data = json.loads(json.dumps(result.data, allow_nan=False))
    assert data["name"] == "other"
    assert [(p["term"], p["resolved"]) for p in data["prices"]] == [("sop", True), ("update", True)]
    for price in data["prices"]:
        assert 0 < price["low"] <= price["nominal"] <= price["high"]
    assert data["noise_from"] == "repetitions"
    assert data["runs"][0]["dynamic_w"] == pytest.approx(0.00695)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("-o", "x.txt", *CHIP), "ends in .toml"),
        (("-o", "x.toml", "--node-nm", "nan", "--voltage", "1"), "--node-nm nan"),
        (("-o", "x.toml", "--node-nm", "7", "--voltage", "0"), "--voltage 0: give a number above"),
        (("-o", "loihi1.toml", *CHIP), "give a name that no profile of snnvae has"),
        (("-o", "x.toml", "--name", " ", *CHIP), "--name ' '"),
    ],
)
def test_an_option_that_cannot_be(
    figures: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=said):
        call(figures, *arguments)
    assert list(tmp_path.iterdir()) == [figures]


def test_process_and_voltage_are_never_made_up(figures: Path, tmp_path: Path) -> None:
    for given in (CHIP[:2], CHIP[2:]):
        with pytest.raises(click.MissingParameter):
            call(figures, "-o", tmp_path / "x.toml", *given)


def test_figures_that_are_refused_leave_no_profile(figures: Path, tmp_path: Path) -> None:
    figures.write_text("\n".join(CSV.splitlines()[:5]))
    with pytest.raises(DataError, match="2 runs for 2 prices"):
        call(figures, "-o", tmp_path / "x.toml", *CHIP)
    assert not (tmp_path / "x.toml").exists()
