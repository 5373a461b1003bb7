"""Pieces of SVG text."""

from __future__ import annotations

from html import escape

from snnvae.evaluate.picture.route import Curve
from snnvae.evaluate.picture.text import cells

ARROW, ARROW_HALF = 8.0, 3.6
SURE = "·…→×−µ"
"""Characters beside ASCII that every monospaced font has, and that we write."""


def arrow(x: float, y: float) -> str:
    """A head that points down to (x, y): every edge enters its node from above."""
    left, right, back = decimal(x - ARROW_HALF), decimal(x + ARROW_HALF), decimal(y - ARROW)
    points = f"{decimal(x)},{decimal(y)} {left},{back} {right},{back}"
    return f'<polygon points="{points}"/>'


def text_element(name: str, x: float, y: float, text: str, cell: float, fill: str = "") -> str:
    """A line of text. What a monospaced font may lack is set to the width that was allowed for."""
    sure = all(c.isascii() or c in SURE for c in text)
    fit = f' textLength="{decimal(cells(text) * cell)}" lengthAdjust="spacingAndGlyphs"'
    kind = f' class="{name}"' if name else ""
    colour = f' fill="{fill}"' if fill else ""
    place = f'x="{decimal(x)}" y="{decimal(y)}"'
    return f"<text{kind} {place}{'' if sure else fit}{colour}>{escape(text)}</text>"


def path_data(curves: tuple[Curve, ...]) -> str:
    """The line of an edge, which ends within its arrow's head."""
    (x, y) = curves[0][0]
    parts = [f"M{decimal(x)} {decimal(y)}"]
    for i, (start, one, two, end) in enumerate(curves):
        if i == len(curves) - 1:
            end = (end[0], end[1] - ARROW / 2)
            two = (two[0], min(two[1], end[1]))
        if (start, end) == (one, two) or (start == one and two[0] == end[0] == start[0]):
            parts.append(f"L{decimal(end[0])} {decimal(end[1])}")
        else:
            points = " ".join(f"{decimal(px)} {decimal(py)}" for px, py in (one, two, end))
            parts.append(f"C{points}")
    return "".join(parts)


def decimal(value: float) -> str:
    """A tenth of a pixel is enough."""
    return f"{value:.1f}".rstrip("0").rstrip(".")
