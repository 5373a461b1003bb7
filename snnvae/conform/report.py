"""What a run of the suite says: a table of tools and groups, the conventions that each keeps."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import Any

from snnvae.conform.read_suite import Suite
from snnvae.conform.run import VERDICTS, Conformance
from snnvae.table import Table

MOST_REASONS = 8


def data(found: Conformance) -> dict[str, Any]:
    """For scripts: counts by tool, and every result."""
    return {
        "tools": {tool: dict(found.counts(tool)) for tool in found.tools},
        "results": [asdict(result) for result in found.results],
    }


def overview(found: Conformance) -> Table:
    """Of each tool and group: how many cases agree, of how many; then all verdicts."""
    rows = []
    for tool in found.tools:
        groups = [found.counts(tool, group) for group in found.groups]
        whole = found.counts(tool)
        rows.append(
            [tool]
            + [f"{counts['agrees']}/{sum(counts.values())}" for counts in groups]
            + [str(whole[verdict]) for verdict in VERDICTS]
        )
    return Table(["tool", *found.groups, *VERDICTS], rows, text={0})


def conventions(found: Conformance, suite: Suite) -> Table:
    """What each tool does in the cases that turn on a convention, where NIR leaves it open."""
    rows = []
    for case in suite.cases:
        if case.group != "conventions":
            continue
        cells = []
        for tool in found.tools:
            result = next(r for r in found.results if (r.tool, r.case) == (tool, case.name))
            changed = [name for name in result.readings if "=" in name]
            told = {"agrees": "nir", "refuses": "–"}.get(result.verdict)
            cells.append(told or ", ".join(changed or result.readings) or "none known")
        rows.append([case.name.split("/")[1], ", ".join(case.turns_on), *cells])
    return Table(["case", "turns on", *found.tools], rows, text=range(len(found.tools) + 2))


def differences(found: Conformance, tool: str) -> Table:
    """Every case in which a tool does not agree, and where, or why."""
    rows = [
        (result.case, result.verdict, ", ".join(result.readings), result.why)
        for result in found.results
        if result.tool == tool and result.verdict != "agrees"
    ]
    return Table(["case", "verdict", "right as", "where, or why"], rows, text=range(4))


def reasons(found: Conformance, tool: str) -> Table:
    """For what a tool refuses most cases."""
    counted = Counter(
        result.why for result in found.results if (result.tool, result.verdict) == (tool, "refuses")
    )
    rows = [(str(n), why) for why, n in counted.most_common(MOST_REASONS)]
    return Table(["cases", f"{tool} refuses, since"], rows, text={1})
