"""How a rule is written: a function from what there is to see to what it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import wraps
from typing import TypeVar

import numpy as np

from snnvae.linter.finding import Finding, Level
from snnvae.linter.subject import Subject
from snnvae.plain_text import counted

There = TypeVar("There")
Item = TypeVar("Item")
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


def given(
    part: Callable[[Subject], There | None],
) -> Callable[[Callable[[Subject, There], Iterable[Item]]], Callable[[Subject], Iterable[Item]]]:
    """Makes a look at a subject of one at a part of it too, which finds nothing where it lacks."""

    def made(
        look: Callable[[Subject, There], Iterable[Item]],
    ) -> Callable[[Subject], Iterable[Item]]:
        @wraps(look)
        def looked(subject: Subject) -> Iterable[Item]:
            there = part(subject)
            return () if there is None else look(subject, there)

        return looked

    return made


with_program = given(lambda subject: subject.program)
with_run = given(lambda subject: subject.run)
in_fixed_point = given(lambda subject: subject.fixed[0])


def said_of(error: Exception | str, remedy: str) -> tuple[str, str]:
    """What an error says, and its own remedy, or this one where it names none."""
    what, _, own = str(error).rpartition("; ")
    return (what, own) if what else (own, remedy)


def share_of(which: np.ndarray) -> str:
    """How many neurons a finding is about, in words."""
    some = f"{int(which.sum())} of {counted(which.size, 'neuron')}"
    return "all neurons" if which.all() else some
