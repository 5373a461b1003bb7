"""The options of ``snnvae evaluate`` for anybody's network: samples of yours, and its answers."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from snnvae.commands.common import given
from snnvae.commands.options import compile_options, options_from
from snnvae.commands.outputs import NameOrFile, OutputFile
from snnvae.commands.result import Result
from snnvae.commands.sample_options import SOURCES, check_sources, pairs_of, sample_options
from snnvae.commands.sizes import Size
from snnvae.deploy.backends import BACKENDS
from snnvae.errors import ConfigError
from snnvae.evaluate.task.readout import READOUTS
from snnvae.progress import Progress
from snnvae.train.network.run_folder import HeldOut

if TYPE_CHECKING:
    from snnvae.inputs.pairs import Pairs
    from snnvae.program import Precision, Program

Command = TypeVar("Command", bound=Callable[..., Any])
SHARED = ("model", "samples", "precision", "seed", "backend", "dask", "as_json")
"""Parameters that suit a network of ours too."""
ASKED = ("backend", "beside", "output", "readout", "top_k", "scale", "samples", "seed")
"""Parameters that a question takes as they are."""

_OWN = (
    click.option(
        "--top-k", type=click.IntRange(1),
        help="Count a class among the k best (default: 3; of few classes all but one).",
    ),
    click.option(
        "--beside", type=click.Choice(BACKENDS), multiple=True,
        help="Rows of this backend too; may be given several times.",
    ),
    click.option(
        "--module", type=NameOrFile(),
        help="A row of the torch module that the file came from, as net.py:build, which is run.",
    ),
    click.option(
        "--weights", type=click.Path(path_type=Path), help="The module's, by torch.save."
    ),
    click.option("--over-time", is_flag=True, help="Its forward() takes (time, batch, …)."),
    click.option(
        "--held-out", type=click.Path(path_type=Path), metavar="METRICS.json",
        help="Of the samples those that `train --from` held out, judged as there.",
    ),
    click.option("--max-memory", type=Size(), help="As 500MB: so many samples at once as fit."),
    click.option(
        "--explain", type=OutputFile(),
        help="Write a page: where fixed point goes another way, layer by layer.",
    ),
    click.option(
        "--traces", type=click.IntRange(0, 100),
        help="Samples on that page whose neurons are shown step by step (default: 5).",
    ),
)  # fmt: skip


def task_options(command: Command) -> Command:
    """Adds the options for samples of the user's own."""
    command = compile_options(command)
    for option in reversed(_OWN):
        command = option(command)
    return sample_options(READOUTS)(command)


def is_task(ctx: click.Context, families: Collection[str]) -> bool:
    """Tells whether samples of the user's own are given; ConfigError where the options do not go
    together. families: the parameters that only models of ours have."""
    named = given(ctx)
    flags = {p.name or "": p.opts[-1] for p in ctx.command.params}
    if named.isdisjoint(SOURCES):
        strange = sorted(flags[name] for name in named - {*families, *SHARED})
        if strange:
            raise ConfigError(
                f"{strange[0]} is for samples of your own: give --input with --labels or "
                "--targets, or --data"
            )
        return False
    strange = sorted(flags[name] for name in named & {*families})
    if strange:
        raise ConfigError(f"{strange[0]} is for models of snnvae's own, not beside your samples")
    check_sources(named)
    for name, of in (("weights", "module"), ("over_time", "module"), ("traces", "explain")):
        if name in named and of not in named:
            raise ConfigError(f"{flags[name]} is for {flags[of]}: give it, or leave it out")
    if {"samples", "held_out"} <= named:
        raise ConfigError("--held-out says which samples; leave out --samples")
    return True


def run_task(
    progress: Progress,
    model: Path,
    *,
    precisions: tuple[Precision, ...],
    dask: str | None,
    max_memory: int | None,
    input_file: Path | None,
    labels: Path | None,
    targets: Path | None,
    labelled: str | None,
    class_names: str | None,
    module: str | None,
    weights: Path | None,
    over_time: bool,
    held_out: Path | None,
    explain: Path | None,
    traces: int | None,
    as_json: bool,
    **flags: Any,
) -> Result:
    """Assesses a .nir file on the user's samples, and writes the page that explains it."""
    from snnvae.commands.remedies import with_flags
    from snnvae.deploy.backends import RunResources
    from snnvae.evaluate.task.assess import TRACES, Question, assess
    from snnvae.evaluate.task.module import module_of
    from snnvae.export.nir_file import read_nir
    from snnvae.extras import require
    from snnvae.files import write_text

    if model.suffix == ".pt":
        raise ConfigError(f"{model} is a checkpoint: `snnvae export` makes a .nir of it first")
    if explain is not None:
        if len(precisions) < 2:
            raise ConfigError("--explain compares float with fixed: give --precision both")
        require("jinja2", "matplotlib")
    own = {name: flags.pop(name) for name in ASKED}

    held = None if held_out is None else HeldOut.read(held_out)
    asked = Question(
        **own,
        precisions=precisions,
        class_names=tuple(class_names.split(",")) if class_names else (),
        traces=None if explain is None else TRACES if traces is None else traces,
        module=None if module is None else module_of(module, weights),
        over_time=over_time or None,
        rows=None if held is None else held.rows,
        by_membrane=held is None or held.by_membrane,
        resources=RunResources(dask=dask, max_memory=max_memory),
    )

    def pairs(program: Program) -> Pairs:
        found = pairs_of(
            program, input_file=input_file, labels=labels, targets=targets, labelled=labelled,
            samples=own["samples"],
        )  # fmt: skip
        if held is not None:
            held.check(len(found.answers) if found.answers.ndim else 1)
        return found

    found = assess(read_nir(model), pairs, asked, options_from(**flags), progress)
    text = with_flags(found.text)
    data = {**found.data, "left_out": [with_flags(reason) for reason in found.left_out]}
    if explain is not None:
        write_text(explain, found.page(model.stem))
        text, data = f"{text}\nwrote {explain}", {**data, "files": [str(explain)]}
    return Result(text, data, as_json=as_json)
