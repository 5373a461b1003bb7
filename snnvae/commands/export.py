"""``snnvae export``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from snnvae.commands.options import as_json, convention_options, edges_from
from snnvae.commands.outputs import Command, FileOrFolder, NameOrFile
from snnvae.commands.remedies import flag_of
from snnvae.commands.result import Result
from snnvae.commands.sizes import MemorySize
from snnvae.commands.traced_module import traced_module
from snnvae.deploy.backends import DIALECTS, backend_named
from snnvae.errors import CheckpointError, ConfigError
from snnvae.families.registry import published
from snnvae.options import SCALE_PER

if TYPE_CHECKING:
    import nir

    from snnvae.layers.model import SpikingModel

PARTS = ("generator", "autoencoder", "encoder", "decoder", "prior", "posterior")
FOLDERS = {
    "c": ("net*.c", "net*.h", "main.c", "Makefile", "CMakeLists.txt", "README.md"),
    "rust": ("Cargo.toml", "README.md"),
}
"""The files of the formats that are folders."""
FOR_CODE = ("board", "ram", "flash", "delay_edges", "scale_per")
FOR_MODULES = ("weights", "input_shape", "steps", "analog", "over_time")


@click.command(
    cls=Command,
    epilog="Example: snnvae export runs/a/model.pt -o model.nir --part generator; or "
    "snnvae export authors.pth --from fsvae -o model.nir; or "
    "snnvae export net.py:build --weights w.pt --input-shape 2,34,34 -o model.nir; or "
    "snnvae export model.nir --format c --board rp2040 -o net/ (or rust)",
)
@click.argument("source", type=NameOrFile())
@click.option(
    "-o",
    "--out",
    type=FileOrFolder(FOLDERS),
    required=True,
    help="The file to write; with --format c or rust, the folder.",
)
@click.option("--part", type=click.Choice(PARTS), help="Of a spiking VAE (default: generator).")
@click.option(
    "--from",
    "origin",
    type=click.Choice(published()),
    help="SOURCE is a state_dict of the authors' own PyTorch code.",
)
@click.option("--dataset", help="With --from: what it was trained on (default: a guess).")
@click.option(
    "--weights", type=click.Path(path_type=Path), help="A module's state_dict, by torch.save."
)
@click.option("--input-shape", metavar="N,N,…", help="A module's input without batch and time.")
@click.option(
    "--steps",
    type=click.IntRange(1),
    help="A module's steps per sample (default: 16); with --from, what the file's must be.",
)
@click.option("--analog", is_flag=True, help="A module's input carries currents, not spikes.")
@click.option("--over-time", is_flag=True, help="A module's forward() takes (time, batch, …).")
@click.option("--standard", is_flag=True, help="Plain NIR for other tools: no ConvTranspose2d.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["nir", "netx", *DIALECTS]),
    default="nir",
    show_default=True,
    help="netx: lava-dl's .net; c, rust: plain C99, or a crate without std, for any "
    "microcontroller. All three in fixed point; SOURCE may then be a .nir file too.",
)
@click.option(
    "--board",
    metavar="NAME",
    help="c, rust: refuse what rp2040, stm32f4, esp32 or nrf52840 cannot hold; of a model's "
    "several networks, each is for a chip of its own.",
)
@click.option("--ram", type=MemorySize(), help="c, rust: what a chip has of RAM, as 264K.")
@click.option("--flash", type=MemorySize(), help="c, rust: what a chip has of flash, as 2M.")
@click.option(
    "--delay-edge",
    "delay_edges",
    multiple=True,
    metavar="A,B",
    help="c, rust: the path from neuron A to B carries one step (for loops without a Delay).",
)
@click.option(
    "--scale-per",
    type=click.Choice(SCALE_PER),
    help="c, rust: one scale per layer (default), or per channel.",
)
@click.option("--round-bias", is_flag=True, help="netx: round biases to whole weight units.")
@click.option(
    "--saturate", is_flag=True, help="netx, c, rust: where a value does not fit, the nearest one."
)
@convention_options
@as_json
@click.pass_context
def command(
    ctx: click.Context,
    /,
    source: str,
    out: Path,
    part: str | None,
    origin: str | None,
    dataset: str | None,
    standard: bool,
    form: str,
    round_bias: bool,
    as_json: bool,
    weights: Path | None,
    input_shape: str | None,
    steps: int | None,
    analog: bool,
    over_time: bool,
    board: str | None,
    ram: int | None,
    flash: int | None,
    delay_edges: tuple[str, ...],
    scale_per: str | None,
    **conventions: Any,
) -> Result:
    """Write a part of a trained model, or a Norse module of your own, as NIR, lava-dl's netx, C or
    Rust.

    SOURCE is a checkpoint of `snnvae train`, or module:attribute or file.py:attribute, which names
    a function or class that makes a torch module with Norse's neurons. That file is run; --weights
    is only read. With --from it is a published checkpoint of FSVAE or ESVAE, whose sizes and steps
    are those of its tensors.

    An ESVAE autoencoder becomes two files, NAME.encoder.nir and NAME.decoder.nir: its rates need
    all steps before the first latent spike is drawn. --dt and what follows it are for netx, c and
    rust.
    """
    from snnvae.commands.export_code import write_code
    from snnvae.deploy.dialects import dialect_named
    from snnvae.deploy.microcontroller.budget import Budget
    from snnvae.export.user_module import is_spec
    from snnvae.options import Options

    given = [value for value in conventions.values() if value not in (None, False)]
    if form == "nir" and given:
        raise ConfigError("--dt and the like are for --format netx, c and rust; leave them out")
    if form != "netx" and round_bias:
        raise ConfigError("--round-bias is for --format netx; leave it out")
    for name in FOR_CODE:
        if form not in DIALECTS and ctx.params[name]:
            raise ConfigError(f"{flag_of(name)} is for --format c or rust; leave it out")
    if form in DIALECTS and standard:
        raise ConfigError("--standard is for --format nir; leave it out")
    if dataset is not None and origin is None:
        raise ConfigError("--dataset is for published checkpoints: add --from, or leave it out")
    if is_spec(source):
        if part is not None:
            raise ConfigError(f"--part is for checkpoints; {source} is exported whole")
        if origin is not None:
            raise ConfigError(
                f"--from is for a file of weights; {source} is a module: leave it out"
            )
        _, graph = traced_module(
            source, weights, input_shape, steps=steps, analog=analog, over_time=over_time
        )
        graphs = {"module": graph}
    else:
        for name in FOR_MODULES:
            if ctx.params[name] and not (name == "steps" and origin is not None):
                raise ConfigError(
                    f"--{name.replace('_', '-')} is for a module such as net.py:build; "
                    f"{source} says it itself"
                )
        graphs = _graphs_of(Path(source), part, form, origin, steps, dataset)
    if form in DIALECTS:
        options = Options(
            **{**conventions, **({} if scale_per is None else {"scale_per": scale_per})},
            delay_edges=edges_from(delay_edges),
        )
        dialect, budget = dialect_named(backend_named(form)), Budget.chosen(board, ram, flash)
        return replace(write_code(dialect, graphs, out, options, budget), as_json=as_json)
    return _write(graphs, out, form, standard, round_bias, conventions, as_json)


def _write(
    graphs: dict[str, nir.NIRGraph],
    out: Path,
    form: str,
    standard: bool,
    round_bias: bool,
    conventions: Mapping[str, Any],
    as_json: bool,
) -> Result:
    """Writes every graph into a file of its own."""
    from snnvae.export.netx import write_netx
    from snnvae.export.nir_file import write_nir
    from snnvae.export.passes.standard import lower_to_standard
    from snnvae.options import Options

    files: dict[str, str] = {}
    notes: list[str] = []
    for name, graph in graphs.items():
        path = out if len(graphs) == 1 else out.with_name(f"{out.stem}.{name}{out.suffix}")
        if form == "netx":
            notes += write_netx(graph, path, Options(**conventions), round_bias=round_bias)
        else:
            write_nir(lower_to_standard(graph) if standard else graph, path)
        files[name] = str(path)
    text = "\n".join([*(f"wrote {path} ({name})" for name, path in files.items()), *notes])
    data = {"files": files, **({"notes": notes} if form == "netx" else {})}
    return Result(text, data, as_json=as_json)


def _graphs_of(
    path: Path,
    part: str | None,
    form: str,
    origin: str | None,
    steps: int | None,
    dataset: str | None,
) -> dict[str, nir.NIRGraph]:
    """The graphs of a checkpoint, ours or published; for netx, C and Rust, that of a .nir file."""
    from snnvae.export.nir_file import read_nir

    if form != "nir" and path.suffix == ".nir" and origin is None:
        return {path.stem: read_nir(path)}
    if path.suffix == ".py":
        raise ConfigError(f"{path}: say what in it makes the module, such as {path}:build")
    from snnvae.families import registry
    from snnvae.train.to_nir import parts_for, to_nir

    if origin is None:
        model = _checkpoint(path)
    else:
        model = registry.published_model(path, origin, steps, dataset)
    folded = model.folded()
    return {name: to_nir(folded, name) for name in parts_for(model, part)}


def _checkpoint(path: Path) -> SpikingModel:
    """The model of a checkpoint of ours; where it is a published one, the error says --from."""
    from snnvae.families import registry

    try:
        model: SpikingModel = registry.load_spiking(path)[1]
    except CheckpointError as error:
        kind = registry.published_kind(path)
        if kind is None:
            raise
        raise CheckpointError(
            f"{path} has the names of a published {kind.upper()}: add --from {kind}"
        ) from error
    return model
