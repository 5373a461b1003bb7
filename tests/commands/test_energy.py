"""``snnvae energy``: reports, side by side, sweeps, and one line for every mistake."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_models import write_sampled

from snnvae.energy import builtin_profiles, load_profile

Cli = Callable[..., Any]


@pytest.fixture(scope="module")
def runs(cli: Cli, nets: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of the small network: three samples of four steps, in fixed point and in float."""
    folder = tmp_path_factory.mktemp("runs")
    model = write_sampled(nets, folder)
    for precision in ("fixed", "float"):
        options = ("--samples", 3, "--steps", 4, "--precision", precision)
        assert cli("simulate", model, *options, "-o", folder / precision).code == 0
    return folder


@pytest.fixture
def recording(runs: Path) -> Path:
    return runs / "fixed" / "recording.h5"


@pytest.fixture
def floating(runs: Path) -> Path:
    return runs / "float" / "recording.h5"


def data(cli: Cli, *arguments: object) -> Any:
    ended = cli("energy", *arguments, "--json")
    assert ended.code == 0, ended.err
    return json.loads(ended.out)


def test_the_built_in_profiles_are_listed_with_their_evidence(cli: Cli) -> None:
    text = cli("energy", "--list-profiles").out
    listed = data(cli, "--list-profiles")["profiles"]
    assert [profile["name"] for profile in listed] == list(builtin_profiles())
    for profile in listed:
        assert profile["name"] in text
        assert profile["sha256"] == load_profile(profile["name"]).digest()


def test_one_report_in_every_form(cli: Cli, recording: Path, tmp_path: Path) -> None:
    files = [tmp_path / f"r.{form}" for form in ("html", "md", "csv")]
    options = [word for path in files for word in (f"--{path.suffix[1:]}", path)]
    ended = cli("energy", recording, "--profile", "horowitz45", *options)
    assert ended.code == 0, ended.err
    assert ended.out.startswith("Estimate, not a measurement: 45 nm CMOS")
    for path in files:
        assert f"wrote {path}" in ended.out
        assert "Estimate, not a measurement" in path.read_text("utf8")


def test_the_report_knows_the_files_that_it_is_of(cli: Cli, recording: Path) -> None:
    import hashlib

    document = data(cli, recording)
    digest = hashlib.sha256(recording.read_bytes()).hexdigest()
    assert document["files"]["recording"]["sha256"] == digest
    assert len(document["files"]["graph"]["sha256"]) == 64


def test_the_graph_has_one_hash_however_it_was_run(
    cli: Cli, recording: Path, floating: Path
) -> None:
    first, second = data(cli, recording)["files"], data(cli, floating)["files"]
    assert first["graph"] == second["graph"]
    assert first["recording"] != second["recording"]


def test_report_is_what_energy_does_unless_told_otherwise(cli: Cli, recording: Path) -> None:
    assert cli("energy", recording).out == cli("energy", "report", recording).out
    for command in ("report", "sweep", "calibrate"):
        assert f"\n  {command}" in cli("energy", "--help").out


def test_two_runs_side_by_side(cli: Cli, recording: Path, floating: Path, tmp_path: Path) -> None:
    profile = ("--profile", "horowitz45")
    ended = cli("energy", recording, floating, *profile, "--html", tmp_path / "ab.html")
    assert ended.code == 0, ended.err
    assert "float / fixed" in ended.out
    assert "float / fixed" in (tmp_path / "ab.html").read_text("utf8")
    runs = data(cli, recording, floating, *profile)["runs"]
    assert [run["run"] for run in runs] == ["fixed", "float"]
    assert [run["program"]["precision"] for run in runs] == ["fixed", "float"]


def test_one_run_by_two_profiles(cli: Cli, recording: Path, tmp_path: Path) -> None:
    profiles = ("--profile", "loihi1", "--profile", "truenorth")
    ended = cli("energy", recording, *profiles, "--csv", tmp_path / "two.csv")
    assert "truenorth / loihi1" in ended.out
    assert "priced by different profiles" in ended.out
    assert {"loihi1,loihi1", "truenorth,truenorth"} <= {
        ",".join(line.split(",")[:2]) for line in (tmp_path / "two.csv").read_text().splitlines()
    }


def test_a_profile_named_twice_is_one(cli: Cli, recording: Path) -> None:
    once = cli("energy", recording, "--profile", "odin").out
    assert cli("energy", recording, "--profile", "odin", "--profile", "odin").out == once


def test_a_power_needs_a_time_from_the_user_or_a_profile(cli: Cli, recording: Path) -> None:
    """TrueNorth's profile knows its step of 1 ms."""
    profiles = ("--profile", "loihi1", "--profile", "truenorth")
    assert cli("energy", recording, *profiles, "--static-power", "3mW").code == 0


def test_a_placement_counts_messages_and_none_leaves_them_out(cli: Cli, recording: Path) -> None:
    def unpriced(*options: str) -> set[str]:
        return {u["term"] for u in data(cli, recording, *options)["unpriced"]}

    ways = {"message", "hop_x", "hop_y"}
    assert not ways & unpriced()  # the profile's own chip
    assert ways <= unpriced("--chip", "none")
    assert ways & unpriced("--chip", "loihi2") == {"hop_x", "hop_y"}
    assert data(cli, recording)["placement"]["cores"] == 1
    assert data(cli, recording, "--chip", "none")["placement"] is None


def test_time_and_power_that_the_user_knows(cli: Cli, recording: Path) -> None:
    found = data(cli, recording, "--step-time", "5us,10us,20us", "--static-power", "30mW")
    depth, time = found["time"]["depth"], found["time"]
    assert depth == 3
    assert time["latency_s"]["nominal"] == pytest.approx((4 + depth) * 10e-6)
    assert time["samples_per_second"]["low"] == pytest.approx(1 / (4 * 20e-6))
    static = found["energy_pj"]["terms"]["static"]["nominal"]
    assert static == pytest.approx(30e-3 * (3 * 4 + depth) * 10e-6 / 3 * 1e12)
    assert "samples per second" in cli("energy", recording, "--step-time", "10us").out


@pytest.mark.parametrize(
    ("text", "seconds"), [("20ns", 2e-8), ("5us", 5e-6), ("3ms", 3e-3), ("0.5s", 0.5)]
)
def test_a_step_s_time_has_its_unit(text: str, seconds: float, cli: Cli, recording: Path) -> None:
    found = data(cli, recording, "--step-time", text)["time"]
    assert found["latency_s"]["nominal"] == pytest.approx((4 + found["depth"]) * seconds)


def test_an_image_may_be_worked_out_at_every_step(cli: Cli, nets: Any, tmp_path: Path) -> None:
    from snnvae.export.nir_file import write_nir

    graph = nets.small()
    graph.metadata["snnvae"]["inputs"] = {"in": {"analog": True, "constant": True}}
    write_nir(graph, tmp_path / "image.nir")
    np.save(tmp_path / "x.npy", np.ones((2, 2, 4, 4)))
    run = ("--input", tmp_path / "x.npy", "--steps", 4, "-o", tmp_path / "image")
    assert cli("simulate", tmp_path / "image.nir", *run).code == 0

    def macs(*options: str) -> int:
        counts = data(cli, tmp_path / "image" / "recording.h5", *options)["counts"]
        return sum(c["macs"][0] for c in counts["connections"])

    assert macs("--recompute") == 4 * macs() > 0


def test_a_users_profile(cli: Cli, recording: Path, tmp_path: Path) -> None:
    head = ["format = 1", 'name = "mine"', 'title = "Mine"', 'summary = "a test"']
    head += ["node_nm = 28", "voltage_v = 0.9", "[sources.me]", 'cite = "me"', 'at = "here"']
    price = ["[price.any.sop]", "nominal = 2.0", 'unit = "pJ"', 'evidence = "estimated"']
    price += ['scope = "all_in"', 'source = "me"']
    (tmp_path / "mine.toml").write_text("\n".join([*head, *price]))
    found = data(cli, recording, "--profile", tmp_path / "mine.toml")
    sop = sum(np.mean(c["sop_event"]) for c in found["counts"]["connections"])
    assert 0 < found["energy_pj"]["total"]["nominal"] <= 2 * sop


def test_a_sweep_runs_each_t_and_prices_it(cli: Cli, sampled: Path, tmp_path: Path) -> None:
    options = ("--over", "4,2", "--samples", 2, "--profile", "horowitz45")
    page = tmp_path / "s.html"
    tables = ("--md", tmp_path / "s.md", "--csv", tmp_path / "s.csv")
    ended = cli("energy", "sweep", sampled, *options, "--html", page, *tables)
    assert ended.code == 0, ended.err
    assert (tmp_path / "s.md").read_text("utf8").startswith("Estimate, not a measurement")
    steps = {line.split(",")[2] for line in (tmp_path / "s.csv").read_text().splitlines()[2:]}
    assert steps == {"2", "4"}
    rows = [line.split()[0] for line in ended.out.splitlines() if line[:1].isdigit()]
    assert rows == ["2", "4"]
    assert "T = 4" in page.read_text("utf8")
    runs = data(cli, "sweep", sampled, *options)["runs"]
    assert [run["counts"]["steps"] for run in runs] == [2, 4]
    assert runs[1]["change"] == 0 < runs[0]["change"]


def test_a_sweep_over_data(cli: Cli, model: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.random.default_rng(0).random((2, 6, 2, 4, 4)) < 0.5)
    given = ("--input", tmp_path / "x.npy", "--over", "2,6")
    runs = data(cli, "sweep", model, *given)["runs"]
    assert [run["counts"]["samples"] for run in runs] == [2, 2]
    assert (
        "the input holds 6 steps"
        in cli("energy", "sweep", model, *given[:2], "--over", "2,8").mistake
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--profile", "loihi9"), "no profile 'loihi9'; choose one of ac-mac"),
        (("--chip", "loihi9"), "no chip 'loihi9'"),
        (("--step-time", "10"), "--step-time 10: give a number above 0 and ns, us, ms, s"),
        (("--step-time", "0us"), "--step-time 0us: give a number above 0"),
        (("--step-time", "3us,2us,1us"), "low,nominal,high in this order"),
        (("--step-time", "1us,2us"), "give one value, or low,nominal,high"),
        (("--static-power", "3kW"), "--static-power 3kW: give a number above 0 and uW, mW, W"),
        (("--static-power", "3mW"), "--static-power: give --step-time too"),
        (("--html", "{folder}"), "cannot write"),
        (("{missing}",), "no such file"),
    ],
)
def test_a_mistake_gets_one_line_and_writes_nothing(
    cli: Cli, recording: Path, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    (tmp_path / "folder").mkdir()
    before = sorted(tmp_path.rglob("*"))
    places = {"{folder}": str(tmp_path / "folder"), "{missing}": str(tmp_path / "none.h5")}
    line = cli("energy", recording, *(places.get(a, a) for a in arguments)).mistake
    assert message in line
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--over", "2,x"), "--over 2,x: write whole numbers"),
        (("--over", "0,2"), "--over: give different numbers of steps, each 1 or more"),
        (("--over", ""), "--over : write whole numbers"),
        (("--over", "2,2"), "different numbers of steps"),
        (("--profile", "loihi1", "--profile", "odin"), "a sweep takes one --profile"),
        (("--steps", "4"), "takes its numbers of steps from --over"),
    ],
)
def test_a_sweep_that_cannot_be_gets_one_line(
    cli: Cli, sampled: Path, arguments: tuple[str, ...], message: str
) -> None:
    assert message in cli("energy", "sweep", sampled, *arguments).mistake


def test_the_output_of_a_sweep_is_tried_before_the_work(
    cli: Cli, sampled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def work(*_: object, **__: object) -> None:
        raise AssertionError("the run began")

    monkeypatch.setattr("snnvae.evaluate.steps_sweep.run", work)
    (tmp_path / "file").touch()
    page = tmp_path / "file" / "s.html"
    line = cli("energy", "sweep", sampled, "--over", "2", "--html", page).mistake
    assert "cannot write" in line
    assert "-o" not in line.split()


def test_the_help_of_a_sweep_offers_only_what_it_takes(cli: Cli) -> None:
    text = cli("energy", "sweep", "--help").out
    assert "--over" in text
    assert "--steps" not in text
    assert "--list-profiles" in cli("energy", "--help").out


def test_profiles_of_several_chips_place_on_none(cli: Cli, recording: Path, tmp_path: Path) -> None:
    """Else one run would be counted twice, differently."""
    other = tmp_path / "other.toml"
    head = ["format = 1", 'name = "other"', 'title = "Other"', 'summary = "a test"']
    head += ["node_nm = 7", "voltage_v = 0.7", 'chip = "loihi2"', "[sources.me]"]
    price = ['cite = "me"', 'at = "here"', "[price.any.sop]", "nominal = 2.0", 'unit = "pJ"']
    price += ['evidence = "estimated"', 'scope = "per_term"', 'source = "me"']
    other.write_text("\n".join([*head, *price]))
    both = ("--profile", "loihi1", "--profile", other)
    assert {run["placement"] is None for run in data(cli, recording, *both)["runs"]} == {True}
    assert data(cli, recording, "--profile", other)["placement"]["chip"] == "Loihi 2 (2021)"


def test_a_file_that_is_no_recording_is_named(cli: Cli, model: Path) -> None:
    assert "not a recording of snnvae" in cli("energy", model).mistake


def test_a_report_never_takes_the_place_of_what_it_is_made_of(
    cli: Cli, recording: Path, sampled: Path, tmp_path: Path
) -> None:
    before = recording.read_bytes(), sampled.read_bytes()
    twice = ("--html", tmp_path / "x", "--md", tmp_path / "x")
    for arguments in (
        (recording, "--html", recording),
        (recording, *twice),
        ("sweep", sampled, "--csv", sampled),
    ):
        assert "would be written over" in cli("energy", *arguments).mistake
    assert (recording.read_bytes(), sampled.read_bytes()) == before
    assert not (tmp_path / "x").exists()


def test_a_sweep_of_too_many_steps_is_a_slip(cli: Cli, sampled: Path) -> None:
    line = cli("energy", "sweep", sampled, "--over", "99999999999").mistake
    assert "--over 99999999999: give at most 100,000 steps" in line


def test_what_a_price_contains_is_not_said_to_cost_nothing(cli: Cli, recording: Path) -> None:
    profiles = ("--profile", "loihi1", "--profile", "horowitz45-memory", "--profile", "horowitz45")
    text = cli("energy", recording, *profiles).out
    row = next(line for line in text.splitlines() if line.startswith("synaptic memory"))
    assert "in another price" in row
    assert row.endswith("left out")
