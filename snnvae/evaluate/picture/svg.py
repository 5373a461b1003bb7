"""A scene as SVG text: self-contained, without scripts, every name escaped."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from itertools import count

from snnvae.evaluate.picture import colours
from snnvae.evaluate.picture.card import (
    PADDING,
    STRIP,
    TEXT_CELL,
    TEXT_HEIGHT,
    TEXT_SIZE,
    TITLE_CELL,
    TITLE_HEIGHT,
    TITLE_SIZE,
    counted,
    rate_text,
)
from snnvae.evaluate.picture.elements import arrow, decimal, path_data, text_element
from snnvae.evaluate.picture.legend import legend
from snnvae.evaluate.picture.scene import Box, Line, Scene
from snnvae.evaluate.picture.text import printable, shortened

BORDER = 16.0
HEAD = 46.0
LEAST_WIDTH = 420.0
FONT = "ui-monospace,'DejaVu Sans Mono','Liberation Mono',Menlo,Consolas,monospace"
_SHAPES = f"""\
text{{font-family:{FONT};font-size:{TEXT_SIZE}px;stroke:none}}
.title{{font-size:{TITLE_SIZE}px;font-weight:600}}
.box{{stroke-width:1.2}}
.graph{{stroke-dasharray:5 3}}
.edge path{{fill:none;stroke-width:1.4}}
.loop path{{stroke-width:1.8}}
.edge:hover path{{stroke-width:3.5}}"""


def to_svg(scene: Scene, title: str, *, dt: float | None = None, bare: bool = True) -> str:
    """The picture. `bare`: a file of its own, with styles and ground; else for a page that has the
    rules of `style` itself."""
    boxes, parts = scene.all_boxes(), list(_scenes(scene))
    title = printable(title)
    rates = [box.card.rate for box in boxes if box.card.rate is not None]
    top = max(rates, default=0.0)
    width = max(scene.width, LEAST_WIDTH) + 2 * BORDER
    key, key_height = legend(
        [box.card.description.role for box in boxes],
        width - 2 * BORDER,
        loops=any(line.closes for part in parts for line in part.lines),
        top=rate_text(top, dt) if rates else None,
    )
    height = HEAD + scene.height + key_height + 2 * BORDER
    said = _summary(parts)
    size = f'width="{decimal(width)}" height="{decimal(height)}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} '
        f'viewBox="0 0 {decimal(width)} {decimal(height)}" role="img" '
        'aria-labelledby="picture-title picture-description">',
        f'<title id="picture-title">{escape(title)}</title>',
        f'<desc id="picture-description">Network graph: {said}. {escape(_edges(scene))}</desc>',
    ]
    if bare:
        lines.append(f"<style>\n{style()}\n</style>")
        lines.append(f'<rect class="ground" {size}/>')
    shown = shortened(title, int((width - 2 * BORDER) / TITLE_CELL))
    lines += [
        text_element("title", BORDER, BORDER + 12, shown, TITLE_CELL),
        text_element("text soft", BORDER, BORDER + 30, said, TEXT_CELL),
        _moved(BORDER + max(0.0, (LEAST_WIDTH - scene.width) / 2), HEAD),
        *_Drawing(top).scene(scene),
        "</g>",
        _moved(BORDER, HEAD + scene.height + BORDER),
        *key,
        "</g>",
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def style(*, dark: bool = False) -> str:
    """Rules that a page with the picture in it needs; `dark`: only what differs there."""
    return colours.rules(dark=True) if dark else f"{_SHAPES}\n{colours.rules()}"


@dataclass
class _Drawing:
    """Boxes and lines as SVG; `top` is the rate at the end of the colour scale."""

    top: float
    loop: Iterator[int] = field(default_factory=count)

    def scene(self, scene: Scene) -> Iterator[str]:
        for box in scene.boxes:
            yield from self.box(box)
        for line in scene.lines:
            yield from self.line(line)

    def box(self, box: Box) -> Iterator[str]:
        card = box.card
        yield _moved(box.x, box.y)
        yield f"<title>{escape(_tooltip(box))}</title>"
        yield (
            f'<rect class="box {card.description.role}" width="{decimal(box.width)}" '
            f'height="{decimal(box.height)}" rx="5"/>'
        )
        yield text_element("title", PADDING, PADDING + 10, card.title, TITLE_CELL)
        for i, text in enumerate(card.lines):
            y = PADDING + TITLE_HEIGHT + 8 + TEXT_HEIGHT * i
            yield text_element("text" if i else "text soft", PADDING, y, text, TEXT_CELL)
        if card.rate is not None:
            yield from self.strip(box, card.rate)
        if box.inner is not None:
            yield _moved((box.width - box.inner.width) / 2, box.height - box.inner.height)
            yield from self.scene(box.inner)
            yield "</g>"
        yield "</g>"

    def strip(self, box: Box, rate: float) -> Iterator[str]:
        fill, ink = colours.shade(rate / self.top if self.top else 0.0)
        y = box.height - STRIP
        yield (
            f'<rect x="1" y="{decimal(y)}" width="{decimal(box.width - 2)}" '
            f'height="{decimal(STRIP - 1)}" rx="4" fill="{fill}"/>'
        )
        yield text_element("", PADDING, y + 13, box.card.rated, TEXT_CELL, fill=ink)

    def line(self, line: Line) -> Iterator[str]:
        kind = f" loop loop{next(self.loop) % colours.LOOPS}" if line.closes else ""
        a, b = map(printable, line.edge)
        yield f'<g class="edge{kind}">'
        yield f"<title>{escape(f'{a} → {b}')}</title>"
        yield f'<path d="{path_data(line.curves)}"/>'
        yield arrow(*line.curves[-1][-1])
        yield "</g>"


def _moved(x: float, y: float) -> str:
    return f'<g transform="translate({decimal(x)} {decimal(y)})">'


def _scenes(scene: Scene) -> Iterator[Scene]:
    yield scene
    for box in scene.boxes:
        if box.inner is not None:
            yield from _scenes(box.inner)


def _summary(parts: list[Scene]) -> str:
    described = [box.card.description for part in parts for box in part.boxes]
    counts = (
        (len(described), "node"),
        (sum(len(part.lines) for part in parts), "edge"),
        (sum(d.neurons for d in described), "neuron"),
        (sum(d.weights for d in described), "weight"),
    )
    return ", ".join(counted(*count) for count in counts)


def _edges(scene: Scene) -> str:
    """The edges in words, for those who cannot see them."""
    edges = (map(printable, line.edge) for line in scene.lines)
    return f"Edges: {', '.join(f'{a} to {b}' for a, b in edges)}."


def _tooltip(box: Box) -> str:
    description = box.card.description
    lines = [printable(".".join(box.path)), description.type, description.shape]
    return "\n".join([*lines, *(f"{p.name} {p.text}" for p in description.parameters)])
