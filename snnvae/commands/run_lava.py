"""``snnvae run-lava``: Lava processes on the CPU simulator, or Loihi 2."""

from __future__ import annotations

from typing import Any

import click

from snnvae.commands.result import Result
from snnvae.commands.run_network import execute, run_options
from snnvae.deploy.run import Backend
from snnvae.errors import ConfigError
from snnvae.progress import Progress

MODES: dict[str, Backend] = {"batched": "lava-batched", "stock": "lava-stock"}


@click.command(epilog="Example: snnvae run-lava $(snnvae zoo digits-esvae) --samples 64 -o out/")
@run_options
@click.option(
    "--mode",
    type=click.Choice(list(MODES)),
    default="batched",
    show_default=True,
    help="One process of ours for all samples at once, or Lava's own processes.",
)
@click.option("--target", type=click.Choice(["cpu", "loihi2"]), default="cpu", show_default=True)
@click.pass_obj
def command(progress: Progress, /, mode: str, target: str, **flags: Any) -> Result:
    """Run a NIR file on Lava; write images, recording and energy report."""
    if target == "loihi2":
        from snnvae.deploy.lava import loihi2

        if mode != "stock":
            raise ConfigError("--target loihi2 runs stock processes; pass --mode stock too")
        loihi2.require_hardware()
    return execute(MODES[mode], progress, **flags)
