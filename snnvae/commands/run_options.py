"""The options that `simulate`, `run-lava` and `run-c` share; nothing heavy is imported for help."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from snnvae.commands.options import (
    as_json,
    class_option,
    compile_options,
    evidence_option,
    model_argument,
    out_option,
    samples_option,
    seed_option,
)
from snnvae.commands.sizes import Size
from snnvae.options import CALIBRATIONS

Command = TypeVar("Command", bound=Callable[..., Any])


dask_option = click.option(
    "--dask",
    metavar="ADDRESS",
    help="Share the samples out over this Dask cluster, as tcp://host:8786.",
)


precision_option = click.option(
    "--precision",
    type=click.Choice(["float", "fixed"]),
    default="float",
    show_default=True,
    help="float64, or Loihi's integers.",
)


def run_options(command: Command) -> Command:
    """The options of these commands, but for `precision_option`."""
    own = (
        model_argument,
        samples_option,
        seed_option,
        class_option,
        evidence_option,
        click.option(
            "--input",
            "input_file",
            type=click.Path(path_type=Path),
            help="Data: .npy (T, …) or (samples, T, …), .npz by input name, or NIR data (HDF5).",
        ),
        click.option(
            "--decoder",
            type=click.Path(path_type=Path),
            help="After an ESVAE encoder: the decoder that gets spikes drawn from its rates.",
        ),
        dask_option,
        click.option(
            "--max-memory",
            type=Size(),
            help="As 500MB: run as many samples (in the emulator steps too) at once as fit, and "
            "write as it goes. Python and its libraries take some 270 MB beside it.",
        ),
        click.option("--record-state", is_flag=True, help="Record the membranes too."),
        click.option(
            "--calibrate",
            type=click.Choice(CALIBRATIONS),
            help="Fixed-point scales from the first 16 samples of --input (or the file's data, or "
            "noise) instead of the worst case; percentile and mse saturate what is rare, as "
            "--saturate does.",
        ),
        out_option,
        as_json,
    )
    for option in reversed(own):
        command = option(command)
    return compile_options(command)
