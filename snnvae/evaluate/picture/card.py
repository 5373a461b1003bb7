"""The text of a node's box, and how large that makes it."""

from __future__ import annotations

from dataclasses import dataclass

from snnvae.evaluate.picture.describe import Description
from snnvae.evaluate.picture.text import cells, packed, printable, shortened

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

    name: str
    title: str
    lines: tuple[str, ...]
    description: Description
    rate: float | None = None
    rated: str = ""

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of a box that holds the text."""
        widest = max(map(cells, (*self.lines, self.rated)))
        width = max(widest * TEXT_CELL, cells(self.title) * TITLE_CELL, LEAST_WIDTH - 2 * PADDING)
        height = 2 * PADDING + TITLE_HEIGHT + TEXT_HEIGHT * len(self.lines) - 4
        return width + 2 * PADDING, height + (STRIP if self.rate is not None else 0)


def card(
    name: str, description: Description, rate: float | None = None, dt: float | None = None
) -> Card:
    """A node's card; a nested graph's only names it."""
    kind = description.type
    if description.neurons:
        kind += f" · {counted(description.neurons, 'neuron')}"
    if description.weights:
        kind += f" · {counted(description.weights, 'weight')}"
    lines = [[kind], [description.shape]]
    if description.role == "graph":
        lines = [[f"{kind} · {description.shape}"]]
    lines.append([f"{p.name} {p.text}" for p in description.parameters if not p.usual])
    return Card(
        name,
        shortened(printable(name), MOST_TITLE),
        tuple(line for words in lines for line in packed(words, MOST_TEXT)),
        description,
        rate,
        "" if rate is None else rate_text(rate, dt),
    )


def counted(number: int, what: str) -> str:
    """As in "1,024 neurons"."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def rate_text(rate: float, dt: float | None) -> str:
    """Spikes per neuron and step, and per second where a step's length is known."""
    return f"{rate:.1%}" + ("" if dt is None else f" · {rate / dt:.3g} Hz")
