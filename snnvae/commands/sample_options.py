"""Options for samples of the user's own, and how an output's steps become an answer."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from snnvae.commands.outputs import NameOrFile
from snnvae.errors import ConfigError
from snnvae.evaluate.task.readout import Readout

if TYPE_CHECKING:
    from snnvae.inputs.pairs import Pairs
    from snnvae.program import Program

Command = TypeVar("Command", bound=Callable[..., Any])
SOURCES = ("input_file", "labelled")
"""Parameters of which one is given where samples are."""


def sample_options(readouts: Sequence[Readout]) -> Callable[[Command], Command]:
    """Adds the options; readouts: those that are possible."""
    options = (
        click.option(
            "--input", "input_file", type=click.Path(path_type=Path),
            help="Your samples, as for simulate; or one value for each, given at all --steps.",
        ),
        click.option(
            "--labels", type=click.Path(path_type=Path),
            help="Of --input: .npy of whole numbers, or of names (see --classes).",
        ),
        click.option(
            "--targets", type=click.Path(path_type=Path),
            help="Of --input: .npy of the values that the network should give.",
        ),
        click.option(
            "--data", "labelled", type=NameOrFile(),
            help="Samples and answers in one: a folder with a folder of input files per class; or "
            "file.py:name, which is run, of (x, y), a torch Dataset, or what makes one.",
        ),
        click.option(
            "--classes", "class_names", help="Names of the outputs, in their order: a,b,c."
        ),
        click.option("--output", help="The output that answers, if there are several."),
        click.option(
            "--readout", type=click.Choice(readouts),
            help="Default: count (spikes), rate (spikes, of --targets), last (membranes).",
        ),
        click.option("--scale", type=float, help="Of a rate: the value of a spike in every step."),
    )  # fmt: skip

    def added(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return added


def check_sources(named: Collection[str]) -> None:
    """ConfigError where samples and answers are given in both ways."""
    if set(SOURCES) <= {*named}:
        raise ConfigError("--data holds samples and answers; leave out --input")
    if "labelled" in named and {"labels", "targets"} & {*named}:
        raise ConfigError("--data holds the answers too; leave out --labels and --targets")


def pairs_of(
    program: Program,
    *,
    input_file: Path | None,
    labels: Path | None,
    targets: Path | None,
    labelled: str | None,
    samples: int | None = None,
) -> Pairs:
    """Samples and answers, from whichever of the two ways is given."""
    from snnvae.inputs.pairs import from_files, from_labelled

    if labelled is not None:
        return from_labelled(program, labelled, samples)
    assert input_file is not None
    return from_files(program, input_file, labels, targets)
