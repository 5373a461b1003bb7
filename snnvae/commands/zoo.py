"""``snnvae zoo``: trained models that ship with the package."""

from __future__ import annotations

import click

from snnvae import zoo
from snnvae.commands.options import as_json
from snnvae.commands.result import Result
from snnvae.table import Table


@click.command(epilog="Example: snnvae run-lava $(snnvae zoo digits-esvae) --samples 64 -o out/")
@click.argument("name", required=False)
@click.option("--pt", is_flag=True, help="The checkpoint (.pt) rather than the NIR file.")
@click.option(
    "--card", is_flag=True, help="Its card: how it was trained, what it reaches and costs."
)
@as_json
def command(name: str | None, pt: bool, card: bool, as_json: bool) -> Result:
    """Print the path of a trained model that ships with snnvae; without NAME, list them."""
    if name is None:
        entries = zoo.entries()
        rows = [(entry.name, entry.kind, entry.path) for entry in entries]
        data = {entry.name: str(entry.path) for entry in entries}
        return Result(Table(("name", "what", "path"), rows).as_text(), data, as_json=as_json)
    if card:
        text = zoo.path(name, ".md").read_text(encoding="utf-8")
        return Result(text, {"card": text}, as_json=as_json)
    path = zoo.path(name, ".pt" if pt else ".nir")
    return Result(str(path), {"path": str(path)}, as_json=as_json)
