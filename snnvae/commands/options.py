"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from snnvae.deploy.settings import Options
from snnvae.errors import ConfigError
from snnvae.train.config import MAX_SEED

Command = TypeVar("Command", bound=Callable[..., Any])

as_json = click.option("--json", "as_json", is_flag=True, help="Print what a script needs.")
model_argument = click.argument("model", type=click.Path(path_type=Path))
out_option = click.option(
    "-o", "--out", type=click.Path(path_type=Path), default=Path("out"), show_default=True,
    help="Folder for the results.",
)  # fmt: skip

# Within 64 bits: the generators' keys end at 2^128, torch's seeds and numbers in JSON well before.
seed_option = click.option(
    "--seed", default=0, show_default=True, type=click.IntRange(0, MAX_SEED),
    help="Fixes every random draw.",
)  # fmt: skip


def compile_options(command: Command) -> Command:
    """What NIR does not say: given here, or in the file's metadata."""
    for option in reversed(
        (
            click.option("--dt", type=float, help="Seconds per step (default: the file's)."),
            click.option("--steps", type=int, help="Steps per sample (default: the file's)."),
            click.option(
                "--reset",
                type=click.Choice(["zero", "subtract"]),
                help="After a spike: to v_reset, or minus the threshold.",
            ),
            click.option(
                "--initial",
                type=click.Choice(["v_reset", "v_leak"]),
                help="Membrane before the first step.",
            ),
            click.option(
                "--analog", multiple=True, metavar="INPUT", help="This input carries currents."
            ),
            click.option(
                "--delay-edge",
                "delay_edges",
                multiple=True,
                metavar="A,B",
                help="The path from neuron A to B carries one step (for loops without a Delay).",
            ),
        )
    ):
        command = option(command)
    return command


def options_from(
    dt: float | None,
    steps: int | None,
    reset: str | None,
    initial: str | None,
    analog: tuple[str, ...],
    delay_edges: tuple[str, ...],
) -> Options:
    """The compiler's options from the flags of `compile_options`."""
    edges = []
    for text in delay_edges:
        ends = text.split(",")
        if len(ends) != 2:
            raise ConfigError(f"--delay-edge {text}: write two node names, as in --delay-edge a,b")
        edges.append((ends[0], ends[1]))
    return Options(dt, steps, reset, initial, analog, tuple(edges))
