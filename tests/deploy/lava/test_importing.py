"""Lava imports on every supported Python; what is patched is patched in memory alone."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import cache_from_source, find_spec
from pathlib import Path

import pytest

from snnvae.deploy import lava
from snnvae.deploy.lava import importing

ROOT = str(Path(lava.__file__).parents[3])


def python(code: str, *flags: str) -> subprocess.CompletedProcess:
    prelude = f"import sys; sys.path.insert(0, {ROOT!r})\n"
    return subprocess.run(
        [sys.executable, *flags, "-c", prelude + code], capture_output=True, text=True, timeout=60
    )


def test_importing_our_package_makes_lava_importable():
    code = "import snnvae.deploy.lava\nfrom lava.magma.compiler.var_model import CoreEncoder\n"
    done = python(code + "print(CoreEncoder().x.base)", "-W", "error")
    assert (done.stdout, done.stderr) == ("0\n", "")


@pytest.mark.skipif(not importing.needs_patch(), reason="this Python imports Lava as it is")
def test_no_file_is_changed():
    """Source and bytecode stay as pip left them, so Lava still fails where we are not."""
    source = Path(find_spec(importing.PATCHED_MODULE).origin)
    files = [source, Path(cache_from_source(str(source)))]
    before = [file.read_bytes() if file.exists() else None for file in files]
    assert python("import snnvae.deploy.lava, lava.magma.compiler.var_model").returncode == 0
    assert [file.read_bytes() if file.exists() else None for file in files] == before
    assert "mutable default" in python("import lava.magma.compiler.var_model", "-B").stderr


@pytest.mark.skipif(importing.needs_patch(), reason="this Python needs the patch")
def test_no_finder_where_none_is_needed():
    assert importing.LavaFinder not in sys.meta_path


def test_our_package_alone_imports_neither_lava_nor_torch():
    code = "import snnvae.deploy.lava\n"
    done = python(code + "print([m for m in ('lava', 'torch', 'norse') if m in sys.modules])")
    assert done.stdout == "[]\n"


MISSING = """
sys.modules["lava"] = None
import numpy as np
from snnvae.deploy import lava
from snnvae.errors import BackendError
for call in (lava.run, lava.build_stock, lava.build_network):
    try:
        call(None, None)
    except BackendError as error:
        print(error)
print(lava.status().problem)
"""


def test_missing_lava_is_one_line_that_names_the_command():
    done = python(MISSING)
    assert (
        done.stdout.splitlines() == ["Lava is not installed; run: snnvae doctor --install-lava"] * 4
    ), done.stderr


def test_a_start_method_set_before_is_kept_if_it_is_lavas():
    code = "import multiprocessing as mp; mp.set_start_method('{}')\n"
    code += "from snnvae.deploy.lava import status; print(status().problem, mp.get_start_method())"
    assert python(code.format("fork")).stdout == "None fork\n"
    refused = python(code.format("spawn")).stdout
    assert "but here it is set to 'spawn'" in refused
    assert refused.endswith(" spawn\n")
