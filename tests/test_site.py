"""The site builds offline, without a warning: no link leads nowhere, every notebook runs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import snnvae as sv
from snnvae.cli import COMMANDS

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("furo", reason="the site's generator is not installed; snnvae[docs]")
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "--fail-on-warning", "--keep-going", "-q"]
    done = subprocess.run(
        [*command, "-d", folder / "work", ROOT / "docs", folder / "html"],
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    return folder / "html"


@pytest.mark.slow
def test_every_page_of_the_docs_is_there(site: Path) -> None:
    for page in (ROOT / "docs").rglob("*.md"):
        at = site / page.relative_to(ROOT / "docs").with_suffix(".html")
        assert at.is_file(), page


@pytest.mark.slow
def test_every_command_and_every_public_name_is_told(site: Path) -> None:
    commands = (site / "reference" / "commands.html").read_text()
    assert all(f'id="snnvae-{name}"' in commands for name in COMMANDS)
    of_networks = commands.split('id="snnvae-train-from-net-nir"')[1].split("<section")[0]
    assert "--validation" in of_networks
    assert "--qat" in of_networks
    names = (site / "reference" / "python.html").read_text()
    missing = [name for name in sv.__all__ if f'id="snnvae.{name}' not in names and name != "zoo"]
    assert missing == []


@pytest.mark.slow
def test_notebooks_have_run(site: Path) -> None:
    for page in ("first-steps", "what-fixed-point-does", "what-it-costs"):
        text = (site / "notebooks" / f"{page}.html").read_text()
        assert "cell_output" in text
        assert "Traceback" not in text


@pytest.mark.slow
def test_nothing_is_asked_of_the_network(site: Path) -> None:
    """Scripts, styles, fonts and pictures lie beside the pages."""
    for page in site.rglob("*.html"):
        sources = re.findall(r'(?:src|href)="((?:https?:)?//[^"]+)"', page.read_text())
        loaded = [url for url in sources if re.search(r"\.(js|css|woff2?|png|svg)(\?|$)", url)]
        assert loaded == [], page
