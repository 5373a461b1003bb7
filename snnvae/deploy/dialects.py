"""The languages of microcontrollers by their backends' names."""

from __future__ import annotations

from importlib import import_module

from snnvae.deploy.backends import Backend
from snnvae.deploy.microcontroller.dialect import Dialect


def dialect_named(backend: Backend) -> Dialect:
    """The language of a backend of `DIALECTS`; nothing of the others is imported."""
    found: Dialect = import_module(f"snnvae.deploy.{backend}").DIALECT
    return found
