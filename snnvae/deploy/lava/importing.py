"""Importing Lava on Python 3.11 and newer, with any numpy.

Lava 0.10.0 names Python 3.10 and numpy 1 alone. On newer Pythons its import fails on a dataclass
whose default is not hashable. numpy 2.4 no longer takes `newshape`, by which its virtual ports call
`np.reshape`, nor an array of one element for a number. A finder compiles these modules with the few
words exchanged, in memory: no file is changed. `require_lava` puts it in place.
"""

from __future__ import annotations

import importlib
import importlib.util
import multiprocessing
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import CodeType, ModuleType

from snnvae.errors import BackendError
from snnvae.typed import typed

INSTALL_HINT = f"run: {typed('doctor', install_lava=True)}"
PATCHES = {
    "lava.magma.compiler.var_model": (
        "@dataclass\nclass ByteEncoder:",
        "@dataclass(unsafe_hash=True)\nclass ByteEncoder:",
    ),
    "lava.magma.core.process.ports.ports": (
        "ft.partial(np.reshape, newshape=",
        '__import__("operator").methodcaller("reshape", ',
    ),
    "lava.proc.clp.nsm.models": (
        "alloc_signal[0] = self.next_alloc_id",
        "alloc_signal[:1] = self.next_alloc_id",
    ),
    "lava.proc.graded.models": ("inv_sqrt(a_in_data, 5)", "inv_sqrt(a_in_data.item(), 5)"),
}
"""By module, what stands there and what every Python and numpy takes."""


class _PatchingLoader(SourceFileLoader):
    """Compiles the patched source itself, so that no bytecode of it is ever written."""

    def get_code(self, fullname: str) -> CodeType:
        """The module's code with its words exchanged."""
        source = self.get_source(fullname) or ""
        code: CodeType = compile(
            source.replace(*PATCHES[fullname]), self.path, "exec", dont_inherit=True
        )
        return code


class LavaFinder:
    """A meta-path finder for the modules that need a patch."""

    @staticmethod
    def find_spec(
        name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The module's usual spec with the patching loader; None for every other module."""
        if name not in PATCHES:
            return None
        spec = PathFinder.find_spec(name, path)
        if spec is not None and spec.origin is not None:
            spec.loader = _PatchingLoader(name, spec.origin)
        return spec


def install_finder() -> None:
    """Make `import lava...` work from here on. Harmless when repeated."""
    if LavaFinder not in sys.meta_path:
        sys.meta_path.insert(0, LavaFinder)


def check_installed() -> None:
    """BackendError if Lava is missing. Imports nothing."""
    try:
        found = importlib.util.find_spec("lava.magma") is not None
    except ModuleNotFoundError:
        found = False
    if not found:
        raise BackendError(f"Lava is not installed; {INSTALL_HINT}")


def require_lava() -> None:
    """Import Lava's core, patched in memory, so that ``import lava...`` works from here on.

    Only who builds with Lava's own processes needs it. BackendError, which says what to do, where
    Lava is missing.

    >>> import snnvae as sv
    >>> sv.require_lava()
    >>> from lava.proc.lif.process import LIF
    """
    check_installed()
    install_finder()
    _allow_fork()
    try:
        importlib.import_module("lava.magma.core.process.process")
    except ImportError as error:
        raise BackendError(f"Lava does not import ({error}); {INSTALL_HINT}") from error


def _allow_fork() -> None:
    """Lava sets the start method 'fork' when imported, which fails if any has been set before."""
    if "lava.magma.runtime.message_infrastructure.multiprocessing" in sys.modules:
        return
    method = multiprocessing.get_start_method(allow_none=True)
    if method not in (None, "fork"):
        raise BackendError(
            f"Lava needs multiprocessing's start method 'fork', but here it is set to '{method}'; "
            "remove that setting or run Lava in a process of its own"
        )
    multiprocessing.set_start_method(None, force=True)
