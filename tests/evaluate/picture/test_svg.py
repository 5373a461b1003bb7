"""The SVG text: well-formed, self-contained, and every text within its box."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

import nir
import numpy as np
import pytest
from PIL import ImageColor

from snnvae.deploy.graph import build_graph
from snnvae.evaluate.picture import colours
from snnvae.evaluate.picture.card import TEXT_CELL, TITLE_CELL
from snnvae.evaluate.picture.scene import scene
from snnvae.evaluate.picture.svg import style, to_svg
from snnvae.evaluate.picture.text import cells

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = (
    "<script>alert(1)<\\script>",
    '"onload=" & ]]> \x07\n\u202e',
    "層" * 40,
    "e\u0301\u0302 🧠 ﷽",
    "W" * 300,
)


def hostile_graph(nets: Any) -> nir.NIRGraph:
    nodes: dict[str, nir.NIRNode] = {"in": nets.source(2)}
    for i, name in enumerate(HOSTILE):
        nodes[name] = nets.lif(2, tau=[1.23456e-3, 9.87e3]) if i % 2 else nets.affine(np.eye(2))
    nodes["out"] = nets.sink(2)
    return build_graph(nodes, list(zip(nodes, list(nodes)[1:])))


def parsed(text: str) -> ElementTree.Element:
    return ElementTree.fromstring(text)


def check_texts(group: ElementTree.Element) -> int:
    """Every text of a node begins and ends within its rect; how many there were."""
    seen = 0
    for part in group.iter(f"{SVG}g"):
        rect = part.find(f"{SVG}rect")
        if rect is None or not (rect.get("class") or "").startswith("box") or rect.get("x"):
            continue
        for text in part.findall(f"{SVG}text"):
            if (rect.get("width"), rect.get("height")) == ("12", "12"):
                continue  # the legend's
            cell = TITLE_CELL if text.get("class") == "title" else TEXT_CELL
            width = cells(text.text or "") * cell
            fixed = text.get("textLength")
            assert fixed is None or float(fixed) == pytest.approx(width, abs=0.06)
            assert float(text.get("x", "nan")) + width <= float(rect.get("width", "nan"))
            assert float(text.get("y", "nan")) <= float(rect.get("height", "nan"))
            seen += 1
    return seen


def test_every_text_is_within_its_box(drawn_graph: nir.NIRGraph) -> None:
    assert check_texts(parsed(to_svg(scene(drawn_graph), "title"))) >= 3 * len(drawn_graph.nodes)


def test_names_are_data(nets: Any) -> None:
    text = to_svg(scene(hostile_graph(nets)), 'a "title" <b>&')
    root = parsed(text)
    assert check_texts(root) > 15
    assert "<script" not in text
    assert "onload" not in re.sub(r">[^<]*<", "><", text)  # in texts, but in no tag
    assert not any(ord(c) < 32 and c != "\n" for c in text)
    assert "\u202e" not in text
    assert root.findtext(f"{SVG}title") == 'a "title" <b>&'
    texts = [t.text or "" for t in root.iter(f"{SVG}text")]
    assert HOSTILE[0] in texts
    assert all(cells(text) < 60 for text in texts)


def test_nothing_is_fetched_or_run(nets: Any) -> None:
    text = to_svg(scene(hostile_graph(nets)), "t")
    assert not re.search(r"href|url\(|@import|<script|<image|<foreignObject|javascript:", text)
    assert re.findall(r"https?://[^\"]*", text) == ["http://www.w3.org/2000/svg"]


def test_it_says_what_it_shows(nested: nir.NIRGraph) -> None:
    root = parsed(to_svg(scene(nested), "net"))
    assert root.get("role") == "img"
    labels = (root.get("aria-labelledby") or "").split()
    named = {e.get("id"): e.text for e in root.iter() if e.get("id")}
    assert named[labels[0]] == "net"
    assert "10 nodes, 9 edges, 2 neurons, 4 weights" in (named[labels[1]] or "")
    assert "again to outer" in (named[labels[1]] or "")
    edges = [g for g in root.iter(f"{SVG}g") if (g.get("class") or "").startswith("edge")]
    titles = [g.findtext(f"{SVG}title") for g in edges]
    assert titles.count("again → outer") == 1
    assert titles.count("cell → cell") == 1
    assert len([t for t in titles if t]) == 9
    loops = [g.get("class") for g in edges if "loop" in (g.get("class") or "")]
    assert len(loops) == 3  # two and the legend's
    assert len(set(loops)) == 2


def test_rates_are_shown_with_their_scale(nets: Any) -> None:
    nodes = {"in": nets.source(2), "a": nets.lif(2), "b": nets.lif(2), "out": nets.sink(2)}
    drawn = scene(nets.chain(nodes), dt=1e-3, rates={("a",): 0.25, ("b",): 0.0})
    text = to_svg(drawn, "t", dt=1e-3)
    texts = [t.text for t in parsed(text).iter(f"{SVG}text")]
    assert texts.count("25.0% · 250 Hz") == 2  # in its node, and where the scale ends
    assert "0.0% · 0 Hz" in texts
    assert "mean firing rate" in texts
    assert colours.shade(1.0)[0] in text
    assert "mean firing rate" not in to_svg(scene(nets.chain(nodes)), "t")


def test_silent_layers_have_a_rate_too(nets: Any) -> None:
    nodes = {"in": nets.source(2), "a": nets.lif(2), "out": nets.sink(2)}
    drawn = scene(nets.chain(nodes), rates={("a",): 0.0})
    assert to_svg(drawn, "t").count("0.0%") == 2


def rule_colours(rules: str) -> dict[str, dict[str, str]]:
    found = {}
    for selectors, body in re.findall(r"([^{}]+)\{([^}]*)\}", rules):
        for selector in selectors.split(","):
            pairs = dict(part.split(":", 1) for part in body.split(";") if ":#" in part)
            found.setdefault(selector.strip(), {}).update(pairs)
    return found


def luminance(rgb: tuple[int, ...]) -> float:
    linear = [
        c / 255 / 12.92 if c / 255 <= 0.03928 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in rgb
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: tuple[int, ...], b: tuple[int, ...]) -> float:
    """Contrast ratio of two colours, as WCAG defines it."""
    light, dark = sorted((luminance(a), luminance(b)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("dark", [False, True])
def test_text_is_readable_on_every_ground(dark: bool) -> None:
    rules = rule_colours(colours.rules(dark=dark))
    grounds = [rules[".ground"], *(rules[f".{role}"] for role in colours.ROLES)]
    for ink in (".text", ".soft", ".title"):
        for ground in grounds:
            pair = (ImageColor.getrgb(rules[ink]["fill"]), ImageColor.getrgb(ground["fill"]))
            assert contrast(*pair) >= 4.5, (ink, ground)
    ground = ImageColor.getrgb(rules[".ground"]["fill"])
    for line in (".edge path", *(f".loop{i} path" for i in range(colours.LOOPS))):
        assert contrast(ImageColor.getrgb(rules[line]["stroke"]), ground) >= 3


@pytest.mark.parametrize("part", np.linspace(0, 1, 201))
def test_the_rate_is_readable_on_its_shade(part: float) -> None:
    fill, ink = colours.shade(part)
    assert contrast(ImageColor.getrgb(fill), ImageColor.getrgb(ink)) >= 4.5


def test_both_schemes_colour_the_same_things() -> None:
    light, dark = rule_colours(colours.rules()), rule_colours(colours.rules(dark=True))
    assert light.keys() == dark.keys()
    assert "var(" not in style()
