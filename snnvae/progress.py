"""How long work tells how far it is, without knowing who listens."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Receives the stages of a long job. The command line draws them; libraries may ignore them."""

    def start(self, name: str, total: int) -> None:
        """A stage of `total` equal units begins."""

    def advance(self, n: int = 1, **fields: float | str) -> None:
        """`n` units are done; `fields` are figures worth showing (loss=0.12)."""

    def finish(self) -> None:
        """The stage has ended."""

    def note(self, text: str) -> None:
        """Something to know at once, such as how long all will take."""


class NoProgress:
    """Listens to nothing."""

    def start(self, name: str, total: int) -> None:
        """Ignores the call."""

    def advance(self, n: int = 1, **fields: float | str) -> None:
        """Ignores the call."""

    def finish(self) -> None:
        """Ignores the call."""

    def note(self, text: str) -> None:
        """Ignores the call."""
