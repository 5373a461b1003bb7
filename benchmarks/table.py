"""Results as a table and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.machine import machine
from benchmarks.result import Result

COLUMNS = ("benchmark", "snnvae", "", "beside", "", "ratio", "aim", "met", "the same")


def figure(value: float) -> str:
    """Three digits that count."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def row(result: Result) -> tuple[str, ...]:
    """The cells of a result."""
    other = result.other_value
    return (
        result.name,
        result.ours,
        f"{figure(result.value)} {result.unit}",
        result.other,
        "" if other is None else f"{figure(other)} {result.unit}",
        f"{figure(result.ratio)} {result.aim.unit}",
        str(result.aim),
        "yes" if result.met else "NO",
        result.same,
    )


def show(results: Sequence[Result], console: Console) -> None:
    """The table, what else was measured, and the machine."""
    table = Table(*COLUMNS)
    for result in results:
        table.add_row(*row(result))
    console.print(table)
    for result in results:
        if result.details:
            console.print(f"{result.name}: {_plain(result.details)}")
    console.print(", ".join(f"{key} {value}" for key, value in machine().items()))


def _plain(details: object) -> str:
    if isinstance(details, dict):
        return "; ".join(f"{key} {_plain(value)}" for key, value in details.items())
    return f"{details:.4g}" if isinstance(details, float) else str(details)


def markdown(results: Sequence[Result]) -> str:
    """The table as the documentation has it."""
    lines = [" | ".join(COLUMNS), "|".join(["---"] * len(COLUMNS))]
    lines += [" | ".join(row(result)) for result in results]
    return "".join(f"| {line} |\n" if "---" not in line else f"|{line}|\n" for line in lines)


def write_json(results: Sequence[Result], path: Path) -> None:
    """Results and machine."""
    content = {"machine": machine(), "results": [result.to_json() for result in results]}
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
