"""Sphinx: `{commands}` shows the `--help` of every command, each under a heading of its own."""

from __future__ import annotations

from typing import Any

import click
from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from snnvae.cli import COMMANDS, group
from snnvae.commands.common import complete
from snnvae.commands.train_network import command as train_network

WIDTH = 96
OF_NETWORKS = {"train": ("train --from net.nir", train_network)}
"""A command whose options are others for a network of the user's own."""


class Commands(SphinxDirective):
    """Of all commands, in the order in which `snnvae --help` lists them."""

    def run(self) -> list[nodes.Node]:
        """A section for each command, and for each of its own commands."""
        found: list[nodes.Node] = []
        root = click.Context(
            group, info_name="snnvae", max_content_width=WIDTH, terminal_width=WIDTH
        )
        for name in COMMANDS:
            command = group.get_command(root, name)
            assert command is not None
            ctx = click.Context(command, root, name)  # of its parent's width
            found.append(_section(f"snnvae {name}", command.get_help(ctx)))
            for inner in command.list_commands(ctx) if isinstance(command, click.Group) else ():
                each = command.get_command(ctx, inner)
                assert each is not None
                own = click.Context(each, ctx, inner)
                found.append(_section(f"snnvae {name} {inner}", each.get_help(own)))
            if name in OF_NETWORKS:
                title, other = OF_NETWORKS[name]
                own = click.Context(complete(other), root, name)
                found.append(_section(f"snnvae {title}", other.get_help(own)))
        return found


def _section(title: str, text: str) -> nodes.section:
    section = nodes.section(ids=[nodes.make_id(title)], names=[title])
    section += nodes.title(text=title)
    section += nodes.literal_block(text, text, language="text")
    return section


def setup(app: Any) -> dict[str, bool]:
    """Sphinx calls it."""
    app.add_directive("commands", Commands)
    return {"parallel_read_safe": True}
