"""Bayesian networks in files of the Bayesian interchange format (.bif).

    network name { }
    variable smoke { type discrete [ 2 ] { yes, no }; }
    probability ( smoke ) { table 0.5, 0.5; }
    probability ( lung | smoke ) { (yes) 0.1, 0.9; (no) 0.01, 0.99; }

Properties and comments are passed over. A `table` of a variable with parents runs through the
variable's own values slowest, as JavaBayes has it; `default` stands for rows that are not there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import product
from math import isfinite, prod
from pathlib import Path
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from snnvae.draws.evidence import Variable
from snnvae.errors import DataError
from snnvae.families.tables.network import Network, topological
from snnvae.text_file import read_text

MOST_BYTES = 16 << 20
MOST_ENTRIES = 1 << 22
"""Of a file, and of all tables of probabilities together."""
TOLERANCE = 5e-3
"""By which probabilities may miss a sum of 1: files round them, some to three digits."""
WORDS = re.compile(r'//[^\n]*|/\*.*?\*/|"[^"\n]*"|["{}()\[\]|,;]|[^\s{}()\[\]|,;"]+', re.DOTALL)
MARKS = frozenset("{}()[]|,;")
Given = dict[tuple[int, ...] | None, list[float]]
"""Rows of a table by the values of the parents; None: the row for all others."""


def read_bif(path: Path) -> Network:
    """The network of a file, its variables in an order in which parents come first; DataError,
    which says what, where and the remedy, for anything else."""
    text = read_text(path, str(path), DataError, MOST_BYTES, "BIF")
    return _Reader(path, text).network()


class _Reader:
    """Reads word by word, and knows on which line it stands."""

    def __init__(self, path: Path, text: str) -> None:
        self.path, self.line, self.entries = path, 1, 0
        self.words = self._words(text)
        self.next: str | None = ""
        self.take()
        self.places: dict[str, int] = {}
        self.variables: list[Variable] = []
        self.parents: dict[int, list[int]] = {}
        self.rows: dict[int, Given] = {}
        self.plain: dict[int, list[float]] = {}

    def _words(self, text: str) -> Iterator[tuple[int, str]]:
        line, seen = 1, 0
        for found in WORDS.finditer(text):
            word = found[0]
            line += text.count("\n", seen, found.start())
            seen = found.start()
            if word == '"':
                self.line = line
                self.fail("a quote that is not closed on its line; close it")
            if word.startswith("/*") and (len(word) < 4 or not word.endswith("*/")):
                self.line = line
                self.fail("a comment that is not closed; close it")
            if not word.startswith(("//", "/*")):
                yield line, word

    def fail(self, what: str) -> NoReturn:
        raise DataError(f"{self.path}, line {self.line}: {what}")

    def take(self) -> str:
        """The word at which it stands; goes on to the next one."""
        word = self.next
        if word is None:
            self.fail("the file ends too soon; give a whole one")
        self.line, self.next = next(self.words, (self.line, None))
        return word

    def expect(self, *wanted: str) -> str:
        line = self.line
        word = self.take()
        if word not in wanted:
            self.line = line
            self.fail(f"'{word[:40]}' where {' or '.join(wanted)} is due; write it as BIF has it")
        return word

    def name(self) -> str:
        word = self.take()
        if word in MARKS:
            self.fail(f"'{word}' where a name is due; write it as BIF has it")
        return word.strip('"')

    def skip_property(self) -> None:
        while self.take() != ";":
            pass

    def network(self) -> Network:
        kinds = {"network": self._network, "variable": self._variable, "probability": self._given}
        while self.next is not None:
            kind = self.expect(*kinds)
            if kind == "probability" and not self.variables:
                self.fail("probabilities before the first variable; state the variables first")
            kinds[kind]()
        if not self.variables:
            self.fail("no variable; give a file of a network")
        n = len(self.variables)
        for i, variable in enumerate(self.variables):
            if i not in self.parents:
                self.fail(f"variable '{variable.name}' has no probabilities; add them")
        tables = [self._table(i) for i in range(n)]
        order = topological([self.parents[i] for i in range(n)])
        if order is None:
            self.fail(f"the variables {self._circle()} depend on each other in a circle; cut it")
        place = {i: new for new, i in enumerate(order)}
        return Network(
            tuple(self.variables[i] for i in order),
            tuple(tuple(place[p] for p in self.parents[i]) for i in order),
            tuple(tables[i] for i in order),
        )

    def _circle(self) -> str:
        """Names that a circle runs through."""
        i, seen = next(i for i in self.parents if self._leads_back(i)), []
        while i not in seen:
            seen.append(i)
            i = next(p for p in self.parents[i] if self._leads_back(p))
        return ", ".join(self.variables[j].name for j in seen[seen.index(i) :][:8])

    def _leads_back(self, i: int) -> bool:
        """Tells whether a variable is among its own ancestors."""
        seen: set[int] = set()
        new = set(self.parents[i])
        while new - seen:
            seen |= new
            new = {p for j in new for p in self.parents[j]}
        return i in seen

    def _network(self) -> None:
        self.name()
        self.expect("{")
        while self.expect("property", "}") == "property":
            self.skip_property()

    def _variable(self) -> None:
        name = self.name()
        if name in self.places:
            self.fail(f"variable '{name}' a second time; name each once")
        self.expect("{")
        values: list[str] = []
        while (word := self.expect("type", "property", "}")) != "}":
            if word == "property":
                self.skip_property()
                continue
            self.expect("discrete")
            self.expect("[")
            count = self.take()
            self.expect("]")
            self.expect("{")
            values = self._names("}")
            self.expect(";")
            if count != str(len(values)):
                self.fail(f"variable '{name}' has {len(values)} values, not {count[:20]}; mend it")
            if len(set(values)) < len(values):
                self.fail(f"variable '{name}' has a value twice; name each once")
            if {"", "?"} & {*values}:
                self.fail(
                    f"variable '{name}' has a value '' or '?', as gaps are; name it otherwise"
                )
        if len(values) < 2:
            self.fail(f"variable '{name}' has {len(values)} values; give two or more")
        self.places[name] = len(self.variables)
        self.variables.append(Variable(name, tuple(values)))

    def _names(self, end: str) -> list[str]:
        found = [self.name()]
        while self.expect(",", end) == ",":
            found.append(self.name())
        return found

    def _place(self, name: str) -> int:
        if name not in self.places:
            self.fail(f"'{name}' is no variable of the file; state it")
        return self.places[name]

    def _given(self) -> None:
        self.expect("(")
        i = self._place(self.name())
        name = self.variables[i].name
        if i in self.parents:
            self.fail(f"probabilities of '{name}' a second time; state them once")
        parents = []
        if self.expect("|", ")") == "|":
            parents = [self._place(parent) for parent in self._names(")")]
        if len({i, *parents}) <= len(parents):
            self.fail(f"'{name}' has a parent twice, or itself; name each once")
        self.parents[i] = parents
        rows: Given = {}
        self.entries += prod(len(self.variables[j].values) for j in [i, *parents])
        if self.entries > MOST_ENTRIES:
            self.fail(f"more than {MOST_ENTRIES:,} probabilities up to '{name}'; use fewer parents")
        self.expect("{")
        while (word := self.expect("table", "default", "property", "(", "}")) != "}":
            if word == "property":
                self.skip_property()
            elif word == "table":
                self.plain[i] = self._numbers(name)
            elif word == "default":
                rows[None] = self._numbers(name)
            else:
                at = self._values(parents, self._names(")"))
                if at in rows:
                    self.fail(f"a row of '{name}' a second time; state it once")
                rows[at] = self._numbers(name)
        self.rows[i] = rows

    def _values(self, parents: Sequence[int], names: Sequence[str]) -> tuple[int, ...]:
        if len(names) != len(parents):
            self.fail(f"{len(names)} values for {len(parents)} parents; give one for each")
        found = []
        for parent, name in zip(parents, names):
            variable = self.variables[parent]
            if name not in variable.values:
                known = ", ".join(variable.values[:8])
                self.fail(f"'{variable.name}' has no value '{name[:40]}'; it has {known}")
            found.append(variable.values.index(name))
        return tuple(found)

    def _numbers(self, name: str) -> list[float]:
        found = []
        for word in self._names(";"):
            try:
                value = float(word)
            except ValueError:
                value = float("nan")
            if not (isfinite(value) and 0 <= value <= 1):
                self.fail(f"'{word[:40]}' of '{name}' is no probability; give one from 0 to 1")
            found.append(value)
        return found

    def _table(self, i: int) -> NDArray[np.float64]:
        """p(x_i | parents), of shape (K of each parent …, K_i), normalised."""
        name, values = self.variables[i]
        counts = tuple(len(self.variables[p].values) for p in self.parents[i])
        k, found, said = len(values), np.full((*counts, len(values)), np.nan), f"'{name}'"
        whole = self.plain.get(i)
        if whole is not None:
            if len(whole) != found.size:
                self.fail(f"{said} has {len(whole)} probabilities, needs {found.size}; mend it")
            found[:] = np.moveaxis(np.reshape(whole, (k, *counts)), 0, -1)
        rows = self.rows[i]
        for at in product(*map(range, counts)):
            row = rows.get(at, rows.get(None) if whole is None else None)
            if row is not None and len(row) != k:
                self.fail(f"{said} has {len(row)} probabilities in a row, needs {k}; mend it")
            if row is not None:
                found[at] = row
            if not np.isfinite(found[at]).all():
                given = ", ".join(self._said(i, at))
                self.fail(f"{said} has no probabilities given {given or 'nothing'}; add them")
            total = found[at].sum()
            if abs(total - 1) > TOLERANCE:
                given = ", ".join(self._said(i, at))
                of = f"{said}{f' given {given}' if given else ''}"
                self.fail(f"the probabilities of {of} sum up to {total:.6g}, not 1; mend them")
        normal: NDArray[np.float64] = found / found.sum(-1, keepdims=True)
        return normal

    def _said(self, i: int, at: Sequence[int]) -> list[str]:
        above = [self.variables[p] for p in self.parents[i]]
        return [f"{variable.name}={variable.values[k]}" for variable, k in zip(above, at)]
