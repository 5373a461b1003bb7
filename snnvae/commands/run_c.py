"""``snnvae run-c``: a fixed-point program as C, on this machine."""

from __future__ import annotations

from typing import Any

import click

from snnvae.commands.outputs import Command
from snnvae.commands.result import Result
from snnvae.commands.run_options import run_options
from snnvae.progress import Progress


@click.command(
    cls=Command, epilog="Example: snnvae run-c $(snnvae zoo digits-fsvae) --samples 64 -o out/"
)
@run_options
@click.pass_obj
def command(progress: Progress, /, **flags: Any) -> Result:
    """Run a NIR file in fixed point as C, built by this machine's compiler (cc, or what CC names);
    write images, recording and energy report.

    The same spikes come out on any chip that `snnvae export --format c` is for.
    """
    from snnvae.commands.run_network import run_command

    return run_command("c", progress, precision="fixed", **flags)
