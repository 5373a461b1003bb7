"""What is known of a row of variables, as spikes: the evidence of a conditional sampler."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Any, ClassVar, NamedTuple

import numpy as np

from snnvae.draws.draw import Draw, HostWork, Spikes
from snnvae.errors import ConfigError

MOST_NAMES = 12
"""Of what is known, that an error lists."""


class Variable(NamedTuple):
    """A discrete variable and its values, by name."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Evidence(Draw):
    """At the first step the neuron of each known variable's value fires, no other at any step.

    N = the number of all variables' values, variable by variable. known: values by name, the same
    for each sample; nothing by default.
    """

    variables: tuple[Variable, ...]
    known: Mapping[str, str] = field(default_factory=dict)

    kind: ClassVar[str] = "evidence"

    def stream(self, samples: Sequence[int], steps: int, seed: int, label: Sequence[int]) -> Spikes:
        """(B, T, N)."""
        row = self.places(self.known)
        return evidence_spikes(np.repeat(row[None], len(samples), 0), self.counts, steps)

    @property
    def counts(self) -> tuple[int, ...]:
        """How many values each variable has."""
        return tuple(len(variable.values) for variable in self.variables)

    def places(self, known: Mapping[str, str]) -> np.ndarray:
        """(variables): the place of each one's value, −1 where it is not known; ConfigError, which
        says what there is, for names that are not there."""
        row = np.full(len(self.variables), -1, np.int64)
        by_name = {variable.name: i for i, variable in enumerate(self.variables)}
        for name, value in known.items():
            if name not in by_name:
                raise ConfigError(f"`evidence` {name}: no such variable; {_there(name, by_name)}")
            values = self.variables[by_name[name]].values
            if value not in values:
                raise ConfigError(
                    f"`evidence` {name}={value}: no such value; {_there(value, values)}"
                )
            row[by_name[name]] = values.index(value)
        return row

    def work(self, steps: int) -> HostWork:
        """Returns no work: nothing is drawn."""
        return HostWork(self.kind)

    def stated(self) -> dict[str, Any]:
        """The variables as JSON, since names may hold anything; and what is known."""
        own = {"known": json.dumps(dict(self.known))} if self.known else {}
        return {"variables": json.dumps([[v.name, list(v.values)] for v in self.variables]), **own}

    @classmethod
    def read(cls, port: str, size: int, stated: Mapping[str, Any]) -> Evidence:
        """Reads it as `Draw.read` does, with a value for each neuron of the input."""
        try:
            variables = tuple(
                Variable(_text(name), tuple(map(_text, values)))
                for name, values in json.loads(_text(stated.get("variables")))
            )
            known = json.loads(_text(stated.get("known", "{}")))
        except RecursionError:
            raise ValueError("nested too deep") from None
        found = cls(port, variables, known if isinstance(known, dict) else {"": ""})
        distinct = all(v.values and len({*v.values}) == len(v.values) for v in variables)
        if sum(found.counts) != size or len({v.name for v in variables}) != len(variables):
            raise ValueError("variables")
        if not distinct or not all(isinstance(value, str) for value in found.known.values()):
            raise ValueError("values")
        try:
            found.places(found.known)
        except ConfigError as error:
            raise ValueError(str(error)) from None
        return found


def told(draws: Sequence[Draw], known: Mapping[str, str]) -> tuple[Draw, ...]:
    """The draws with what is known of their variables; ConfigError where they have none, or other
    names and values."""
    found = [draw for draw in draws if isinstance(draw, Evidence)]
    if not found:
        raise ConfigError(
            "`evidence`: this network's file names no variables of which something could be known; "
            "leave it out, or give a sampler that `snnvae train` made of a table"
        )
    found[0].places(known)
    return tuple(replace(d, known=dict(known)) if isinstance(d, Evidence) else d for d in draws)


def evidence_spikes(rows: np.ndarray, counts: Sequence[int], steps: int) -> Spikes:
    """Rows (B, variables) of places of values, −1 where unknown → spikes (B, T, Σ counts)."""
    spikes = np.zeros((len(rows), steps, sum(counts)), bool)
    spikes[:, 0] = one_hot_rows(rows, counts)
    return spikes


def one_hot_rows(rows: np.ndarray, counts: Sequence[int]) -> Spikes:
    """Rows (B, variables) → (B, Σ counts): the value of each variable one-hot, none if unknown."""
    owner = np.repeat(np.arange(len(counts)), counts)
    place = np.concatenate([np.arange(count) for count in counts])
    hot: Spikes = rows[:, owner] == place
    return hot


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("not text")
    return value


def _there(name: str, known: Sequence[str] | Mapping[str, int]) -> str:
    names = list(known)
    near = get_close_matches(name, names, 1)
    shown = ", ".join(names[:MOST_NAMES]) + (" …" if len(names) > MOST_NAMES else "")
    return f"there is {shown}{f'; do you mean {near[0]}?' if near else ''}"
