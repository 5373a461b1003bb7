"""The page: tables of what is in the picture."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

from snnvae.deploy.graph import build_graph
from snnvae.evaluate.picture import to_html
from snnvae.evaluate.picture.svg import style


class Cells(HTMLParser):
    """The texts of a page's table cells, and its tags."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.cells: list[str] = []
        self.tags: list[str] = []
        self.inside = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)
        if tag in ("td", "th"):
            self.cells.append("")
            self.inside = True

    def handle_endtag(self, tag: str) -> None:
        self.inside = self.inside and tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.cells[-1] += data


def page_of(nets: Any, graph: Any, **options: Any) -> str:
    return to_html(graph, nets.compiled(graph), "small & <net>", **options)


def test_the_tables_say_what_is_there(nets: Any) -> None:
    page = Cells(page_of(nets, nets.small())).cells
    for text in ("up", "ConvTranspose2d", "3×4×4", "2×8×8", "128"):
        assert text in page
    start = page.index("dt")
    assert page[start : start + 3] == ["dt", "0.001 s", "file"]
    start = page.index("reset")
    assert page[start : start + 3] == ["reset", "zero", "by default"]
    assert "first through up (ConvTranspose2d)" in page
    assert "mean rate" not in page


def test_rates_have_their_column(nets: Any) -> None:
    page = Cells(page_of(nets, nets.small(), rates={("first",): 0.125})).cells
    assert "mean rate" in page
    assert "12.5% · 125 Hz" in page


def test_a_page_is_self_contained_and_escapes(nets: Any) -> None:
    nodes = {"<img src=x>": nets.source(2), "a&b": nets.lif(2), "out": nets.sink(2)}
    graph = build_graph(nodes, pairwise(nodes), {"snnvae": {"version": 1, "dt": 1e-3}})
    page = page_of(nets, graph)
    assert not {"script", "img", "link", "iframe"} & set(Cells(page).tags)
    assert not re.search(r"url\(|@import|src=(?!x&gt;)", page)
    assert "<title>small &amp; &lt;net&gt;</title>" in page
    assert "<img src=x>" in Cells(page).cells


def test_the_pages_rules_leave_the_picture_alone(nets: Any) -> None:
    """A class of both would draw the picture's text in the page's size."""
    page = page_of(nets, nets.small())
    own = page.split("<style>")[1].split("</style>")[0].replace(style(), "")
    own = own.replace(style(dark=True), "")
    classes = set(re.findall(r"\.([a-z]\w*)[ ,>{]", own))
    assert classes >= {"note", "tables", "number"}
    drawn = {
        c for group in re.findall(r'class="([^"]+)"', page.split("<h2>")[0]) for c in group.split()
    }
    assert "soft" in drawn
    assert not classes & drawn


def test_dark_only_on_a_screen(nets: Any) -> None:
    page = page_of(nets, nets.small())
    assert "@media screen and (prefers-color-scheme: dark)" in page
    assert "@media print" in page
