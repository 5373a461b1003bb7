"""Texts that lie in a language's folder `templates`, with places that are filled in."""

from __future__ import annotations

from importlib.resources import files
from string import Template


class _Places(Template):
    """Templates whose places are @{name}: languages have their own use for a dollar."""

    delimiter = "@"


def template(language: str, name: str) -> str:
    """A text as it is; language: the folder beside this one, such as "c"."""
    return (files(f"snnvae.deploy.{language}") / "templates" / name).read_text("utf8")


def filled(language: str, name: str, **places: str) -> str:
    """A text with its places filled."""
    return _Places(template(language, name)).substitute(places)
