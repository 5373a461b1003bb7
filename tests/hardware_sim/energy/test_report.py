"""Reports: self-contained, escaped, complete, the same numbers in every form."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from snnvae import __version__
from snnvae.hardware_sim.energy import (
    EnergyReport,
    Interval,
    Profile,
    builtin_profiles,
    estimate,
    load_profile,
)
from snnvae.hardware_sim.energy.report import summary_text, to_html, to_json, units
from snnvae.program import Program
from snnvae.recording import Recording

Run = tuple[Program, Recording]


class Page(HTMLParser):
    """Tags with their attributes, and the text between them."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in {"meta", "br"}:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if data.strip() and self.open[-1] not in {"style", "title"}:
            self.text.append(" ".join(data.split()))


@pytest.fixture(params=builtin_profiles())
def report(request: pytest.FixtureRequest, run: Run) -> EnergyReport:
    return estimate(*run, load_profile(request.param))


def test_the_page_refers_to_nothing_outside_itself(report: EnergyReport) -> None:
    html = to_html(report)
    page = Page(html)
    assert page.open == []
    assert not {"script", "link", "img", "iframe", "object", "embed", "base"} & {
        tag for tag, _ in page.tags
    }
    for _, attributes in page.tags:
        for name, value in attributes.items():
            assert not name.startswith("on")
            if name in {"src", "href", "xlink:href", "data", "action"}:
                assert (value or "").startswith("#")
    assert "@import" not in html
    assert all(target.startswith("#") for target in re.findall(r"url\(['\"]?([^)]*)", html))


def test_names_from_a_graph_are_text_and_nothing_else(report: EnergyReport) -> None:
    hostile = report.layers[2].name
    html = to_html(report, title=hostile)
    page = Page(html)
    assert hostile not in html
    assert page.text.count(hostile) >= 3  # the heading and the tables
    assert "alert" in html  # it is shown, not lost


def test_a_hostile_profile_is_text_too(report: EnergyReport) -> None:
    bad = "<script>alert(2)</script>"
    prices = {
        group: {term: replace(p, source=bad) for term, p in terms.items()}
        for group, terms in report.profile.prices.items()
    }
    hostile = replace(report.profile, title=bad, name=bad, summary=bad, prices=prices)
    assert bad not in to_html(replace(report, profile=hostile))


def test_the_first_line_says_what_it_is(report: EnergyReport) -> None:
    text = Page(to_html(report)).text
    assert text[0] == "Estimate, not a measurement"
    assert text[1].startswith(". Evidence of the prices: ")
    assert "In it: sop" in text[1]
    assert "static" in text[1].split("Not in it:")[1]


def test_plots_have_words_for_those_who_cannot_see_them(report: EnergyReport) -> None:
    figures = [attributes for tag, attributes in Page(to_html(report)).tags if tag == "figure"]
    assert len(figures) == 2
    assert all(a["role"] == "img" and a["aria-label"] for a in figures)


def test_dark_and_light(report: EnergyReport) -> None:
    html = to_html(report)
    assert "prefers-color-scheme: dark" in html
    assert "currentColor" in html
    assert "#010203" not in html


def test_every_layer_connection_and_price_is_in_the_page(report: EnergyReport) -> None:
    text = Page(to_html(report)).text
    names = [x.name for x in (*report.counts.layers, *report.counts.connections)]
    assert set(names) <= set(text)
    assert {p.source for t, p in report.prices.items() if t in report.terms} <= set(text)
    assert report.program in text
    assert report.profile.digest() in text


def test_the_ends_of_a_connection_share_its_column(report: EnergyReport) -> None:
    """A column of their own would push the ANN's beyond a window of 1200 pixels."""
    html = to_html(report)
    head = html[html.index("connection, from → to") :].split("</thead>")[0]
    assert head.count("<th ") == 9
    ends = next(text for text in Page(html).text if text.endswith("(delay 1)"))
    assert ends.count(" → ") == 1


def test_the_page_is_the_same_each_time(report: EnergyReport) -> None:
    assert to_html(report) == to_html(report)


def test_json_says_all_of_it(report: EnergyReport) -> None:
    document = json.loads(to_json(report))
    assert (document["schema"], document["version"]) == ("snnvae-energy", 1)
    assert document["note"].startswith("Estimate, not a measurement")
    assert document["tool"] == {"name": "snnvae", "version": __version__}
    assert document["program"]["sha256"] == report.program
    assert document["profile"]["sha256"] == report.profile.digest()
    energy = document["energy_pj"]
    assert energy["total"]["nominal"] == report.total.nominal
    assert energy["lower_bound"] == report.lower_bound
    counts = document["counts"]
    loop = next(c for c in counts["connections"] if c["name"] == "loop")
    expected = next(c for c in report.counts.connections if c.name == "loop")
    assert loop["sop_event"] == expected.sop_event.tolist()
    assert document["ann"]["macs"] == report.twin.macs
    assert [c["verdict"] for c in document["comparisons"]] == [
        c.verdict for c in report.comparisons
    ]


def test_the_terminal_gets_a_table_of_layers(run: Run) -> None:
    report = estimate(*run, load_profile("horowitz45"))
    lines = summary_text(report).splitlines()
    assert lines[0].startswith("Estimate, not a measurement: 45 nm CMOS")
    assert any(line.startswith("first ") for line in lines)
    total = next(line for line in lines if line.startswith("total "))
    assert units.energy(report.total.nominal) in total
    assert total.endswith("100 %")
    assert any(line.startswith("The spiking network needs") for line in lines)
    assert any(line.startswith("Break-even: ") for line in lines)


def test_the_terminal_says_lower_bound_and_unpriced(run: Run) -> None:
    text = summary_text(estimate(*run, load_profile("loihi1")))
    assert "total, at least" in text
    assert "No verdict" in text
    assert "Unpriced: hop, host_mac" in text
    assert "Break-even" not in text


def test_a_network_that_costs_nothing_still_has_a_report(
    profile_of: Callable[..., Profile], by_hand: Run
) -> None:
    report = estimate(*by_hand, profile_of(("any", "sop", 0.0)))
    assert "100 %" not in summary_text(report)
    json.loads(to_json(report))
    assert Page(to_html(report)).open == []


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
