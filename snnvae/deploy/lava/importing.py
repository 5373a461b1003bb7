"""Importing Lava on Python 3.10 to 3.13.

Lava 0.10.0 names Python 3.10 only. On newer ones its import fails on one dataclass whose default is
not hashable (`ByteEncoder` in `lava.magma.compiler.var_model`; Python 3.11 began to refuse that). A
finder compiles that one module with the class made hashable, in memory: no file is changed.
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

PATCHED_MODULE = "lava.magma.compiler.var_model"
INSTALL_HINT = "run: snnvae doctor --install-lava"
_REFUSED = "@dataclass\nclass ByteEncoder:"
_ACCEPTED = "@dataclass(unsafe_hash=True)\nclass ByteEncoder:"


class _PatchingLoader(SourceFileLoader):
    """Compiles the patched source itself, so that no bytecode of it is ever written."""

    def get_code(self, fullname: str) -> CodeType:
        """The module's code with `ByteEncoder` hashable, as it was before Python 3.11."""
        source = self.get_source(fullname) or ""
        patched = source.replace(_REFUSED, _ACCEPTED)
        code: CodeType = compile(patched, self.path, "exec", dont_inherit=True)
        return code


class LavaFinder:
    """A meta-path finder for the one module that needs the patch."""

    @staticmethod
    def find_spec(
        name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The module's usual spec with the patching loader; None for every other module."""
        if name != PATCHED_MODULE:
            return None
        spec = PathFinder.find_spec(name, path)
        if spec is not None and spec.origin is not None:
            spec.loader = _PatchingLoader(name, spec.origin)
        return spec


def needs_patch() -> bool:
    """Whether this Python refuses Lava's dataclass."""
    return sys.version_info >= (3, 11)


def install_finder() -> None:
    """Make `import lava...` work from here on. Harmless when repeated."""
    if needs_patch() and LavaFinder not in sys.meta_path:
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
    """Import Lava's core, or raise a BackendError that says what to do."""
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
