"""A scene as SVG text: self-contained, without scripts, every name escaped."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from itertools import count

from snnvae.evaluate.picture import card as sizes
from snnvae.evaluate.picture import colours
from snnvae.evaluate.picture.card import PADDING, TEXT_CELL, rate_text
from snnvae.evaluate.picture.elements import decimal, line, moved, tag, words
from snnvae.evaluate.picture.scene import Box, Scene
from snnvae.plain_text import cells, counted, shortened, visible

BORDER = 16.0
HEAD = 46.0
LEAST_WIDTH = 420.0
ROW = 24.0
"""Height of a line of the legend."""
SCALE, SCALE_PARTS = 160.0, 40
"""Width of the scale of firing rates, and how many colours it has."""
FONT = "ui-monospace,'DejaVu Sans Mono','Liberation Mono',Menlo,Consolas,monospace"
_SHAPES = f"""\
text{{font-family:{FONT};font-size:{sizes.TEXT_SIZE}px;stroke:none}}
.title{{font-size:{sizes.TITLE_SIZE}px;font-weight:600}}
.box{{stroke-width:1.2}}
.graph{{stroke-dasharray:5 3}}
.edge path{{fill:none;stroke-width:1.4}}
.loop path{{stroke-width:1.8}}
.edge:hover path{{stroke-width:3.5}}"""


def to_svg(scene: Scene, title: str, *, dt: float | None = None, bare: bool = True) -> str:
    """The picture. `bare`: a file of its own, with styles and ground; else for a page that has the
    rules of `style` itself."""
    title, said = visible(title), _summary(scene)
    rates = [box.card.rate for box in scene.all_boxes() if box.card.rate is not None]
    top = max(rates, default=0.0)
    inner = max(scene.width, LEAST_WIDTH)
    key, key_height = _legend(scene, inner, rate_text(top, dt) if rates else "")
    width, height = inner + 2 * BORDER, HEAD + scene.height + key_height + 2 * BORDER
    size = {"width": width, "height": height}
    edges = ", ".join(" to ".join(map(visible, line.edge)) for line in scene.lines)
    ground = tag("style", f"\n{style()}\n"), tag("rect", class_="ground", **size)
    parts = [
        tag("title", escape(title), id="picture-title"),
        tag("desc", f"Network graph: {said}. Edges: {escape(edges)}.", id="picture-description"),
        *(ground if bare else ()),
        words("title", BORDER, BORDER + 12, shortened(title, int(inner / sizes.TITLE_CELL))),
        words("text soft", BORDER, BORDER + 30, said),
        moved(BORDER + (inner - scene.width) / 2, HEAD, _drawn(scene, top, count())),
        moved(BORDER, HEAD + scene.height + BORDER, key),
    ]
    about = {"role": "img", "aria_labelledby": "picture-title picture-description"}
    box, space = f"0 0 {decimal(width)} {decimal(height)}", "http://www.w3.org/2000/svg"
    lines = (f"\n{part}" for part in parts)
    return tag("svg", *lines, "\n", xmlns=space, **size, viewBox=box, **about) + "\n"


def style(*, dark: bool = False) -> str:
    """Rules that a page with the picture in it needs; `dark`: only what differs there."""
    return colours.rules(dark=True) if dark else f"{_SHAPES}\n{colours.rules()}"


def _drawn(scene: Scene, top: float, loops: Iterator[int]) -> Iterator[str]:
    """Boxes and lines; `top` is the rate at the end of the scale, `loops` numbers what closes."""
    for box in scene.boxes:
        yield moved(box.x, box.y, _box(box, top, loops))
    for each in scene.lines:
        kind = f"edge loop loop{next(loops) % colours.LOOPS}" if each.closes else "edge"
        name = " → ".join(map(visible, each.edge))
        yield tag("g", tag("title", escape(name)), line(each.curves), class_=kind)


def _box(box: Box, top: float, loops: Iterator[int]) -> Iterator[str]:
    card, said = box.card, box.card.description
    told = [visible(".".join(box.path)), said.type, said.shape]
    told += [f"{p.name} {p.text}" for p in said.parameters]
    yield tag("title", escape("\n".join(told)))
    yield tag("rect", class_=f"box {said.role}", width=box.width, height=box.height, rx=5)
    yield words("title", PADDING, PADDING + 10, card.title)
    for i, text in enumerate(card.lines):
        y = PADDING + sizes.TITLE_HEIGHT + 8 + sizes.TEXT_HEIGHT * i
        yield words("text" if i else "text soft", PADDING, y, text)
    if card.rate is not None:
        fill, ink = colours.shade(card.rate / top if top else 0.0)
        y, wide, high = box.height - sizes.STRIP, box.width - 2, sizes.STRIP - 1
        yield tag("rect", x=1, y=y, width=wide, height=high, rx=4, fill=fill)
        yield words("rate", PADDING, y + 13, card.rated, fill=ink)
    if (inner := box.inner) is not None:
        x, y = (box.width - inner.width) / 2, box.height - inner.height
        yield moved(x, y, _drawn(inner, top, loops))


def _summary(scene: Scene) -> str:
    described = [box.card.description for box in scene.all_boxes()]
    counts = (
        (len(described), "node"),
        (sum(len(part.lines) for part in scene.scenes()), "edge"),
        (sum(d.neurons for d in described), "neuron"),
        (sum(d.weights for d in described), "weight"),
    )
    return ", ".join(counted(*count) for count in counts)


def _legend(scene: Scene, width: float, top: str) -> tuple[list[str], float]:
    """What the colours mean, within `width`, and its height. top: the rate that ends the scale."""
    roles = {box.card.description.role for box in scene.all_boxes()}
    entries = [
        (text, tag("rect", class_=f"box {role}", width=12, height=12, rx=2))
        for role, (text, *_) in colours.ROLES.items()
        if role in roles
    ]
    if any(line.closes for part in scene.scenes() for line in part.lines):
        swatch = tag("g", tag("path", d="M0 6H12"), class_="edge loop loop0")
        entries.append(("closes a loop", swatch))
    lines = []
    x = y = 0.0
    for text, swatch in entries:
        needs = 18 + (cells(text) + 3) * TEXT_CELL
        if x and x + needs > width:
            x, y = 0.0, y + ROW
        lines.append(moved(x, y, (swatch, words("text", 18, 10, text))))
        x += needs
    if top:
        y += ROW
        lines.append(moved(0, y, _scale(top)))
        y += 0.75 * ROW
    return lines, y + ROW


def _scale(top: str) -> Iterator[str]:
    name = "mean firing rate"
    yield words("text", 0, 10, name)
    left, step = (cells(name) + 1) * TEXT_CELL, SCALE / SCALE_PARTS
    for i in range(SCALE_PARTS):
        fill, _ = colours.shade(i / (SCALE_PARTS - 1))
        crisp = {"shape_rendering": "crispEdges", "fill": fill}
        yield tag("rect", x=left + i * step, width=step + 0.4, height=12, **crisp)
    yield words("text soft", left, 25, "0")
    yield words("text soft", left + SCALE - 3 * TEXT_CELL, 25, top)
