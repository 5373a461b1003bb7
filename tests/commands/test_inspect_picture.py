"""`snnvae inspect --svg --html --recording`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from snnvae.files import sha256_of

Cli = Callable[..., Any]


def test_pictures_are_written(cli: Cli, model: Path, tmp_path: Path) -> None:
    svg, html = tmp_path / "deep" / "net.svg", tmp_path / "net.html"
    ended = cli("inspect", model, "--svg", svg, "--html", html)
    assert (ended.code, ended.said) == (0, [])
    assert ended.out.splitlines()[-2:] == [f"wrote {svg}", f"wrote {html}"]
    assert svg.read_text(encoding="utf-8").startswith("<svg ")
    page = html.read_text(encoding="utf-8").rstrip()
    assert page.endswith("</html>")
    assert sha256_of(model) in page


def test_a_run_shows_its_rates(cli: Cli, sampled: Path, tmp_path: Path) -> None:
    cli("simulate", sampled, "--samples", 3, "-o", tmp_path / "out")
    recording = tmp_path / "out" / "recording.h5"
    assert cli("inspect", sampled, "--svg", tmp_path / "a.svg", "--recording", recording).code == 0
    assert "mean firing rate" in (tmp_path / "a.svg").read_text(encoding="utf-8")
    # The recording holds its graph, so it can be drawn by itself.
    assert (
        cli("inspect", recording, "--svg", tmp_path / "b.svg", "--recording", recording).code == 0
    )
    assert "mean firing rate" in (tmp_path / "b.svg").read_text(encoding="utf-8")


def test_mistakes(cli: Cli, model: Path, sampled: Path, tmp_path: Path) -> None:
    cli("simulate", sampled, "--samples", 3, "-o", tmp_path / "out")
    recording = tmp_path / "out" / "recording.h5"
    assert "add --svg or --html" in cli("inspect", model, "--recording", recording).mistake
    absent = tmp_path / "none.h5"
    line = cli("inspect", model, "--svg", tmp_path / "x.svg", "--recording", absent).mistake
    assert "none.h5: no such file" in line
    (tmp_path / "file").write_text("")
    line = cli("inspect", model, "--svg", tmp_path / "file" / "x.svg").mistake
    assert "cannot write" in line
    assert not (tmp_path / "x.svg").exists()
