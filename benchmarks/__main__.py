"""`python -m benchmarks`: run all benchmarks, or those named."""

from __future__ import annotations

import time
from pathlib import Path

import click
from rich.console import Console

from benchmarks.registry import BENCHMARKS
from benchmarks.result import DiffersError
from benchmarks.setup import Setup
from benchmarks.table import markdown, show, write_json


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(list(BENCHMARKS)))
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write results there.")
@click.option("--markdown", "markdown_file", type=click.Path(path_type=Path))
@click.option("--quick", is_flag=True, help="Tiny sizes: to see that it runs.")
@click.option("--list", "only_list", is_flag=True, help="Say what there is.")
def main(
    names: tuple[str, ...],
    json_file: Path | None,
    markdown_file: Path | None,
    quick: bool,
    only_list: bool,
) -> None:
    """Time snnvae beside named alternatives. All of NAMES, or all there are."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=200)  # a table in a log is not folded
    if only_list:
        for name, benchmark in BENCHMARKS.items():
            console.print(f"{name:20} {benchmark.__doc__}")
        return
    setup = Setup.quick() if quick else Setup()
    results, failed = [], []
    for name in names or BENCHMARKS:
        began = time.perf_counter()
        try:
            results.append(BENCHMARKS[name](setup))
        except DiffersError as problem:
            failed.append(f"{name}: the contenders differ: {problem}")
        console.log(f"{name}: {time.perf_counter() - began:.0f} s", *failed[-1:])
    show(results, console)
    if json_file is not None:
        write_json(results, json_file)
    if markdown_file is not None:
        markdown_file.write_text(markdown(results), encoding="utf-8")
    if failed:
        raise click.ClickException("; ".join(failed))


if __name__ == "__main__":
    main()
