"""``snnvae export``."""

from __future__ import annotations

from pathlib import Path

import click

from snnvae.commands.options import as_json
from snnvae.commands.result import Result

PARTS = ("generator", "autoencoder", "encoder", "decoder", "prior", "posterior")


@click.command(epilog="Example: snnvae export runs/a/model.pt -o model.nir --part generator")
@click.argument("checkpoint", type=click.Path(path_type=Path))
@click.option("-o", "--out", type=click.Path(path_type=Path), required=True, help="The .nir file.")
@click.option("--part", type=click.Choice(PARTS), default="generator", show_default=True)
@click.option("--standard", is_flag=True, help="Plain NIR for other tools: no ConvTranspose2d.")
@as_json
def command(checkpoint: Path, out: Path, part: str, standard: bool, as_json: bool) -> Result:
    """Write a part of a trained model as NIR.

    An ESVAE autoencoder becomes two files, NAME.encoder.nir and NAME.decoder.nir: its rates need
    all steps before the first latent spike is drawn.
    """
    from snnvae.errors import ConfigError
    from snnvae.export.nir_file import write_nir
    from snnvae.export.passes.standard import lower_to_standard
    from snnvae.train import checkpoint as checkpoints
    from snnvae.train.to_nir import parts_for, to_nir

    if out.resolve() == checkpoint.resolve():
        raise ConfigError(f"-o {out} is the checkpoint itself; give the .nir another name")
    _, model = checkpoints.load(checkpoint)
    folded = model.folded()
    names = parts_for(model, part)
    files = {}
    for name in names:
        graph = to_nir(folded, name)
        path = out if len(names) == 1 else out.with_name(f"{out.stem}.{name}{out.suffix}")
        write_nir(lower_to_standard(graph) if standard else graph, path)
        files[name] = str(path)
    text = "\n".join(f"wrote {path} ({name})" for name, path in files.items())
    return Result(text, {"files": files}, as_json=as_json)
