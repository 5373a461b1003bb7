"""A finding: which rule, how bad, where, what, and what to do about it."""

from __future__ import annotations

from dataclasses import astuple, dataclass, fields
from typing import Literal

from snnvae.plain_text import counted
from snnvae.shown import Columns, Shown, as_columns

Level = Literal["error", "warning", "note"]
LEVELS: tuple[Level, ...] = ("error", "warning", "note")
"""error: it is refused somewhere, or cannot be meant so; warning: it may be something else than was
meant, or less good; note: it is well to know."""


@dataclass(frozen=True)
class Finding:
    """where: nodes of the file, or ""; remedy: what to do, in words of the library."""

    rule: str
    level: Level
    where: str
    what: str
    remedy: str


@dataclass(frozen=True)
class Findings(Shown):
    """All findings of a file, the worst first."""

    found: tuple[Finding, ...]

    def count(self, level: Level) -> int:
        """How many of a level there are."""
        return sum(finding.level == level for finding in self.found)

    def by(self, rule: str) -> list[Finding]:
        """Those of one rule."""
        return [finding for finding in self.found if finding.rule == rule]

    @property
    def said(self) -> str:
        """The counts in words."""
        return ", ".join(counted(self.count(level), level) for level in LEVELS)

    def __repr__(self) -> str:
        return f"<Findings: {self.said}>"

    def columns(self) -> Columns:
        """A row per finding."""
        return as_columns([f.name for f in fields(Finding)], map(astuple, self.found))
