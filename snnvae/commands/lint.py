"""``snnvae lint``: what a NIR file does not say, has lost, or will meet on a chip."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import click

from snnvae.commands.options import ModelFile, as_json, compile_options, options_from
from snnvae.commands.outputs import NameOrFile
from snnvae.commands.remedies import with_flags
from snnvae.commands.result import Result
from snnvae.errors import ConfigError
from snnvae.table import Table

FOUND = 1


@click.command(epilog="Example: snnvae lint net.nir --conventions snntorch --input spikes.npy")
@click.argument("model", type=ModelFile(), required=False)
@click.option(
    "--input", "data", type=click.Path(path_type=Path),
    help="Data, as for simulate: shows layers that never fire or always do.",
)  # fmt: skip
@click.option("--samples", type=click.IntRange(1), help="Of the data (default: all).")
@click.option(
    "--chip", type=NameOrFile(), default="loihi2", show_default=True,
    help="loihi1, loihi2, or path of a TOML file.",
)  # fmt: skip
@click.option("--only", multiple=True, metavar="RULE", help="Repeatable.")
@click.option("--ignore", multiple=True, metavar="RULE", help="Repeatable.")
@click.option("--strict", is_flag=True, help="Exit with 1 for warnings too.")
@click.option("--rules", is_flag=True, help="List the rules.")
@compile_options
@as_json
def command(
    model: Path | None,
    data: Path | None,
    samples: int | None,
    chip: str,
    only: tuple[str, ...],
    ignore: tuple[str, ...],
    strict: bool,
    rules: bool,
    as_json: bool,
    **flags: Any,
) -> Result:
    """Tell by named rules what a NIR file leaves open or has lost, what cannot be meant so, which
    layers are silent, and what 8 bits and a chip make of it.

    Exit code 1 if a rule finds an error (--strict: or a warning).
    """
    from snnvae.linter.rules import RULES
    from snnvae.linter.run import lint

    if rules:
        rows = [(rule.name, rule.level, with_flags(rule.about)) for rule in RULES]
        table = Table(("rule", "level", "what it looks for"), rows, text=range(3))
        told = {name: {"level": level, "about": about} for name, level, about in rows}
        return Result(table.as_text(), told, as_json=as_json)
    if model is None:
        raise click.UsageError("name a NIR file, or pass --rules")
    if samples is not None and data is None:
        raise ConfigError("--samples is of --input: give it, or leave --samples out")
    if not {*only} - {*ignore} and only:
        raise ConfigError("--ignore leaves out every rule that --only names")
    found = lint(
        model, options=options_from(**flags), chip=chip, data=data, samples=samples,
        only=only, ignore=ignore,
    )  # fmt: skip
    findings = [
        replace(f, what=with_flags(f.what), remedy=with_flags(f.remedy)) for f in found.found
    ]
    lines = [
        f"{f.level} {f.rule}{f' [{f.where}]' if f.where else ''}: {f.what}; {f.remedy}"
        for f in findings
    ]
    wrong = found.count("error") + (found.count("warning") if strict else 0)
    data_out = {
        "findings": [asdict(f) for f in findings],
        **{f"{level}s": found.count(level) for level in ("error", "warning", "note")},
    }
    text = "\n".join([*lines, f"{model}: {found.said}"])
    return Result(text, data_out, FOUND if wrong else 0, as_json)
