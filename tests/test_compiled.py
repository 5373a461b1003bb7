"""Compiled code is kept where that can be, and a process without any place runs all the same."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from thorough import often

SCRIPT = """
import json, sys
from pathlib import Path
from module import twice
from snnvae import compiled
print(json.dumps({
    "result": twice(21),
    "kept": None if compiled.kept_in() is None else str(compiled.kept_in()),
    "hits": sum(twice.stats.cache_hits.values()),
}))
"""
MODULE = """
from snnvae.compiled import njit
@njit()
def twice(x):
    return 2 * x
"""
NOWHERE = {"NUMBA_CACHE_LOCATOR_CLASSES": "UserProvidedCacheLocator"}
"""numba keeps code where NUMBA_CACHE_DIR says and nowhere else, as beside a package and below a
home that cannot be written."""


def run(folder: Path, **environment: str) -> dict[str, Any]:
    (folder / "module.py").write_text(MODULE)
    (folder / "tmp").mkdir(exist_ok=True)
    for name in ("SNNVAE_CACHE", "NUMBA_CACHE_DIR"):
        environment.setdefault(name, "")
    environment.setdefault("TMPDIR", str(folder / "tmp"))
    ended = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=folder, env={**os.environ, **environment},
        capture_output=True, text=True, check=False, timeout=100,
    )  # fmt: skip
    assert (ended.returncode, ended.stderr) == (0, "")
    found: dict[str, Any] = json.loads(ended.stdout)
    assert found["result"] == 42
    return found


def files(folder: Path) -> list[Path]:
    return [p for p in folder.rglob("*.nb?") if p.name.startswith("module.")]


def test_the_user_s_choice_is_first(tmp_path: Path) -> None:
    cache = tmp_path / "chosen"
    for hits in (0, 1):
        found = run(tmp_path, SNNVAE_CACHE=str(cache), NUMBA_CACHE_DIR=str(tmp_path / "numba's"))
        assert found["hits"] == hits
        assert Path(found["kept"]).is_relative_to(cache / "compiled")
    assert len(files(cache)) == 2
    assert not (tmp_path / "numba's").exists()


def test_numba_s_own_place_is_next(tmp_path: Path) -> None:
    for hits in (0, 1):
        assert run(tmp_path)["hits"] == hits
    assert len(files(tmp_path / "__pycache__")) == 2
    (tmp_path / "file").touch()
    found = run(tmp_path, SNNVAE_CACHE=str(tmp_path / "file" / "x"))
    assert found["hits"] == 1
    assert os.listdir(tmp_path / "tmp") == []


def test_then_a_folder_of_this_user_s_alone(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for hits in (0, 1):
        found = run(tmp_path, **NOWHERE, NUMBA_CACHE_DIR=str(tmp_path / "file" / "x"))
        assert found["hits"] == hits
    (private,) = (tmp_path / "tmp").iterdir()
    assert private.stat().st_mode & 0o777 == 0o700
    assert Path(found["kept"]).is_relative_to(private)
    assert len(files(private)) == 2


@pytest.mark.parametrize("kind", ["open to others", "a link", "a file"])
def test_never_one_that_others_may_have_filled(tmp_path: Path, kind: str) -> None:
    (tmp_path / "tmp").mkdir()
    private = tmp_path / "tmp" / f"snnvae-compiled-{os.getuid()}"
    if kind == "a file":
        private.touch()
    elif kind == "a link":
        (tmp_path / "theirs").mkdir()
        private.symlink_to(tmp_path / "theirs")
    else:
        private.mkdir()
        private.chmod(0o777)
    for _ in range(2):
        found = run(tmp_path, **NOWHERE)
        assert found == {"result": 42, "kept": None, "hits": 0}
    assert files(tmp_path) == []


DAMAGES = ("empty", "cut", "another byte", "text", "a folder")


@pytest.mark.parametrize(
    ("damage", "suffix"),
    often(
        product(DAMAGES, ("nbi", "nbc")),
        [("cut", "nbi"), ("another byte", "nbc"), ("a folder", "nbi")],
    ),
)
def test_a_damaged_file_is_compiled_again(tmp_path: Path, damage: str, suffix: str) -> None:
    run(tmp_path)
    (path,) = (p for p in files(tmp_path) if p.suffix == f".{suffix}")
    content = path.read_bytes()
    if damage == "a folder":
        path.unlink()
        path.mkdir()
    else:
        middle = len(content) // 2
        path.write_bytes(
            {
                "empty": b"",
                "cut": content[:middle],
                "another byte": content[:middle] + bytes([content[middle] ^ 1])
                + content[middle + 1 :],
                "text": b"hello",
            }[damage]
        )  # fmt: skip
    assert run(tmp_path)["hits"] == 0
    assert run(tmp_path)["hits"] == (damage != "a folder")


@pytest.mark.skipif(os.getuid() != 0 or not shutil.which("setpriv"), reason="needs another user")
def test_another_user_without_a_home() -> None:
    """As in a container: the package is not theirs, and there is no home."""
    code = "import sys; from snnvae.cli import main; main(['simulate', sys.argv[1], '-o', 'out'])"
    package = Path(sys.modules["snnvae"].__file__ or "").parent
    if any(not p.stat().st_mode & 0o001 for p in (*package.parents, *Path(sys.executable).parents)):
        pytest.skip("another user cannot enter the package's folder, or Python's")
    with tempfile.TemporaryDirectory() as name:  # pytest's folders are this user's alone
        folder = Path(name)
        folder.chmod(0o777)
        ended = subprocess.run(
            ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", sys.executable, "-c",
             code, str(package / "zoo" / "digits-esvae.nir")],
            cwd=folder,
            env={**os.environ, "HOME": "/nonexistent", "TMPDIR": name, "SNNVAE_CACHE": "",
                 "NUMBA_CACHE_DIR": "", "PYTHONPATH": str(package.parent)},
            capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip
        assert ended.returncode == 0, ended.stderr
        assert "wrote out/recording.h5" in ended.stdout
        assert (folder / "snnvae-compiled-65534").is_dir()
