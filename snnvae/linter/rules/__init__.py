"""All rules, in the order in which they are told."""

from __future__ import annotations

from snnvae.linter.rule import Rule
from snnvae.linter.rules import activity, chip, loops, neurons, structure, time, writers

ROOMS = (structure, time, neurons, loops, writers, activity, chip)
RULES: tuple[Rule, ...] = tuple(
    value for room in ROOMS for value in vars(room).values() if isinstance(value, Rule)
)
"""Of all rooms; a rule is what `@rule` made."""
