"""What decides something on a machine, and that the page says so."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from snnvae.commands.remedies import with_flags
from snnvae.environment import PACKAGES, VARIABLES, report, summary, versions

ROOT = Path(__file__).parents[1]


def test_the_page_lists_the_variables() -> None:
    page = (ROOT / "docs" / "command-line.md").read_text()
    rows = dict(re.findall(r"^\| `([A-Z_]+)` \| (.+) \|$", page, flags=re.MULTILINE))
    assert rows == {name: with_flags(about) for name, about in VARIABLES.items()}


def test_every_variable_of_ours_is_listed() -> None:
    """Of those that the package's files name."""
    files = (ROOT / "snnvae").rglob("*.py")
    named = {name for file in files for name in re.findall(r"\bSNNVAE_[A-Z]+\b", file.read_text())}
    assert named == {name for name in VARIABLES if name.startswith("SNNVAE_")}


def test_a_report_names_versions() -> None:
    told = report()
    assert told["numpy"] == versions()["numpy"]
    assert versions()["numpy"] in summary()
    assert set(VARIABLES) <= set(told)


def test_tools_whose_files_are_read_are_among_the_packages() -> None:
    told = tomllib.loads((ROOT / "pyproject.toml").read_text())
    needed = told["project"]["optional-dependencies"]["frameworks"]
    assert {re.split("[<>=]", line)[0] for line in needed} <= {*PACKAGES}
