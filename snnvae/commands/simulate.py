"""``snnvae simulate``: the emulator."""

from __future__ import annotations

from typing import Any

import click

from snnvae.commands.outputs import Command
from snnvae.commands.result import Result
from snnvae.commands.run_options import precision_option, run_options
from snnvae.deploy.backends import Backend
from snnvae.progress import Progress

ENGINES: dict[str, Backend] = {"fast": "emulator", "reference": "reference"}


@click.command(
    cls=Command, epilog="Example: snnvae simulate $(snnvae zoo digits-fsvae) --samples 64 -o out/"
)
@run_options
@precision_option
@click.option(
    "--engine",
    type=click.Choice(list(ENGINES)),
    default="fast",
    show_default=True,
    help="reference: the definition in plain NumPy; the same spikes, slowly.",
)
@click.option("--device", metavar="DEVICE", help="Run on this torch device instead, as cuda.")
@click.pass_obj
def command(progress: Progress, /, engine: str, **flags: Any) -> Result:
    """Run a NIR file in the emulator; write images, recording and energy report."""
    from snnvae.commands.run_network import run_command

    return run_command(ENGINES[engine], progress, **flags)
