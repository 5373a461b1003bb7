"""How a rule is written: a function from what there is to see to what it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from snnvae.linter.finding import Finding, Level
from snnvae.linter.subject import Subject

Found = Iterable[tuple[str, str, str]]
"""Where, what, and the remedy."""


@dataclass(frozen=True)
class Rule:
    """about: what it looks for, a sentence."""

    name: str
    level: Level
    about: str
    look: Callable[[Subject], Found]

    def findings(self, subject: Subject) -> list[Finding]:
        """What it finds in a subject."""
        return [
            Finding(self.name, self.level, where, what, remedy)
            for where, what, remedy in self.look(subject)
        ]


def rule(level: Level) -> Callable[[Callable[[Subject], Found]], Rule]:
    """Makes a rule of a function, named as it is, and described by its docstring."""

    def made(look: Callable[[Subject], Found]) -> Rule:
        about = " ".join((look.__doc__ or "").split())
        return Rule(look.__name__.replace("_", "-"), level, about, look)

    return made


def share_of(which: np.ndarray) -> str:
    """How many neurons a finding is about, in words."""
    return "all neurons" if which.all() else f"{int(which.sum())} of {which.size} neurons"
