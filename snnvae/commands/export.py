"""``snnvae export``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from snnvae.commands.options import as_json, compile_options, options_from
from snnvae.commands.result import Result

PARTS = ("generator", "autoencoder", "encoder", "decoder", "prior", "posterior")


@click.command(epilog="Example: snnvae export runs/a/model.pt -o model.nir --part generator")
@click.argument("checkpoint", type=click.Path(path_type=Path))
@click.option(
    "-o", "--out", type=click.Path(path_type=Path), required=True, help="The file to write."
)
@click.option("--part", type=click.Choice(PARTS), default="generator", show_default=True)
@click.option("--standard", is_flag=True, help="Plain NIR for other tools: no ConvTranspose2d.")
@click.option(
    "--format", "form", type=click.Choice(["nir", "netx"]), default="nir", show_default=True,
    help="netx: lava-dl's .net, in fixed point; a .nir file may then stand for the checkpoint.",
)  # fmt: skip
@click.option("--round-bias", is_flag=True, help="netx: round biases to whole weight units.")
@compile_options
@as_json
def command(
    checkpoint: Path,
    out: Path,
    part: str,
    standard: bool,
    form: str,
    round_bias: bool,
    as_json: bool,
    **flags: Any,
) -> Result:
    """Write a part of a trained model as NIR, or as the netx of lava-dl.

    An ESVAE autoencoder becomes two files, NAME.encoder.nir and NAME.decoder.nir: its rates need
    all steps before the first latent spike is drawn. --dt and what follows it are for netx.
    """
    from snnvae.errors import ConfigError
    from snnvae.export.netx import write_netx
    from snnvae.export.nir_file import read_nir, write_nir
    from snnvae.export.passes.standard import lower_to_standard
    from snnvae.train import checkpoint as checkpoints
    from snnvae.train.to_nir import parts_for, to_nir

    if out.resolve() == checkpoint.resolve():
        raise ConfigError(f"-o {out} is the checkpoint itself; give the .nir another name")
    if form == "nir" and (round_bias or any(flags.values())):
        raise ConfigError("--round-bias, --dt and the like are for --format netx; leave them out")
    if form == "netx" and checkpoint.suffix == ".nir":
        graphs = {checkpoint.stem: read_nir(checkpoint)}
    else:
        _, model = checkpoints.load(checkpoint)
        folded = model.folded()
        graphs = {name: to_nir(folded, name) for name in parts_for(model, part)}
    files: dict[str, str] = {}
    notes: list[str] = []
    for name, graph in graphs.items():
        path = out if len(graphs) == 1 else out.with_name(f"{out.stem}.{name}{out.suffix}")
        if form == "netx":
            notes += write_netx(graph, path, options_from(**flags), round_bias=round_bias)
        else:
            write_nir(lower_to_standard(graph) if standard else graph, path)
        files[name] = str(path)
    text = "\n".join([*(f"wrote {path} ({name})" for name, path in files.items()), *notes])
    data = {"files": files, **({"notes": notes} if form == "netx" else {})}
    return Result(text, data, as_json=as_json)
