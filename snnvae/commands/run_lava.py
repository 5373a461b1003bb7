"""``snnvae run-lava``: Lava processes on the CPU simulator, or Loihi 2."""

from __future__ import annotations

from typing import Any

import click

from snnvae.commands.outputs import Command
from snnvae.commands.result import Result
from snnvae.commands.run_options import precision_option, run_options
from snnvae.deploy.backends import Backend
from snnvae.errors import ConfigError
from snnvae.progress import Progress

MODES: dict[str, Backend] = {"batched": "lava-batched", "stock": "lava-stock"}


@click.command(
    cls=Command, epilog="Example: snnvae run-lava $(snnvae zoo digits-esvae) --samples 64 -o out/"
)
@run_options
@precision_option
@click.option(
    "--mode",
    type=click.Choice(list(MODES)),
    help="batched: one process of ours for all samples at once (default); "
    "stock: Lava's own processes (the only way on Loihi 2).",
)
@click.option("--target", type=click.Choice(["cpu", "loihi2"]), default="cpu", show_default=True)
@click.pass_obj
def command(progress: Progress, /, mode: str | None, target: str, **flags: Any) -> Result:
    """Run a NIR file on Lava; write images, recording and energy report."""
    from snnvae.commands.run_network import run_command

    if target == "cpu":
        return run_command(MODES[mode or "batched"], progress, **flags)
    if mode == "batched":
        raise ConfigError("--target loihi2 runs Lava's own processes only; leave out --mode")
    return run_command("loihi2", progress, **flags)
