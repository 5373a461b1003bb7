"""Markdown as a parser of it reads it: names are text, whatever marks they hold."""

from __future__ import annotations

from dataclasses import replace

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from snnvae.energy import EnergyReport, load_profile, measure, price, units
from snnvae.energy.report import side_by_side_markdown, sweep_markdown, to_markdown
from snnvae.program import Program
from snnvae.recording import Recording

Run = tuple[Program, Recording]
HOSTILE = [
    "<script>alert(1)</script>",
    "a | b || c",
    "``` `x`",
    "~~~ ~~x~~",
    "two\n\n# lines",
    "- a list",
    "+ a list",
    "1. a list",
    "23) a list",
    "&lt;b&gt; &amp;",
    "[here](http://example.org) ![x](y)",
    "<http://example.org>",
    "*a* _b_ __c__",
    "\\| \\",
    "| --- |",
]


def tokens(text: str) -> list[Token]:
    """All tokens, those inside paragraphs and cells among them."""
    found: list[Token] = []
    for token in MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text):
        found += [token, *(token.children or [])]
    return found


def shown(text: str) -> list[str]:
    """What a reader sees of each paragraph, heading and cell."""
    return [
        "".join(child.content for child in token.children or [])
        for token in tokens(text)
        if token.type == "inline"
    ]


def check_only_text(text: str) -> None:
    kinds = {token.type for token in tokens(text)}
    ours = {"paragraph", "heading", "table", "thead", "tbody", "tr", "th", "td", "strong"}
    ours |= {"bullet_list", "list_item"}
    allowed = {f"{name}_{end}" for name in ours for end in ("open", "close")}
    assert kinds <= {*allowed, "inline", "text", "text_special"}


def flat(name: str) -> str:
    return " ".join(name.split())


def cells_per_row(text: str) -> set[tuple[int, ...]]:
    """Of each table, the different numbers of cells of its rows as written."""
    tables = [block for block in text.split("\n\n") if block.startswith("|")]
    return {
        tuple({line.replace("\\\\", "").replace("\\|", "").count("|") for line in t.split("\n")})
        for t in tables
    }


@pytest.fixture
def report(by_hand: Run) -> EnergyReport:
    return price(measure(*by_hand), load_profile("horowitz45-memory"))


def renamed(program: Program, recording: Recording, name: str) -> Run:
    """The network of `by_hand` with its layer and connection called `name`."""
    (layer,), (connection,) = program.layers, program.connections
    other = replace(
        program,
        layers=(replace(layer, name=name),),
        connections=(replace(connection, name=name, target=name),),
        outputs={"y": name},
    )
    spikes = {name if n == "out" else n: s for n, s in recording.spikes.items()}
    return other, replace(recording, spikes=spikes)


@pytest.mark.parametrize("name", HOSTILE)
def test_names_of_the_graph_are_text(by_hand: Run, name: str) -> None:
    report = price(measure(*renamed(*by_hand, name)), load_profile("horowitz45-memory"))
    text = to_markdown(report, name)
    check_only_text(text)
    seen = shown(text)
    assert seen.count(flat(name)) >= 4  # the heading, and a row of several tables
    assert f"{flat(name)}: in → {flat(name)}" in seen
    assert all(len(widths) == 1 for widths in cells_per_row(text))


@pytest.mark.parametrize("name", HOSTILE)
def test_names_of_a_profile_and_of_runs_are_text(report: EnergyReport, name: str) -> None:
    profile = replace(report.profile, name=name, title=name, summary=name)
    other = price(report.measured, profile)
    for text in (
        to_markdown(other, "net"),
        side_by_side_markdown([(name, other), ("b", report)], name),
        sweep_markdown([other], [None], name),
    ):
        check_only_text(text)
        assert any(flat(name) in line for line in shown(text))
        assert all(len(widths) == 1 for widths in cells_per_row(text))


def test_every_form_begins_with_what_it_is(report: EnergyReport) -> None:
    for text in (
        to_markdown(report),
        side_by_side_markdown([("a", report), ("b", report)], "both"),
        sweep_markdown([report], [None], "net"),
    ):
        assert text.startswith("Estimate, not a measurement")
        assert text.endswith("\n")


def test_hashes_stand_in_every_form(report: EnergyReport) -> None:
    for text in (
        to_markdown(report),
        side_by_side_markdown([("a", report), ("b", report)], "both"),
        sweep_markdown([report], [None], "net"),
    ):
        assert report.program in text
        assert report.profile.digest() in text


def test_numbers_stay_as_they_are(report: EnergyReport) -> None:
    assert f"| {units.energy(report.total.nominal)} |" in to_markdown(report)
