"""The packages that the core does without, and the one command that installs them.

Compiling, running on the emulator, pricing and inspecting need the core alone. What needs more asks
here first, so that a missing package is one line with its remedy, wherever it is met.
"""

from __future__ import annotations

import importlib.util
import sys

from snnvae.errors import MissingError

EXTRA_OF = {
    "torch": "train",
    "norse": "train",
    "nirtorch": "train",
    "sklearn": "train",
    "lightning_fabric": "train",
    "tensorboardX": "train",
    "pooch": "train",
    "jinja2": "report",
    "matplotlib": "report",
    "distributed": "dask",
    "torchmetrics": "metrics",
    "torch_fidelity": "metrics",
}
"""Which of our extras brings a module."""
PACKAGES = {
    "sklearn": "scikit-learn",
    "lightning_fabric": "lightning-fabric",
    "torch_fidelity": "torch-fidelity",
}
"""Modules whose package has another name."""


def package_of(module: str) -> str:
    """The name by which pip knows a module."""
    return PACKAGES.get(module, module)


def remedy(module: str) -> str:
    """The command that installs a module, with the rest of its extra."""
    return f"pip install 'snnvae[{EXTRA_OF[module]}]'"


def is_installed(module: str) -> bool:
    """Tells whether a module could be imported. Imports nothing."""
    if module in sys.modules:
        return sys.modules[module] is not None
    return importlib.util.find_spec(module) is not None


def require(*modules: str) -> None:
    """MissingError, with the command, for the first of the modules that is not installed."""
    for module in modules:
        if not is_installed(module):
            raise missing(module)


def require_extra(extra: str) -> None:
    """The same for all modules of an extra: before long work that ends in one of them."""
    require(*(module for module, brought_by in EXTRA_OF.items() if brought_by == extra))


def missing(module: str) -> MissingError:
    """Returns the error that says what to do where a module is not installed."""
    return MissingError(f"{package_of(module)} is not installed; run: {remedy(module)}")


def explained(error: ModuleNotFoundError) -> MissingError | None:
    """The same for an import that failed, if it is one of an extra's modules that lacks."""
    module = (error.name or "").partition(".")[0]
    return missing(module) if module in EXTRA_OF and not is_installed(module) else None
