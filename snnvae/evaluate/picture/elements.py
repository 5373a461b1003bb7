"""Pieces of SVG text."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from snnvae.evaluate.picture.card import TEXT_CELL, TITLE_CELL
from snnvae.evaluate.picture.route import Curve
from snnvae.plain_text import cells, visible

ARROW, ARROW_HALF = 8.0, 3.6
SURE = "·…→×−µ"
"""Characters beside ASCII that every monospaced font has, and that we write."""


def tag(name: str, *inner: str, **attributes: str | float) -> str:
    """An element; `inner` is SVG already. Of attributes' names, "_" is "-", and none at the end."""
    said = "".join(
        f' {key.rstrip("_").replace("_", "-")}="'
        f'{escape(value) if isinstance(value, str) else decimal(value)}"'
        for key, value in attributes.items()
    )
    return f"<{name}{said}>{''.join(inner)}</{name}>" if inner else f"<{name}{said}/>"


def moved(x: float, y: float, inner: Iterable[str]) -> str:
    """A group elsewhere."""
    return tag("g", "\n", *(f"{part}\n" for part in inner), transform=f"translate({_point(x, y)})")


def words(kind: str, x: float, y: float, text: str, **attributes: str) -> str:
    """A line of text. What a monospaced font may lack is set to the width that was allowed for."""
    fit: dict[str, str | float] = {}
    if not all(c.isascii() or c in SURE for c in text):
        width = cells(text) * (TITLE_CELL if kind == "title" else TEXT_CELL)
        fit = {"textLength": width, "lengthAdjust": "spacingAndGlyphs"}
    return tag("text", escape(visible(text)), class_=kind, x=x, y=y, **fit, **attributes)


def line(curves: tuple[Curve, ...]) -> str:
    """An edge, with a head that points down: every edge enters its node from above."""
    path = f"M{_point(*curves[0][0])}"
    *_, (x, y) = curves[-1]
    for start, one, two, end in curves:
        bent = " ".join(_point(*p) for p in (one, two, end))
        path += f"L{_point(*end)}" if start[0] == end[0] else f"C{bent}"
    head = ((x, y), (x - ARROW_HALF, y - ARROW), (x + ARROW_HALF, y - ARROW))
    points = " ".join(f"{decimal(px)},{decimal(py)}" for px, py in head)
    return tag("path", d=path) + tag("polygon", points=points)


def decimal(value: float) -> str:
    """A tenth of a pixel is enough."""
    return f"{value:.1f}".rstrip("0").rstrip(".")


def _point(x: float, y: float) -> str:
    return f"{decimal(x)} {decimal(y)}"
