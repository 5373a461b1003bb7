"""The text of a node's box, and how large that makes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import nir

from snnvae.evaluate.picture.describe import Description, Path, describe
from snnvae.evaluate.picture.text import packed
from snnvae.plain_text import cells, counted, visible

TITLE_CELL, TEXT_CELL = 7.9, 6.9
"""Width of a cell, for the sizes of text below: monospaced fonts have 0.55 to 0.61 of it."""
TITLE_SIZE, TEXT_SIZE = 12.5, 11.0
TITLE_HEIGHT, TEXT_HEIGHT = 18.0, 15.0
PADDING = 10.0
STRIP = 19.0
"""Height of the strip that shows a firing rate."""
MOST_TITLE, MOST_TEXT = 27, 31
LEAST_WIDTH = 110.0


@dataclass(frozen=True)
class Card:
    """Title and lines of a box; `rate` is the mean of a layer's neurons, spikes per step, and
    `rated` the same in words."""

    title: str
    lines: tuple[str, ...]
    description: Description
    rate: float | None
    rated: str

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of a box that holds the text."""
        widest = max(map(cells, (*self.lines, self.rated))) * TEXT_CELL
        width = max(widest + 2 * PADDING, cells(self.title) * TITLE_CELL + 2 * PADDING, LEAST_WIDTH)
        height = 2 * PADDING + TITLE_HEIGHT + TEXT_HEIGHT * len(self.lines) - 4
        return width, height + (0 if self.rate is None else STRIP)


def card(node: nir.NIRNode, path: Path, dt: float | None, rates: Mapping[Path, float]) -> Card:
    """A node's card; a nested graph's only names it."""
    said = describe(node, dt)
    kind = said.type
    for number, what in ((said.neurons, "neuron"), (said.weights, "weight")):
        kind += f" · {counted(number, what)}" if number else ""
    heads = [[f"{kind} · {said.shape}"]] if said.role == "graph" else [[kind], [said.shape]]
    lines = [*heads, [f"{p.name} {p.text}" for p in said.parameters if not p.usual]]
    rate = rates.get(path)
    return Card(
        visible(path[-1], MOST_TITLE),
        tuple(line for words in lines for line in packed(words, MOST_TEXT)),
        said,
        rate,
        "" if rate is None else rate_text(rate, dt),
    )


def rate_text(rate: float, dt: float | None) -> str:
    """Spikes per neuron and step, and per second where a step's length is known."""
    return f"{rate:.1%}" + ("" if dt is None else f" · {rate / dt:.3g} Hz")
