"""The folders at the top, the package and what a wheel would hold."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


@pytest.mark.parametrize("name", ["train", "export", "deploy", "hardware_sim"])
def test_a_link_at_the_top_leads_into_the_package(name: str) -> None:
    link = ROOT / name
    assert link.is_symlink()
    assert not Path(link.readlink()).is_absolute()
    assert link.resolve() == ROOT / "snnvae" / name
    assert (link / "__init__.py").is_file()


def test_the_wheel_holds_the_package_by_name_and_nothing_else() -> None:
    assert PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"] == ["snnvae"]


def test_every_folder_of_code_is_a_package() -> None:
    for path in (ROOT / "snnvae").rglob("*.py"):
        assert (path.parent / "__init__.py").is_file(), path


def test_the_version_is_one() -> None:
    import snnvae

    assert snnvae.__version__ == PROJECT["project"]["version"]


def test_supported_pythons_and_lava_are_declared() -> None:
    project = PROJECT["project"]
    assert project["requires-python"] == ">=3.10,<3.14"
    assert "lava-nc==0.10.0; python_version < '3.11'" in project["dependencies"]
    assert any(line.startswith("numpy") and "<2.4" in line for line in project["dependencies"])
    assert project["scripts"]["snnvae"] == "snnvae.cli:main"


def test_tests_mirror_the_package() -> None:
    ours = {"conftest.py", "data", "__pycache__"}
    for folder in (path for path in (ROOT / "tests").iterdir() if path.is_dir()):
        assert folder.name in ours or (ROOT / "snnvae" / folder.name).is_dir(), folder
