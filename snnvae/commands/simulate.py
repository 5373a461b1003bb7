"""``snnvae simulate``: the emulator."""

from __future__ import annotations

from typing import Any

import click

from snnvae.commands.result import Result
from snnvae.commands.run_network import run_command, run_options
from snnvae.progress import Progress


@click.command(epilog="Example: snnvae simulate $(snnvae zoo digits-fsvae) --samples 64 -o out/")
@run_options
@click.pass_obj
def command(progress: Progress, /, **flags: Any) -> Result:
    """Run a NIR file in the emulator; write images, recording and energy report."""
    return run_command("emulator", progress, **flags)
