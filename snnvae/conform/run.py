"""The suite on tools: who agrees with NIR, who with its own reading of it, who differs where."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np

from snnvae.conform.asking import Asked
from snnvae.conform.read_suite import Arrays, Entry, Suite, read_arrays
from snnvae.conform.suite.rules import NIR
from snnvae.errors import DataError, UnsupportedError
from snnvae.files import no_folder
from snnvae.progress import NoProgress, Progress
from snnvae.shown import Columns, Shown, as_columns

Verdict = Literal["agrees", "own reading", "differs", "refuses"]
VERDICTS: tuple[Verdict, ...] = ("agrees", "own reading", "differs", "refuses")
Ask = Callable[[Entry], Arrays]


@dataclass(frozen=True)
class Result:
    """One case of one tool. readings: those of NIR by which its outputs are right, where NIR's own
    is not among them; why: where it first differs, or the reason of a refusal."""

    tool: str
    case: str
    verdict: Verdict
    readings: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True)
class Conformance(Shown):
    """All results, in the order of tools and cases."""

    results: tuple[Result, ...]

    @cached_property
    def tools(self) -> list[str]:
        """In the order in which they were asked."""
        return list(dict.fromkeys(result.tool for result in self.results))

    def counts(self, tool: str, group: str | None = None) -> Counter[Verdict]:
        """How many cases of a tool, and of one group, got which verdict."""
        return Counter(
            result.verdict
            for result in self.results
            if result.tool == tool and group in (None, result.case.split("/")[0])
        )

    @property
    def groups(self) -> list[str]:
        """Of the cases, in the suite's order."""
        return list(dict.fromkeys(result.case.split("/")[0] for result in self.results))

    def columns(self) -> Columns:
        """A row per tool and case."""
        names = list(Result.__dataclass_fields__)
        return as_columns(names, [tuple(asdict(result).values()) for result in self.results])

    def __repr__(self) -> str:
        said = [f"{tool} {self.counts(tool)['agrees']}" for tool in self.tools]
        cases = len(self.results) // max(len(self.tools), 1)
        return f"<Conformance: of {cases} cases agree {', '.join(said)}>"


def conform(
    suite: Suite,
    tools: Sequence[str],
    *,
    answers: tuple[str, Path] | None = None,
    patience: float = 20.0,
    progress: Progress | None = None,
) -> Conformance:
    """Asks each tool each case. patience: seconds that it may take for one.

    answers: a further tool's name and the folder of its outputs, a `.npz` for each case that it
    could run, with an array (T, *shape) by output node. DataError for one that is damaged.
    """
    bar = progress or NoProgress()
    results: list[Result] = []
    for tool in tools:
        bar.start(tool, len(suite.cases))
        with Asked(tool, patience) as asked:
            for case in suite.cases:
                results.append(judge(suite, tool, case, lambda c: asked.outputs(c, NIR)))
                bar.advance()
    if answers is not None:
        name, folder = answers
        if wrong := no_folder(folder):
            raise DataError(f"{folder}: {wrong}; give the folder with the outputs of '{name}'")
        found = [judge(suite, name, case, lambda c: _read(folder, c)) for case in suite.cases]
        if all(result.verdict == "refuses" for result in found):
            raise DataError(f"{folder}: holds no outputs, such as {suite.cases[0].name}.npz")
        results += found
    return Conformance(tuple(results))


def _read(folder: Path, case: Entry) -> Arrays:
    path = folder / f"{case.name}.npz"
    if not path.is_file():
        raise UnsupportedError("no outputs are there")
    return read_arrays(path)


def judge(suite: Suite, tool: str, case: Entry, ask: Ask) -> Result:
    """Says what a tool's outputs are worth: each under NIR's reading, the tool's, any other.

    ask: raises UnsupportedError where there are none.
    """
    try:
        outputs = ask(case)
    except UnsupportedError as error:
        return Result(tool, case.name, "refuses", why=str(error))
    missed = difference(case.expected["nir"], outputs, suite.tolerance)
    if not missed:
        return Result(tool, case.name, "agrees")
    readings = tuple(
        name
        for name, expected in case.expected.items()
        if not difference(expected, outputs, suite.tolerance)
    )
    verdict: Verdict = "own reading" if tool in readings else "differs"
    return Result(tool, case.name, verdict, readings, missed)


def difference(expected: Arrays, found: Arrays, tolerance: float) -> str:
    """Where outputs first differ, in words; "" where they do not."""
    for node, rows in expected.items():
        if node not in found:
            return f"'{node}' is missing"
        given = found[node]
        if given.size != rows.size or len(given) != len(rows) or given.dtype.kind not in "biuf":
            return f"'{node}' has shape {given.shape}, not {rows.shape}"
        given = given.reshape(rows.shape).astype(np.float64)
        spikes = np.isin(rows, (0, 1)).all()
        allowed = 0.0 if spikes else tolerance * max(1.0, float(np.abs(rows).max()))
        wrong = ~(np.abs(given - rows) <= allowed)
        if wrong.any():
            at = np.argwhere(wrong)[0]
            place = tuple(map(int, at[1:]))
            many = int(wrong.sum())
            values = f"{given[tuple(at)]:g} instead of {rows[tuple(at)]:g}"
            return f"'{node}' at step {at[0]}, {place}: {values}; {many} of {rows.size} differ"
    return ""
