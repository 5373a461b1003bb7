"""``snnvae conform``: the conformance suite of NIR, written out or run on tools."""

from __future__ import annotations

from pathlib import Path

import click

from snnvae.commands.finite import FiniteRange
from snnvae.commands.options import as_json
from snnvae.commands.result import Result
from snnvae.conform.tools import TOOLS, installed
from snnvae.plain_text import counted
from snnvae.progress import Progress
from snnvae.temporary import TemporaryFolder

DIFFERS = 1


@click.command(epilog="Example: snnvae conform --tool norse --tool snnvae, or --write nir-suite/")
@click.option(
    "--tool", "tools", type=click.Choice(list(TOOLS)), multiple=True,
    help="Repeatable; default: snnvae and all others that are installed.",
)  # fmt: skip
@click.option("--group", "groups", multiple=True, help="Only these cases, such as loops.")
@click.option("--write", type=click.Path(path_type=Path), help="Write the suite into a new folder.")
@click.option(
    "--suite", "folder", type=click.Path(path_type=Path),
    help="A folder that --write has written (default: the suite of this version).",
)  # fmt: skip
@click.option(
    "--answers", type=(str, click.Path(path_type=Path)),
    help="NAME FOLDER: outputs of a tool that ran elsewhere, CASE.npz with an array per output.",
)  # fmt: skip
@click.option(
    "--patience", type=FiniteRange(0, 1e6, min_open=True), default=20.0, show_default=True,
    help="Seconds that a tool may take for a case.",
)  # fmt: skip
@click.option("--details", is_flag=True, help="Every case in which a tool does not agree.")
@as_json
@click.pass_obj
def command(
    progress: Progress,
    tools: tuple[str, ...],
    groups: tuple[str, ...],
    write: Path | None,
    folder: Path | None,
    answers: tuple[str, Path] | None,
    patience: float,
    details: bool,
    as_json: bool,
) -> Result:
    """Hold tools that read NIR to small cases with exact outcomes.

    A tool agrees, agrees with its own reading of what NIR leaves open, differs, or refuses.

    The suite takes snnvae and most tools some 10 to 20 seconds each; one that hangs takes its
    --patience in each such case, nirtorch in three: a minute more.

    Exit code 1 if a tool that --tool or --answers names differs in a case.
    """
    from dataclasses import replace

    from snnvae.conform import report
    from snnvae.conform.read_suite import read_suite
    from snnvae.conform.run import conform
    from snnvae.conform.suite.write import write_suite
    from snnvae.errors import ConfigError, MissingError

    if write is not None:
        if tools or groups or folder or answers:
            raise ConfigError("--write only writes the suite: leave out the other options")
        index = write_suite(write)
        return Result(
            f"{counted(len(index['cases']), 'case')} in {write}",
            {"cases": len(index["cases"])},
            0,
            as_json,
        )
    here = installed()
    for tool in tools:
        if tool not in here:
            raise MissingError(f"{tool} is not installed; pip install 'snnvae[frameworks]'")
    with TemporaryFolder() as made:
        if folder is None:
            folder = made / "suite"
            write_suite(folder)
        suite = read_suite(folder)
        known = list(dict.fromkeys(case.group for case in suite.cases))
        for group in groups:
            if group not in known:
                raise ConfigError(f"--group {group}: the suite's groups are {', '.join(known)}")
        suite = replace(
            suite, cases=tuple(c for c in suite.cases if not groups or c.group in groups)
        )
        usual = [name for name in here if not name.startswith("snnvae-")]
        asked = tools or (() if answers else usual)
        if answers is not None and answers[0] in asked:
            raise ConfigError(f"--answers {answers[0]}: that tool is asked too; name them apart")
        found = conform(suite, asked, answers=answers, patience=patience, progress=progress)
    named = {*tools, *([answers[0]] if answers else [])}
    wrong = any(found.counts(tool)["differs"] for tool in named)
    parts = [report.overview(found).as_text()]
    if any(case.group == "conventions" for case in suite.cases):
        parts.append(report.conventions(found, suite).as_text())
    if details:
        tables = (report.differences(found, tool) for tool in found.tools)
        parts += [f"{t}\n{table.as_text()}" for t, table in zip(found.tools, tables) if table.rows]
    return Result("\n\n".join(parts), report.data(found), DIFFERS if wrong else 0, as_json)
