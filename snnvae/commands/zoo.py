"""``snnvae zoo``: trained models that ship with the package, or that others share."""

from __future__ import annotations

from pathlib import Path

import click

from snnvae import zoo
from snnvae.commands.options import as_json
from snnvae.commands.result import Result
from snnvae.errors import ConfigError, DataError
from snnvae.progress import Progress
from snnvae.table import Table
from snnvae.text_file import read_text


@click.command(epilog="Example: snnvae run-lava $(snnvae zoo digits-esvae) --samples 64 -o out/")
@click.argument("name", required=False)
@click.option("--pt", is_flag=True, help="The checkpoint (.pt) rather than the NIR file.")
@click.option(
    "--card", is_flag=True, help="Its card: how it was trained, what it reaches and costs."
)
@click.option(
    "--from", "places", multiple=True, metavar="FOLDER|URL",
    help="Models of a folder or an https address with a zoo.json (default: $SNNVAE_ZOO).",
)  # fmt: skip
@click.option(
    "--publish", type=click.Path(path_type=Path),
    help="Write the zoo.json of a folder of models, with their checksums.",
)  # fmt: skip
@as_json
@click.pass_obj
def command(
    progress: Progress,
    name: str | None,
    pt: bool,
    card: bool,
    places: tuple[str, ...],
    publish: Path | None,
    as_json: bool,
) -> Result:
    """Print the path of a trained model that ships with snnvae; without NAME, list them.

    What comes from an address is kept in ~/.cache/snnvae/zoo, and used only with the checksum that
    its zoo.json states.
    """
    from snnvae.zoo import shared

    if publish is not None:
        if name or places:
            raise ConfigError("--publish only writes the index: leave out the rest")
        path = shared.publish(publish)
        return Result(str(path), {"path": str(path)}, as_json=as_json)
    where = shared.places(places)
    note = None if places else progress.note  # what nobody typed here is no mistake here
    if name is None:
        ours = [] if places else [(e.name, e.kind, str(e.path)) for e in zoo.entries()]
        others = [
            (f"{model.name}{suffix.removeprefix('.nir')}", suffix[1:], model.place, model.about)
            for model in shared.offers(where, note)
            for suffix in model.files
            if suffix in (".nir", ".pt")
        ]
        rows = [
            *ours,
            *((n, kind, f"{at}: {said}" if said else at) for n, kind, at, said in others),
        ]
        data = {entry: at for entry, _, at, *_ in (*ours, *others)}
        return Result(Table(("name", "what", "path"), rows).as_text(), data, as_json=as_json)
    suffix = ".md" if card else ".pt" if pt else ".nir"
    elsewhere = bool(where) and (bool(places) or not zoo.has(name))
    if elsewhere:
        own = [] if places else [e.name for e in zoo.entries() if e.kind == "nir"]
        path = shared.fetch(shared.find(name, where, note, own), suffix)
    else:
        path = zoo.path(name, suffix)
    if card:
        text = read_text(path, str(path), DataError)
        return Result(text, {"card": text}, as_json=as_json)
    return Result(str(path), {"path": str(path)}, as_json=as_json)
