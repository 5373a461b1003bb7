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
        [sys.executable, *flags, "-c", prelude + code], capture_output=True, text=True, timeout=300
    )


USE = "from snnvae.deploy.lava import require_lava; require_lava()\n"


def test_once_required_lava_imports():
    code = USE + "from lava.magma.compiler.var_model import CoreEncoder\n"
    done = python(code + "print(CoreEncoder().x.base)", "-W", "error")
    assert (done.stdout, done.stderr) == ("0\n", "")


@pytest.mark.parametrize("module", importing.PATCHES)
def test_what_is_exchanged_stands_in_lava(module):
    """A patch that no longer applied would do nothing, silently."""
    there, instead = importing.PATCHES[module]
    source = Path(find_spec(module).origin).read_text()
    assert there in source
    assert instead not in source


def test_no_file_is_changed():
    """Source and bytecode stay as pip left them, so Lava still fails where we are not."""
    modules = [*importing.PATCHES]
    sources = [Path(find_spec(module).origin) for module in modules]
    files = [*sources, *(Path(cache_from_source(str(source))) for source in sources)]
    before = [file.read_bytes() if file.exists() else None for file in files]
    assert python(f"{USE}import {', '.join(modules)}").returncode == 0
    assert [file.read_bytes() if file.exists() else None for file in files] == before
    assert "mutable default" in python("import lava.magma.compiler.var_model", "-B").stderr


def test_lavas_virtual_ports_and_allocators_take_any_numpy():
    """What numpy 2.4 refuses, and what is patched in its place, gives what numpy 1 gave."""
    code = (
        USE
        + """
import pickle
import numpy as np
from lava.magma.core.process.ports.ports import ReshapePort
port = ReshapePort(new_shape=(2, 3), old_shape=(6,))
there = pickle.loads(pickle.dumps(port.get_transform_func_fwd()))(np.arange(6))
back = port.get_transform_func_bwd()(there)
from lava.proc.clp.nsm.models import PyAllocatorModel
class Port:
    shape = (3,)
    def recv(self): return np.array([1])
    def send(self, values): print(values)
from lava.proc.graded.models import InvSqrtModelFP
model = InvSqrtModelFP.__new__(InvSqrtModelFP)
model.a_in = model.s_out = Port()
print(there.tolist(), back.tolist())
model.run_spk()
model = PyAllocatorModel.__new__(PyAllocatorModel)
model.trigger_in = model.allocate_out = Port()
model.next_alloc_id = np.array([5])
model.run_spk()
"""
    )
    done = python(code, "-W", "error")
    said = "[[0, 1, 2], [3, 4, 5]] [0, 1, 2, 3, 4, 5]\n[264045]\n[5 0 0]\n"
    assert done.stdout == said, done.stderr


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
