"""What the colours of a picture mean."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from snnvae.evaluate.picture import colours
from snnvae.evaluate.picture.card import TEXT_CELL
from snnvae.evaluate.picture.describe import Role
from snnvae.evaluate.picture.elements import decimal, text_element
from snnvae.evaluate.picture.text import cells

ROW = 24.0
SWATCH = 12.0
SCALE, SCALE_PARTS = 160.0, 40
CRISP = 'shape-rendering="crispEdges"'
_TEXT_LEFT = SWATCH + 6


def legend(
    roles: Sequence[Role], width: float, *, loops: bool, top: str | None
) -> tuple[list[str], float]:
    """The legend within `width`, and its height. top: the rate at which the scale ends."""
    entries = [
        (colours.ROLES[role], f'<rect class="box {role}" width="12" height="12" rx="2"/>')
        for role in colours.ROLES
        if role in roles
    ]
    if loops:
        entries.append(("closes a loop", '<g class="edge loop loop0"><path d="M0 6H12"/></g>'))
    lines: list[str] = []
    x = y = 0.0
    for text, swatch in entries:
        needs = _TEXT_LEFT + (cells(text) + 3) * TEXT_CELL
        if x and x + needs > width:
            x, y = 0.0, y + ROW
        lines.append(f'<g transform="translate({decimal(x)} {decimal(y)})">{swatch}')
        lines.append(f"{text_element('text', _TEXT_LEFT, 10, text, TEXT_CELL)}</g>")
        x += needs
    if top is not None:
        y += ROW
        lines += [f'<g transform="translate(0 {decimal(y)})">', *_scale(top), "</g>"]
        y += 0.75 * ROW
    return lines, y + ROW


def _scale(top: str) -> Iterator[str]:
    name = "mean firing rate"
    yield text_element("text", 0, 10, name, TEXT_CELL)
    left, step = (cells(name) + 1) * TEXT_CELL, SCALE / SCALE_PARTS
    for i in range(SCALE_PARTS):
        fill, _ = colours.shade(i / (SCALE_PARTS - 1))
        x = decimal(left + i * step)
        yield f'<rect x="{x}" width="{decimal(step + 0.4)}" height="12" fill="{fill}" {CRISP}/>'
    yield text_element("text soft", left, 25, "0", TEXT_CELL)
    yield text_element("text soft", left + SCALE - 3 * TEXT_CELL, 25, top, TEXT_CELL)
