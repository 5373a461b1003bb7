"""``snnvae import``."""

from __future__ import annotations

from pathlib import Path

import click

from snnvae.commands.options import as_json
from snnvae.commands.outputs import Command, OutputFile
from snnvae.commands.result import Result


@click.command(cls=Command, epilog="Example: snnvae import lava-dl.net -o model.nir --dt 1e-3")
@click.argument("net", type=click.Path(path_type=Path))
@click.option("-o", "--out", type=OutputFile(), required=True, help="The .nir file.")
@click.option("--dt", default=1e-3, show_default=True, help="Seconds per step.")
@as_json
def command(net: Path, out: Path, dt: float, as_json: bool) -> Result:
    """Write lava-dl's network (netx, .net) as NIR.

    In fixed point it gives netx's spikes, bit for bit; netx knows no dt, so state yours.
    """
    from snnvae.export.netx import read_netx
    from snnvae.export.nir_file import write_nir

    graph, notes = read_netx(net, dt)
    write_nir(graph, out)
    text = "\n".join([f"wrote {out} (dt {dt:g} s)", *notes])
    return Result(text, {"file": str(out), "dt": dt, "notes": notes}, as_json=as_json)
