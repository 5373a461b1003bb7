"""Texts of Rust that lie beside this file, with places that are filled in."""

from __future__ import annotations

from importlib.resources import files
from string import Template


class _Places(Template):
    """Templates whose places are @{name}: Rust has its own use for a dollar."""

    delimiter = "@"


def template(name: str) -> str:
    """A text as it is."""
    return (files("snnvae.deploy.rust") / "templates" / name).read_text("utf8")


def filled(name: str, **places: str) -> str:
    """A text with its places filled."""
    return _Places(template(name)).substitute(places)
