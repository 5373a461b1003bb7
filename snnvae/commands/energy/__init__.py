"""``snnvae energy``: a report unless another of its commands is named."""

from __future__ import annotations

from typing import Any

import click

from snnvae.commands.energy.calibrate import command as calibrate
from snnvae.commands.energy.report import command as report
from snnvae.commands.energy.sweep import command as sweep


class _ReportUnlessNamed(click.Group):
    """``energy RECORDING …`` is ``energy report RECORDING …``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Puts the name of the default command where none stands."""
        own_help = args and args[0] in ctx.help_option_names
        if not own_help and (not args or args[0] not in self.commands):
            args = ["report", *args]
        rest: list[str] = super().parse_args(ctx, args)
        return rest


@click.group(
    cls=_ReportUnlessNamed,
    epilog="Example: snnvae energy out/recording.h5 --profile loihi1 --html report.html "
    "(a file that is called like a command: ./sweep)",
)
def command(**_: Any) -> None:
    """Estimate what recorded runs cost, beside the ANN of the same topology.

    Without a command: `report`, whose options `snnvae energy report --help` lists; the built-in
    prices are listed by `snnvae energy --list-profiles`.
    """


for _each in (report, sweep, calibrate):
    command.add_command(_each)
