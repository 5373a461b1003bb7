"""lava-dl's network exchange format (netx, ``.net``): fixed-point networks in and out.

lava-dl itself is not needed: the format is HDF5. What its loader makes of a file is written down
here (`layer`, `weights`) and tested against it.
"""

from __future__ import annotations

from pathlib import Path

import nir
import numpy as np

from snnvae.deploy.compile import compile_graph
from snnvae.errors import GraphError, UnsupportedError
from snnvae.export.netx.biases import whole_biases
from snnvae.export.netx.file import load, save
from snnvae.export.netx.from_program import from_program
from snnvae.export.netx.to_graph import to_graph
from snnvae.options import Options, check_dt
from snnvae.program import Program


def write_netx(
    graph: nir.NIRGraph, path: Path, options: Options | None = None, *, round_bias: bool = False
) -> tuple[str, ...]:
    """Write a graph's fixed-point program as a netx file; a line for each thing that changed.

    netx gives the program's spikes bit for bit. With `round_bias` it gives those of the program
    whose biases are rounded to whole weight units, which `read_netx` reads back. UnsupportedError
    names what netx cannot hold.
    """
    program = compile_graph(graph, "fixed", options).program
    notes: tuple[str, ...] = ()
    if round_bias:
        program, notes = whole_biases(program)
    save(from_program(program), path)
    return (*notes, *_readout(program))


def _readout(program: Program) -> tuple[str, ...]:
    """Returns what a user must know of a last layer that does not spike."""
    last = program.layers[-1]
    if last.neuron.spiking:
        return ()
    units = 1 / float(np.max(last.to_real(np.ones(()))))
    return (
        f"'{last.name}' never fires in netx: its value is the membrane layers[-1].neuron.v after a "
        f"sample, divided by {units:g}",
    )


def read_netx(path: Path, dt: float = 1e-3) -> tuple[nir.NIRGraph, tuple[str, ...]]:
    """Read a netx file as a NIR graph, with a line for each thing that a user should know.

    The graph's fixed-point program gives netx's spikes bit for bit. dt: seconds per step, of which
    netx knows nothing.
    """
    check_dt(dt)
    layers = load(path)
    try:
        return to_graph(layers, dt)
    except (GraphError, UnsupportedError) as error:
        raise type(error)(f"{path}: {error}") from None


__all__ = ["read_netx", "write_netx"]
