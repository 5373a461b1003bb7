"""``snnvae completion``: what a shell must know to complete commands, options and names."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from snnvae.commands.result import Result

SHELLS = ("bash", "zsh", "fish")
VARIABLE = "_SNNVAE_COMPLETE"


@click.command(epilog='Example: eval "$(snnvae completion bash)", in ~/.bashrc')
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def command(ctx: click.Context, shell: str) -> Result:
    """Print the shell's code that completes snnvae's commands, options and files.

    For fish: snnvae completion fish > ~/.config/fish/completions/snnvae.fish
    """
    kind = get_completion_class(shell)
    assert kind is not None
    group = ctx.find_root().command
    return Result(kind(group, {}, "snnvae", VARIABLE).source())
