"""The folders at the top, the package and what a wheel would hold."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from snnvae.deploy.lava.doctor import LAVA_NEEDS
from snnvae.extras import EXTRA_OF, package_of

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


def test_supported_pythons_are_declared() -> None:
    project = PROJECT["project"]
    assert project["requires-python"] == ">=3.11"
    assert project["scripts"]["snnvae"] == "snnvae.__main__:main"


def test_extras_bring_what_is_said_of_them() -> None:
    """What `snnvae.extras` and the installation of Lava name stands in the project's extras."""
    extras = PROJECT["project"]["optional-dependencies"]
    core = {_name(need) for need in PROJECT["project"]["dependencies"]}
    for module, extra in EXTRA_OF.items():
        brought = {_name(need) for need in extras[extra]}
        # Norse brings nirtorch.
        assert package_of(module) in brought | ({"nirtorch"} if "norse" in brought else set())
        assert package_of(module) not in core
    assert tuple(extras["lava"]) == LAVA_NEEDS
    assert extras["all"] == ["snnvae[train,report,lava]"]


def _name(need: str) -> str:
    found = re.match(r"[\w.-]+", need)
    assert found is not None
    return found.group()


def test_tests_mirror_the_package() -> None:
    ours = {"conftest.py", "data", "support", "__pycache__"}
    for folder in (path for path in (ROOT / "tests").iterdir() if path.is_dir()):
        assert folder.name in ours or (ROOT / "snnvae" / folder.name).is_dir(), folder


@pytest.mark.parametrize("path", ["program.py", "deploy/run.py", "deploy/new.py"])
def test_lava_outside_its_backend_breaks_a_contract(tmp_path: Path, path: str) -> None:
    """Whatever the module, old or new: the contract is about the package, not a list."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    ignored = shutil.ignore_patterns("__pycache__", "*.nir", "*.pt")
    shutil.copytree(ROOT / "snnvae", tmp_path / "snnvae", ignore=ignored)
    with (tmp_path / "snnvae" / path).open("a") as file:
        file.write("\nimport lava.magma\n")
    lint = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    ended = subprocess.run(
        [sys.executable, "-c", lint, "--no-cache"], cwd=tmp_path, capture_output=True, text=True
    )
    assert ended.returncode == 1
    module = f"snnvae/{path}"[: -len(".py")].replace("/", ".")
    assert f"{module} -> lava" in ended.stdout
    assert "1 broken" in ended.stdout


def test_the_picture_of_the_rooms_is_their_order() -> None:
    """The arrows in docs/architecture.md are the layers that import-linter checks."""
    (rooms,) = (c for c in PROJECT["tool"]["importlinter"]["contracts"] if c["type"] == "layers")
    text = (ROOT / "docs" / "architecture.md").read_text()
    drawn = re.search(r'cli\["cli · api"\] --> (.*)', text)
    assert drawn is not None
    names = drawn.group(1).split(" --> ")
    layers = rooms["layers"][1 : len(names) + 1]
    assert names == [layer.replace("snnvae.", "").replace(" | ", " & ") for layer in layers]
