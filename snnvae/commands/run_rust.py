"""``snnvae run-rust``: a fixed-point program as Rust, on this machine."""

from __future__ import annotations

from typing import Any

import click

from snnvae.commands.outputs import Command
from snnvae.commands.result import Result
from snnvae.commands.run_options import run_options
from snnvae.progress import Progress


@click.command(
    cls=Command, epilog="Example: snnvae run-rust $(snnvae zoo digits-fsvae) --samples 64 -o out/"
)
@run_options
@click.pass_obj
def command(progress: Progress, /, **flags: Any) -> Result:
    """Run a NIR file in fixed point as Rust, built by this machine's compiler (rustc, or what RUSTC
    names); write images, recording and energy report.

    The same spikes come out on any chip that `snnvae export --format rust` is for.
    """
    from snnvae.commands.run_network import run_command

    return run_command("rust", progress, precision="fixed", **flags)
