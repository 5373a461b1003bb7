"""Names of a file reach terminals, pages, pictures and spreadsheets as text, and no more."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import h5py
import nir
import numpy as np
import pytest
from command_line import Cli

from snnvae import cli as command_line_program
from snnvae.export.nir_file import write_nir

NAMES = (
    "\x1b[2J\x1b]0;owned\x07",
    "two\nlines\r\nsnnvae: all is well",
    "turned\u202e round\u200b\x85\x9b31m",
    "a | b <script> & 'c'",
    '=HYPERLINK("example.org")',
    "-cmd|' C calc'!A0",
    "@SUM(1)",
    "\t=1",
    "long " + 5000 * "x",
)


def renamed(graph: nir.NIRGraph, name: Callable[[int], str]) -> nir.NIRGraph:
    """The same network; its nodes but for the ends have the names of their numbers."""
    ends = (nir.Input, nir.Output)
    new = {
        old: old if isinstance(node, ends) else name(n)
        for n, (old, node) in enumerate(graph.nodes.items(), -1)
    }
    nodes = {new[old]: node for old, node in graph.nodes.items()}
    edges = [(new[a], new[b]) for a, b in graph.edges]
    return nir.NIRGraph(nodes, edges, metadata=dict(graph.metadata), type_check=False)


@pytest.fixture(params=range(len(NAMES)))
def hostile(request: pytest.FixtureRequest, nets: Any, tmp_path: Path) -> Path:
    path = tmp_path / "hostile.nir"
    name = NAMES[request.param]
    write_nir(renamed(nets.small(), lambda n: f"{name}{n or ''}"), path)
    return path


@pytest.fixture
def all_hostile(nets: Any, tmp_path: Path) -> Path:
    """A network with a layer for each name, so that one run shows them all."""
    nodes = {"in": nets.source(4)}
    for n in range(len(NAMES)):
        nodes |= {f"w{n}": nets.affine(np.full((4, 4), 0.5)), f"lif{n}": nets.lif(4)}
    graph = nets.chain({**nodes, "out": nets.sink(4)}, steps=8)
    write_nir(
        renamed(graph, lambda n: NAMES[n // 2] + ("" if n % 2 else "w")), tmp_path / "hostile.nir"
    )
    return tmp_path / "hostile.nir"


def check_text(text: str, longest: int = 1100) -> None:
    for line in text.split("\n"):
        assert line.isprintable(), line
        assert len(line) <= longest
        assert not line.startswith("snnvae: all is well")


def test_on_a_terminal(cli: Cli, hostile: Path) -> None:
    for arguments in (
        ("inspect", hostile),
        ("check", hostile, "--samples", 2, "--backend", "emulator"),
    ):
        ended = cli(*arguments)
        assert ended.code == 0, ended.err
        check_text(ended.out)
        check_text("\n".join(ended.said))


def test_in_pictures_and_pages(cli: Cli, hostile: Path, tmp_path: Path) -> None:
    svg, html = tmp_path / "net.svg", tmp_path / "net.html"
    assert cli("inspect", hostile, "--svg", svg, "--html", html).code == 0
    ElementTree.fromstring(svg.read_text("utf-8"))
    for path in (svg, html):
        check_text(path.read_text("utf-8"), 20000)


def test_in_reports(cli: Cli, all_hostile: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    np.save(tmp_path / "in.npy", np.ones((2, 8, 4), bool))
    ended = cli("simulate", all_hostile, "--input", tmp_path / "in.npy", "-o", out)
    assert ended.code == 0, ended.err
    check_text(ended.out)
    files = {form: tmp_path / f"report.{form}" for form in ("html", "md", "csv")}
    options = [word for form, path in files.items() for word in (f"--{form}", path)]
    ended = cli("energy", out / "recording.h5", *options)
    assert ended.code == 0, ended.err
    check_text(ended.out)
    check_text(files["html"].read_text("utf-8"), 20000)
    check_text(files["md"].read_text("utf-8"), 20000)
    page = files["html"].read_text("utf-8")
    for part in page.split("<svg")[1:]:
        ElementTree.fromstring(f"<svg{part.partition('</svg>')[0]}</svg>")
    with files["csv"].open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))[1:]
    for part in ("owned", "two", "turned", "script", "HYPERLINK", "calc", "SUM", "=1", "long x"):
        assert any(part in cell for row in rows for cell in row), part
    assert len({len(row) for row in rows}) == 1
    for cell in (cell for row in rows for cell in row):
        assert cell.replace("\n", "").isprintable()
        try:
            float(cell)
        except ValueError:
            assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))


def test_in_an_error(cli: Cli, hostile: Path) -> None:
    with h5py.File(hostile, "r+") as file:
        nodes = file["node/nodes"].values()
        node = next(n for n in nodes if n["type"][()] in (b"LIF", b"CubaLIF"))
        node["v_threshold"][...] = np.nan
    line = cli("inspect", hostile).mistake
    assert "v_threshold" in line
    check_text(line)


def test_titles_of_a_profile(cli: Cli, sampled: Path, tmp_path: Path) -> None:
    own = (resources.files("snnvae.energy") / "profiles" / "ac-mac.toml").read_text("utf-8")
    title = "\\u001b]0;owned\\u0007 \\u202e" + 5000 * "y"
    (tmp_path / "mine.toml").write_text(
        re.sub("(?m)^title = .*", lambda _: f'title = "{title}"', own)
    )
    assert cli("simulate", sampled, "-o", tmp_path / "out").code == 0
    html = tmp_path / "report.html"
    recording, profile = tmp_path / "out" / "recording.h5", tmp_path / "mine.toml"
    ended = cli("energy", recording, "--profile", profile, "--html", html)
    assert ended.code == 0, ended.err
    check_text(ended.out)
    check_text(html.read_text("utf-8"), 20000)


def test_in_progress(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command_line_program, "PLAIN_INTERVAL", -1.0)
    bar = command_line_program.Bar()
    for name in NAMES:
        bar.start(name, 2)
        bar.advance(1, layer=name)
        check_text(capsys.readouterr().err.removesuffix("\n"), 2200)
