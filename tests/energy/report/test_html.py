"""Pages: self-contained, escaped, complete, for the eye, the printer and the screen reader."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import numpy as np
import pytest

from snnvae import __version__
from snnvae.energy import (
    EnergyReport,
    Interval,
    Profile,
    Time,
    load_profile,
    measure,
    price,
    units,
)
from snnvae.energy.profile import Price
from snnvae.energy.report import side_by_side_html, sweep_html, to_html
from snnvae.hardware_sim.placement_summary import PlacementSummary, Route
from snnvae.program import Program
from snnvae.recording import Recording

Run = tuple[Program, Recording]
TIME = Time(Interval(1e-6, 2e-6, 4e-6), Interval.exactly(1e-3), depth=2)


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


_PAGES: dict[str, tuple[EnergyReport, str]] = {}
"""A page takes a third of a second to draw: each once."""


@pytest.fixture(params=["horowitz45-memory", "lemaire2022", "loihi1", "truenorth"])
def rendered(request: pytest.FixtureRequest, run: Run) -> tuple[EnergyReport, str]:
    name: str = request.param
    if name not in _PAGES:
        routes = {"in": Route(np.full(6, 2), np.full(6, 1), np.full(6, 3))}
        measured = measure(
            *run,
            placement=PlacementSummary("a chip", 3, 1, routes),
            hashes={"recording": "ab" * 32},
        )
        report = price(measured, load_profile(name), time=TIME)
        _PAGES[name] = (report, to_html(report))
    return _PAGES[name]


@pytest.fixture
def report(rendered: tuple[EnergyReport, str]) -> EnergyReport:
    return rendered[0]


@pytest.fixture
def html(rendered: tuple[EnergyReport, str]) -> str:
    return rendered[1]


def check_self_contained(html: str) -> None:
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


def check_table_after_each_figure(html: str) -> None:
    """What is said of a plot for those who cannot see it is true."""
    for after in html.split("<figure")[1:]:
        assert "the numbers are in the table below" in after
        assert "<table>" in after


def test_names_of_files_and_of_the_run_are_text(by_hand: Run) -> None:
    bad = '"><img src=x onerror=alert(3)>'
    program, recording = by_hand
    told = replace(recording, info={"backend": bad})
    report = price(measure(program, told, hashes={bad: bad}), load_profile("ac-mac"))
    for html in (
        to_html(report, bad),
        side_by_side_html([(bad, report)], bad),
        sweep_html([report], [None], bad),
    ):
        check_self_contained(html)
        assert any(bad in text for text in Page(html).text)


def test_the_page_refers_to_nothing_outside_itself(html: str) -> None:
    check_self_contained(html)


def test_names_from_a_graph_are_text_and_nothing_else(report: EnergyReport) -> None:
    hostile = report.counts.layers[1].name
    html = to_html(report, title=hostile)
    page = Page(html)
    assert hostile not in html
    assert page.text.count(hostile) >= 3  # the heading and the tables
    assert "alert" in html  # it is shown, not lost


def test_a_hostile_profile_is_text_too(report: EnergyReport) -> None:
    bad = "<script>alert(2)</script>"

    def worse(p: Price) -> Price:
        source = replace(p.backing.source, cite=bad)
        return replace(p, label=bad, backing=replace(p.backing, note=bad, source=source))

    prices = {
        group: {term: worse(p) for term, p in terms.items()}
        for group, terms in report.profile.prices.items()
    }
    hostile = replace(report.profile, title=bad, name=bad, summary=bad, prices=prices)
    html = to_html(price(report.measured, hostile))
    assert bad not in html
    assert "alert(2)" in html


def test_the_first_line_says_what_it_is(html: str, report: EnergyReport) -> None:
    text = Page(html).text
    assert text[0] == "Estimate, not a measurement"
    assert text[1].startswith(". Evidence of the prices: ")
    assert "In it: sop" in text[1]
    assert report.evidence[0] in text[1]
    assert ("all-in" in text[1]) == (report.profile.scope == "all_in")


def test_plots_have_words_and_numbers_for_those_who_cannot_see_them(html: str) -> None:
    figures = [attributes for tag, attributes in Page(html).tags if tag == "figure"]
    assert len(figures) == 5
    assert all(a["role"] == "img" and a["aria-label"] for a in figures)
    for section in html.split("<section>")[1:]:
        check_table_after_each_figure(section)


def test_where_the_two_meet_is_in_numbers_too(html: str, report: EnergyReport) -> None:
    text = Page(html).text
    for c in report.comparisons:
        at = text.index(f"break-even: {c.ann.name}")
        energy, rate, *rest = text[at + 1 : at + 4]
        assert energy == units.energy(c.ann.total.nominal)
        if c.break_even.even is None:
            assert rate == "never"
        else:
            assert rate == units.percent(c.break_even.even.nominal)
            assert rest[0].startswith(units.percent(c.break_even.even.low))


def test_tables_say_what_they_are_and_which_cells_name_the_others(html: str) -> None:
    page = Page(html)
    tables = sum(tag == "table" for tag, _ in page.tags)
    assert tables == sum(tag == "caption" for tag, _ in page.tags) >= 9
    assert all(a.get("scope") in {"row", "col"} for tag, a in page.tags if tag == "th")
    assert next(a for tag, a in page.tags if tag == "html")["lang"] == "en"
    headings = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert headings[0] == 1
    assert headings.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(headings))


def test_dark_light_and_print(html: str) -> None:
    assert "prefers-color-scheme: dark" in html
    assert "@media print" in html
    assert "currentColor" in html
    assert "#010203" not in html


def test_every_layer_connection_and_price_is_in_the_page(html: str, report: EnergyReport) -> None:
    text = Page(html).text
    everything = " ".join(text)
    assert {x.name for x in report.counts.layers} <= set(text)
    for c in report.counts.connections:
        assert f"{c.name}: {c.source} → {c.target}" in everything
    assert all(f"] {source}" in everything for source in report_sources(report))
    assert set(report.notes) <= set(text)
    assert all(u.reason in everything for u in report.unpriced)
    for digest in (report.program, report.profile.digest(), "ab" * 32):
        assert digest in text
    assert f"snnvae {__version__}" in text


def report_sources(report: EnergyReport) -> set[str]:
    return {str(report.prices[t].backing.source) for t in report.terms if t in report.prices}


def test_time_is_beside_energy(html: str, report: EnergyReport) -> None:
    text = " ".join(Page(html).text)
    # T = 5 and two steps of pipeline, 2 µs each.
    assert "Latency 14.0 µs (7.00 µs to 28.0 µs), 5 steps + 2 of pipeline" in text
    assert "100,000" in text
    assert ("static" in report.terms) == (report.profile.name == "loihi1")


def test_the_page_is_the_same_each_time(html: str, report: EnergyReport) -> None:
    assert to_html(report) == html


def test_a_network_that_costs_nothing_still_has_a_page(
    profile_of: Callable[..., Profile], by_hand: Run
) -> None:
    report = price(measure(*by_hand), profile_of(("any", "sop", 0.0)))
    check_self_contained(to_html(report))


@pytest.mark.parametrize("band", [(0.0, 0.0, 0.0), (0.0, 1.0, 2.0)])
def test_an_ann_that_may_cost_nothing_still_has_a_page(
    profile_of: Callable[..., Profile], by_hand: Run, band: tuple[float, float, float]
) -> None:
    low, nominal, high = band
    free = ("ann_fp32", "mac", nominal, {"low": low, "high": high})
    report = price(measure(*by_hand), profile_of(("any", "sop", 1.0), free))
    html = to_html(report)
    check_self_contained(html)
    assert "∞" in html


def test_a_silent_network_of_one_sample_still_has_a_page(by_hand: Run) -> None:
    program, recording = by_hand
    silent = Recording({name: np.zeros_like(s[:1]) for name, s in recording.spikes.items()})
    for name in ("horowitz45-memory", "ac-mac", "odin"):
        check_self_contained(to_html(price(measure(program, silent), load_profile(name))))


def test_runs_stand_side_by_side_on_one_page(run: Run, fixed_run: Run) -> None:
    profile = load_profile("horowitz45")
    reports = [(name, price(measure(*r), profile)) for name, r in
               (("a<b>", run), ("fixed", fixed_run))]  # fmt: skip
    html = side_by_side_html(reports, "two & two")
    check_self_contained(html)
    assert html == side_by_side_html(reports, "two & two")
    check_table_after_each_figure(html)
    assert all(ann.name in html for ann in reports[0][1].ann)
    page = Page(html)
    assert page.text[0] == "Estimate, not a measurement"
    assert {"a<b>", "fixed", "fixed / a<b>", "two & two"} <= set(page.text)
    assert all(report.program in page.text for _, report in reports)


def test_a_sweep_is_a_page_of_one_row_for_each_t(by_hand: Run) -> None:
    program, recording = by_hand
    profile = load_profile("horowitz45")
    reports = []
    for steps in (2, 4):
        short = Recording({name: s[:, :steps] for name, s in recording.spikes.items()})
        reports.append(price(measure(program, short), profile))
    html = sweep_html(reports, [0.25, None], "<net>")
    check_self_contained(html)
    check_table_after_each_figure(html)
    assert html == sweep_html(reports, [0.25, None], "<net>")
    text = Page(html).text
    assert {"2", "4", "0.25", "T = 2", "T = 4", "change of outputs"} <= set(text)
