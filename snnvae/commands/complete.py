"""``snnvae complete``: fill what a table lacks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from snnvae.commands.options import as_json, seed_option
from snnvae.commands.outputs import Command, OutputFile
from snnvae.commands.result import Result
from snnvae.commands.run_options import dask_option
from snnvae.deploy.backends import BACKENDS, Backend
from snnvae.plain_text import counted
from snnvae.progress import Progress

if TYPE_CHECKING:
    import nir


@click.command(
    cls=Command,
    epilog="Example: snnvae complete patients.csv --model runs/patients/model.pt -o filled.csv",
)
@click.argument("table", type=click.Path(path_type=Path))
@click.option(
    "--model", type=click.Path(path_type=Path), required=True,
    help="The sampler of a table: a .nir file, or a checkpoint.",
)  # fmt: skip
@click.option("-o", "--out", type=OutputFile(), required=True, help="The table without gaps, CSV.")
@click.option(
    "--probabilities", type=OutputFile(),
    help="A second table, CSV: each filled cell, with the probability of its value by the draws "
    "and its 95 % interval.",
)  # fmt: skip
@click.option(
    "--likeliest/--draw", default=True, show_default=True,
    help="Each gap by its most probable value, or the gaps of a row together by a draw of them.",
)  # fmt: skip
@click.option("--samples", type=click.IntRange(1, 10**6), default=200, show_default=True,
              help="Draws for each row that has gaps.")  # fmt: skip
@click.option(
    "--precision", type=click.Choice(["float", "fixed"]), default="fixed", show_default=True
)
@seed_option
@click.option("--backend", type=click.Choice(BACKENDS), default="emulator", show_default=True)
@dask_option
@as_json
@click.pass_obj
def command(
    progress: Progress,
    table: Path,
    model: Path,
    out: Path,
    probabilities: Path | None,
    likeliest: bool,
    samples: int,
    precision: str,
    seed: int,
    backend: Backend,
    dask: str | None,
    as_json: bool,
) -> Result:
    """Fill the gaps of a CSV table of discrete columns (cells that are empty, or "?").

    Each row is run given what it has, by the deployed program; what it has stays as it is, and so
    do columns that the model does not know.
    """
    from snnvae.deploy.backends import RunResources
    from snnvae.deploy.compile import compile_graph
    from snnvae.evaluate.proportion import wilson
    from snnvae.families.tables.complete import fill
    from snnvae.families.tables.csv_table import CsvTable
    from snnvae.families.tables.sampler import Sampler
    from snnvae.files import write_text
    from snnvae.table import Table

    program = compile_graph(_graph(model), "fixed" if precision == "fixed" else "float").program
    sampler = Sampler(program, seed, backend, RunResources(dask=dask), progress)
    variables = sampler.evidence.variables
    given = CsvTable.read(table)
    rows = given.places(variables)
    found = fill(sampler, rows, samples, likeliest)
    column = {name: c for c, name in enumerate(given.columns)}
    asked = {column[variable.name]: i for i, variable in enumerate(variables)}
    values, gaps = {}, []
    for n, row in enumerate(rows):
        for c, i in sorted(asked.items()):
            if row[i] < 0:
                values[n, c] = variables[i].values[found.rows[n, i]]
                p = float(found.probability[n, i])
                around = wilson(round(p * samples), samples)
                gaps.append((n + 1, variables[i].name, values[n, c], p, *around))
    write_text(out, given.filled(values))
    if probabilities is not None:
        columns = ("row", "column", "value", "probability", "low", "high")
        write_text(probabilities, Table(columns, gaps).as_csv(verbatim=True))
    written = [str(path) for path in (out, probabilities) if path is not None]
    head = f"filled {counted(len(gaps), 'cell')} of {counted(len(rows), 'row')}"
    text = "\n".join([head, *(f"wrote {path}" for path in written)])
    data = {"rows": len(rows), "filled": len(gaps), "files": written}
    return Result(text, data, as_json=as_json)


def _graph(model: Path) -> nir.NIRGraph:
    from snnvae.export.nir_file import read_nir

    if model.suffix == ".nir":
        return read_nir(model)
    from snnvae.families import registry
    from snnvae.train.to_nir import to_nir

    return to_nir(registry.load_spiking(model)[1])
