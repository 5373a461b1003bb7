"""The same report as Markdown, CSV, JSON and text: the same numbers, damaged by no name."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from importlib.resources import files
from io import StringIO
from typing import Any

import jsonschema
import pytest

from snnvae import __version__
from snnvae.energy import (
    EnergyReport,
    Interval,
    Profile,
    Time,
    builtin_profiles,
    load_profile,
    measure,
    price,
    units,
)
from snnvae.energy.report import (
    side_by_side_markdown,
    side_by_side_text,
    summary_text,
    sweep_text,
    to_csv,
    to_json,
    to_markdown,
)
from snnvae.program import Program
from snnvae.recording import Recording

Run = tuple[Program, Recording]
FIRST = "Estimate, not a measurement"


@pytest.fixture(params=builtin_profiles())
def report(request: pytest.FixtureRequest, run: Run) -> EnergyReport:
    time = Time(Interval(1e-6, 2e-6, 4e-6), Interval.exactly(1e-3), depth=2)
    return price(measure(*run), load_profile(request.param), time=time)


# --- Markdown


def test_markdown_begins_with_what_it_is_and_has_a_table_for_everything(
    report: EnergyReport,
) -> None:
    text = to_markdown(report, "net")
    assert text.startswith(FIRST)
    assert "\n# net\n" in text
    for title in ("Energy by layer", "Who fires", "What was counted", "Prices"):
        assert f"\n## {title}\n" in text
    assert report.profile.digest() in text


def test_no_name_breaks_a_table_or_opens_html(run: Run) -> None:
    report = price(measure(*run), load_profile("loihi1"))
    text = to_markdown(report, "x | y\n# z <b>")
    assert "<script" not in text.replace("\\<", "")
    assert "# x \\| y \\# z \\<b\\>" in text
    tables = [block for block in text.split("\n\n") if block.startswith("|")]
    assert len(tables) >= 9
    for table in tables:
        bars = {
            line.replace("\\\\", "").replace("\\|", "").count("|") for line in table.split("\n")
        }
        assert len(bars) == 1


# --- CSV


def test_csv_has_every_line_of_every_bill(report: EnergyReport) -> None:
    first, _, rest = to_csv([("run", report)]).partition("\n")
    assert first == f"# {FIRST}"
    rows = list(csv.DictReader(StringIO(rest)))
    sums: dict[str, float] = {}
    for row in rows:
        sums[row["network"]] = sums.get(row["network"], 0.0) + float(row["energy_nominal_pj"])
        assert (row["run"], row["profile"], row["steps"]) == ("run", report.profile.name, "5")
    assert sums.pop("spiking") == pytest.approx(report.total.nominal)
    assert sums == pytest.approx({ann.name: ann.total.nominal for ann in report.ann})


def test_csv_is_exact_whatever_names_hold(report: EnergyReport) -> None:
    """Names with commas, quotes and new lines come back whole; count times price is the energy."""
    run_name = 'a,"b"\nc # d'
    text = to_csv([(run_name, report), ("second", report)])
    rows = list(csv.DictReader(StringIO(text.partition("\n")[2])))
    assert {row["run"] for row in rows} == {run_name, "second"}
    assert {layer.name for layer in report.layers if layer.terms} <= {row["place"] for row in rows}
    for row in rows:
        count = float(row["count_per_sample"])
        for end in ("low", "nominal", "high"):
            energy = float(row[f"energy_{end}_pj"])
            assert energy == pytest.approx(count * float(row[f"price_{end}_pj"]))
    total = sum(float(row["energy_high_pj"]) for row in rows if row["network"] == "spiking")
    assert total == pytest.approx(2 * report.total.high)
    units_moved = {row["unknown"] for row in rows if row["network"] == "spiking"}
    assert units_moved == set(report.bill.labels)


# --- JSON


def schema() -> Any:
    folder = files("snnvae.energy.report") / "schema"
    return json.loads((folder / "energy-1.schema.json").read_text("utf8"))


def test_json_is_as_its_schema_says(report: EnergyReport) -> None:
    validator = jsonschema.Draft202012Validator(schema())
    validator.check_schema(schema())
    validator.validate(json.loads(to_json(report)))


@pytest.mark.parametrize(
    "damage",
    [
        lambda d: d.pop("profile"),
        lambda d: d["energy_pj"]["total"].pop("high"),
        lambda d: d["counts"]["connections"][0]["sop_event"].append(-1),
        lambda d: d["counts"]["layers"][0]["driven"].append(0.5),
        lambda d: d["program"].update(sha256="abc"),
        lambda d: d.update(version=2),
        lambda d: d["comparisons"][0].update(verdict="surely less"),
        lambda d: d["comparisons"][0]["ratio"].update(nominal="2"),
        lambda d: d["energy_pj"]["total"].update(low=None),
        lambda d: d["energy_pj"]["layers"][0]["terms"].update(sop=3.0),
        lambda d: d["counts"]["layers"][0].update(spikes=[]),
        lambda d: d["counts"].update(steps=0),
        lambda d: d["files"].update(graph={"sha256": "A" * 64}),
        lambda d: d["profile"]["prices"]["float"]["sop"]["energy"].pop("low"),
        lambda d: d["profile"]["prices"]["float"]["sop"]["backing"].update(evidence="guessed"),
        lambda d: d["profile"].update(voltage_v=0),
        lambda d: d["notes"].append(5),
    ],
)
def test_a_damaged_document_is_not_as_the_schema_says(
    run: Run, damage: Callable[[dict[str, Any]], object]
) -> None:
    document = json.loads(to_json(price(measure(*run), load_profile("horowitz45"))))
    damage(document)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, schema())


def test_infinity_is_null(by_hand: Run, profile_of: Callable[..., Profile]) -> None:
    """An ANN that costs nothing: JSON has no infinity."""
    free = profile_of(("any", "sop", 1.0, {"low": 0.5, "high": 2.0}), ("ann_fp32", "mac", 0.0))
    document = json.loads(to_json(price(measure(*by_hand), free)))
    jsonschema.validate(document, schema())
    assert document["comparisons"][0]["ratio"]["nominal"] is None


def test_json_says_all_of_it(report: EnergyReport) -> None:
    document = json.loads(to_json(report))
    assert document["note"].startswith(FIRST)
    assert document["tool"] == {"name": "snnvae", "version": __version__}
    assert document["program"]["sha256"] == report.program
    assert document["profile"]["sha256"] == report.profile.digest()
    energy = document["energy_pj"]
    assert energy["total"]["nominal"] == report.total.nominal
    assert energy["lower_bound"] == report.lower_bound
    loop = next(c for c in document["counts"]["connections"] if c["name"] == "loop")
    expected = next(c for c in report.counts.connections if c.name == "loop")
    assert loop["sop_event"] == expected.sop_event.tolist()
    assert document["ann"]["macs"] == report.twin.macs
    assert [c["verdict"] for c in document["comparisons"]] == [
        c.verdict for c in report.comparisons
    ]
    assert document["time"]["latency_s"]["nominal"] == pytest.approx(14e-6)


# --- text


def test_the_terminal_gets_a_table_of_layers(run: Run) -> None:
    report = price(measure(*run), load_profile("horowitz45"))
    lines = summary_text(report).splitlines()
    assert lines[0].startswith(f"{FIRST}: 45 nm CMOS")
    assert any(line.startswith("first ") for line in lines)
    total = next(line for line in lines if line.startswith("total "))
    assert units.energy(report.total.nominal) in total
    assert total.endswith("100 %")
    assert any(line.startswith("The spiking network needs") for line in lines)
    assert any(line.startswith("Break-even: ") for line in lines)


def test_the_terminal_says_lower_bound_and_unpriced(run: Run) -> None:
    text = summary_text(price(measure(*run), load_profile("loihi1")))
    assert "total, at least" in text
    assert "No verdict" in text
    assert "Unpriced: message, hop_x, hop_y, host_mac" in text
    assert "Break-even" not in text


def test_a_network_that_costs_nothing_still_has_a_report(
    profile_of: Callable[..., Profile], by_hand: Run
) -> None:
    report = price(measure(*by_hand), profile_of(("any", "sop", 0.0)))
    assert "100 %" not in summary_text(report)
    assert "Nothing in this run has a price above zero." in summary_text(report)
    json.loads(to_json(report))


def test_runs_side_by_side_say_what_may_not_be_compared(run: Run, by_hand: Run) -> None:
    first = price(measure(*run), load_profile("horowitz45"))
    second = price(measure(*by_hand), load_profile("loihi1"))
    for text in (
        side_by_side_text([("a", first), ("b", second)]),
        side_by_side_markdown([("a", first), ("b", second)], "both"),
    ):
        assert text.startswith(FIRST)
        assert "priced by different profiles" in text
        assert "differ in steps per sample" in text
        assert "b: The spiking network's figure is a lower bound" in text
        assert "b / a" in text


def test_the_same_run_twice_has_the_exact_ratio_1(run: Run) -> None:
    """Its prices move both sides together."""
    report = price(measure(*run), load_profile("horowitz45-memory"))
    row = next(
        line for line in side_by_side_text([("a", report), ("b", report)]).splitlines()
        if line.startswith("b / a")
    )  # fmt: skip
    assert row.split() == ["b", "/", "a", "1.00", "1.00", "1.00"]


def test_anns_stand_side_by_side_too(run: Run, by_hand: Run) -> None:
    """All that the plot shows, for every run."""
    profile = load_profile("horowitz45-memory")
    reports = [(name, price(measure(*r), profile)) for name, r in (("a", run), ("b", by_hand))]
    cells = {
        line.rsplit("  ", 2)[0].strip(): line.split("  ")
        for line in side_by_side_text(reports).splitlines()
    }
    for _, report in reports:
        for ann in report.ann:
            row = " ".join(next(row for row in cells.values() if row[0].strip() == ann.name))
            assert units.energy(ann.total.nominal) in row


def test_a_sweep_has_one_row_for_each_t(by_hand: Run) -> None:
    report = price(measure(*by_hand), load_profile("horowitz45"))
    lines = sweep_text([report], [0.125]).splitlines()
    assert lines[2].split()[0] == "4"
    assert lines[2].endswith("0.125")


# --- numbers as people read them


@pytest.mark.parametrize(
    ("picojoules", "text"),
    [
        (0, "0"),
        (0.0012, "0.0012 pJ"),
        (0.9, "0.9 pJ"),
        (1, "1.00 pJ"),
        (23.6, "23.6 pJ"),
        (999.6, "1.00 nJ"),
        (12345, "12.3 nJ"),
        (6.7e6, "6.70 µJ"),
        (1.66e9, "1.66 mJ"),
        (5e14, "500 J"),
        (5e15, "5,000 J"),
    ],
)
def test_energies_have_three_digits_and_a_unit(picojoules: float, text: str) -> None:
    assert units.energy(picojoules) == text


def test_other_numbers() -> None:
    assert units.band(Interval(1, 2, 3000)) == "1.00 pJ to 3.00 nJ"
    assert units.band(Interval(2, 2, 2)) == "2.00 pJ"
    assert [units.integer(n) for n in (1234567, 12.25, 12.0)] == ["1,234,567", "12.2", "12"]
    assert units.percent(0.12345) == "12.3 %"
    assert [units.significant(x) for x in (0.012345, float("inf"), 0, 1234.5)] == [
        "0.0123", "∞", "0", "1,230",
    ]  # fmt: skip
    assert [units.seconds(x) for x in (0.0, 2.5, 0.0123, 4e-6, 5e-9)] == [
        "0", "2.50 s", "12.3 ms", "4.00 µs", "5.00 ns",
    ]  # fmt: skip
