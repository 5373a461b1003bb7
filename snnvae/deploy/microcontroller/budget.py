"""What a chip holds, and whether a network fits: refused by layer and number where it does not."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from snnvae.deploy.microcontroller.sizes import STACK, Sizes
from snnvae.errors import ConfigError, UnsupportedError

NAMED = 3
"""Layers that a refusal names: the largest."""


@dataclass(frozen=True)
class Board:
    """A chip by name."""

    name: str
    title: str
    core: str
    ram: int
    flash: int
    source: str


@dataclass(frozen=True)
class Budget:
    """Bytes that there are, None where nothing bounds them. of: whose they are."""

    ram: int | None = None
    flash: int | None = None
    of: str = "the budget"

    @classmethod
    def chosen(cls, board: str | None, ram: int | None, flash: int | None) -> Budget:
        """A board's, and what is said beside it."""
        if board is None:
            return cls(ram, flash)
        found = board_named(board)
        of = cls.of if ram or flash else found.title
        return cls(ram or found.ram, flash or found.flash, of)

    def check(self, sizes: Sizes) -> None:
        """UnsupportedError where the network needs more, which names its largest layers."""
        network, parts = sizes.network, sizes.network.parts
        if self.ram is not None and sizes.ram > self.ram:
            sums = sum(a.size for a in network.state if a.name.startswith(("sum", "product")))
            held = [(f"'{p.layer.name}' {sizes.kept(p):,}", sizes.kept(p)) for p in parts]
            held.append((f"the sums of the layer at work {sums:,}", sums))
            raise UnsupportedError(
                f"{sizes.language}: needs {sizes.ram:,} bytes of RAM ({network.ram:,} of state, "
                f"{sizes.exchanged:,} of input and output, {sizes.draw_state + STACK:,} of draws "
                f"and stack), {self.of} has {self.ram:,}; most takes "
                f"{_largest(held)}: fewer neurons, or a larger chip"
            )
        if self.flash is not None and sizes.flash > self.flash:
            held = [(f"'{p.layer.name}' {sizes.tables(p):,}", sizes.tables(p)) for p in parts]
            if sizes.draw_tables:
                held.append((f"the draws {sizes.draw_tables:,}", sizes.draw_tables))
            raise UnsupportedError(
                f"{sizes.language}: needs {sizes.flash:,} bytes of flash "
                f"({sizes.flash - sizes.code:,} of tables, an estimated "
                f"{sizes.code:,} of code), {self.of} has {self.flash:,}; most takes "
                f"{_largest(held)}: fewer weights, or a larger chip"
            )


def _largest(held: Sequence[tuple[str, int]]) -> str:
    ordered = sorted(held, key=lambda each: -each[1])
    return ", ".join(text for text, _ in ordered[:NAMED])


@cache
def boards() -> dict[str, Board]:
    """All that are known, by name."""
    table = tomllib.loads(
        (files("snnvae.deploy.microcontroller") / "boards.toml").read_text("utf8")
    )
    return {name: Board(name, **entry) for name, entry in table.items()}


def board_named(name: str) -> Board:
    """The chip of that name; ConfigError if there is none."""
    found = boards().get(name.lower())
    if found is None:
        raise ConfigError(f"no board {name!r}: choose from {', '.join(boards())}")
    return found
