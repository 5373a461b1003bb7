"""``snnvae inspect``: what a NIR file compiles to."""

from __future__ import annotations

from dataclasses import asdict
from math import prod
from pathlib import Path
from typing import Any

import click
import numpy as np

from snnvae.commands.options import as_json, compile_options, model_argument, options_from
from snnvae.commands.result import Result, table
from snnvae.deploy.compile import Compiled, compile_graph
from snnvae.deploy.settings import CONVENTIONS_KEY
from snnvae.deploy.timing import check_stock, schedule
from snnvae.errors import UnsupportedError
from snnvae.evaluate.picture import write_pictures
from snnvae.export.nir_file import read_nir
from snnvae.program import Program

WEIGHT_BITS = 8


@click.command(epilog="Example: snnvae inspect $(snnvae zoo digits-esvae)")
@model_argument
@compile_options
@click.option("--svg", type=click.Path(path_type=Path), help="Draw the graph into this file.")
@click.option("--html", type=click.Path(path_type=Path), help="The same on a page with tables.")
@click.option("--recording", type=click.Path(path_type=Path), help="Show a run's firing rates.")
@as_json
def command(
    model: Path,
    svg: Path | None,
    html: Path | None,
    recording: Path | None,
    as_json: bool,
    **flags: Any,
) -> Result:
    """Show a file's layers, connections, conventions, hardware timing and fixed-point rounding."""
    graph = read_nir(model)
    compiled = compile_graph(graph, "fixed", options_from(**flags))
    program = compiled.program
    wrote = write_pictures(graph, program, model.stem, svg=svg, html=html, recording=recording)
    try:
        depth: dict[str, int] = dict(schedule(program).depths)
        check_stock(program)
        stock = f"latency {max(depth.values(), default=0)} steps"
    except UnsupportedError as error:
        depth, stock = {}, f"not possible: {error}"
    conventions = program.metadata[CONVENTIONS_KEY]
    layers = _layer_rows(compiled, depth)
    connections = _connection_rows(program)
    synapses = sum(c.synapse.macs() for c in program.connections)
    lines = [
        f"{model}: {sum(layer.size for layer in program.layers):,} neurons, {synapses:,} synapses "
        f"({synapses * WEIGHT_BITS / 8 / 1024:,.1f} KiB at {WEIGHT_BITS} bits)",
        ", ".join(f"{name} {text}" for name, text in conventions.items()),
        f"stock Lava: {stock}",
        *(f"input {_input_text(program, i.name)}" for i in program.inputs),
        *(f"output '{name}' from '{layer}'" for name, layer in program.outputs.items()),
        *(f"loop, one process on Lava: {', '.join(group)}" for group in program.groups),
        "",
        table(("layer", "neuron", "shape", "neurons", "depth"), [row[:5] for row in layers]),
        "",
        table(("connection", "kind", "from", "to", "synapses", "non-zero", "delay"), connections),
        "",
        table(
            (
                "fixed point",
                "scale",
                "threshold",
                "threshold err",
                "weight err",
                "clipped",
                "bias err",
                "decay err",
                "peak current",
                "notes",
            ),
            [(row[0], *row[5:]) for row in layers],
        ),
        *wrote,
    ]
    data = {
        "dt": program.dt,
        "conventions": conventions,
        "steps": program.steps,
        "neurons": sum(layer.size for layer in program.layers),
        "synapses": synapses,
        "stock": stock,
        "loops": [list(group) for group in program.groups],
        "layers": {
            layer.name: {"shape": layer.shape, "depth": depth.get(layer.name)}
            for layer in program.layers
        },
        "fixed_point": {report.layer: asdict(report) for report in compiled.report},
        "digest": program.digest(),
    }
    return Result("\n".join(lines), data, as_json=as_json)


def _input_text(program: Program, name: str) -> str:
    port = program.input(name)
    kind = f"analog in [{port.low:g}, {port.high:g}]" if port.analog else "spikes"
    return f"'{name}' {_shape(port.shape)}: {kind}{', constant' if port.constant else ''}"


def _layer_rows(compiled: Compiled, depth: dict[str, int]) -> list[tuple[object, ...]]:
    reports = {report.layer: report for report in compiled.report}
    rows: list[tuple[object, ...]] = []
    for layer in compiled.program.layers:
        report = reports[layer.name]
        rows.append(
            (
                layer.name,
                layer.neuron.kind,
                _shape(layer.shape),
                layer.size,
                depth.get(layer.name, "–"),
                f"{report.scale:.1f}",
                "–" if report.threshold is None else report.threshold,
                "–" if report.threshold is None else f"{report.threshold_error:.2%}",
                f"{report.weight_error:.2%}",
                report.clipped,
                f"{report.bias_error:.2%}",
                f"{report.decay_error:.2%}",
                report.peak_current,
                "; ".join(report.notes),
            )
        )
    return rows


def _connection_rows(program: Program) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    for c in program.connections:
        kind = type(c.synapse).__name__ + (" (host)" if c.on_host else "")
        nonzero = int(np.sum(c.synapse.fan_out_effective()))
        rows.append((c.name, kind, c.source, c.target, c.synapse.macs(), nonzero, c.delay))
    return rows


def _shape(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape)) if prod(shape) else "–"
