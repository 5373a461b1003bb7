"""``snnvae inspect``: what a NIR file compiles to."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from snnvae.commands.options import as_json, compile_options, model_argument, options_from
from snnvae.commands.outputs import Command, NameOrFile, OutputFile
from snnvae.commands.remedies import with_flags
from snnvae.commands.result import Result
from snnvae.errors import ConfigError, UnsupportedError
from snnvae.options import CALIBRATIONS
from snnvae.plain_text import counted, one_line

if TYPE_CHECKING:
    from snnvae.deploy.timing import Schedule
    from snnvae.program import Program

LOIHI_2 = "loihi2"


@click.command(cls=Command, epilog="Example: snnvae inspect $(snnvae zoo digits-esvae)")
@model_argument
@click.option(
    "--chip",
    type=NameOrFile(),
    default=LOIHI_2,
    show_default=True,
    help="loihi1, loihi2, or path of a TOML file.",
)
@click.option(
    "--calibrate",
    type=click.Choice(CALIBRATIONS),
    help="Fixed-point scales from a stimulus, and what it does to each layer.",
)
@click.option(
    "--input",
    "input_file",
    type=click.Path(path_type=Path),
    help="The stimulus to calibrate with (default: the file's data set, or seeded noise).",
)
@compile_options
@click.option("--svg", type=OutputFile(), help="Draw the graph into this file.")
@click.option("--html", type=OutputFile(), help="The same on a page with tables.")
@click.option("--recording", type=click.Path(path_type=Path), help="Show a run's firing rates.")
@as_json
def command(
    model: Path,
    chip: str,
    calibrate: str | None,
    input_file: Path | None,
    svg: Path | None,
    html: Path | None,
    recording: Path | None,
    as_json: bool,
    **flags: Any,
) -> Result:
    """Show a file's layers, connections, conventions, hardware timing, fixed-point rounding and
    placement on a chip's cores."""
    from snnvae.commands.inspect_tables import (
        batched_text,
        connection_table,
        input_text,
        layer_table,
        loop_lines,
        placement_lines,
        placement_table,
        range_table,
        rounding_table,
    )
    from snnvae.deploy.chips.chip import load_chip
    from snnvae.deploy.chips.placement import place
    from snnvae.deploy.compile import compile_graph
    from snnvae.deploy.passes.open_ends import dead_ends
    from snnvae.evaluate.calibration import calibrated, ranges
    from snnvae.evaluate.picture import write_pictures
    from snnvae.export.nir_file import read_nir
    from snnvae.inputs.stimulus_blocks import with_steps_of
    from snnvae.machine import cores

    graph, options, target = read_nir(model), options_from(**flags), load_chip(chip)
    if calibrate is not None:
        from snnvae.families import registry

        options = with_steps_of(graph, options, input_file)
        options = calibrated(graph, options, calibrate, input_file, registry.held_out)
    elif input_file is not None:
        raise ConfigError("--input is what --calibrate calibrates with; add --calibrate mse")
    # What would be refused is shown, and said to be refused.
    shown = replace(options, saturate=True)
    compiled = compile_graph(graph, "fixed", shown)
    program = compiled.program
    wrote = write_pictures(
        graph, program, model.stem, svg=svg, html=html, recording=recording, source=model
    )
    beyond = [] if options.saturate else [row for row in compiled.report if row.beyond]
    timing, stock = _stock(program)
    placement = place(program, target)
    process_rules = _process_rules(program) if target.name == LOIHI_2 else []
    conventions = {name: str(stated) for name, stated in program.conventions.items()}
    observed = ranges(graph, shown, input_file) if calibrate is not None else ()
    synapses = sum(c.synapse.macs() for c in program.connections)
    neurons = sum(layer.size for layer in program.layers)
    said = [
        f"{model}: {counted(neurons, 'neuron')}, {counted(synapses, 'synapse')}",
        ", ".join(f"{name} {text}" for name, text in conventions.items()),
        f"stock Lava: {stock}",
        f"batched Lava: {batched_text(program)}",
        *(f"input {input_text(program, i.name)}" for i in program.inputs),
        *(f"output '{name}' from '{layer}'" for name, layer in program.outputs.items()),
        *(f"dropped, as it leads nowhere: '{name}'" for name in dead_ends(graph)),
        *loop_lines(program),
    ]
    refused = [f"refused without --saturate: '{row.layer}'" for row in beyond]
    lines = [
        *map(one_line, said),
        "",
        layer_table(program, timing),
        "",
        connection_table(program, timing),
        "",
        rounding_table(compiled.report),
        *map(one_line, refused),
        *(["", range_table(observed)] if observed else []),
        "",
        *map(one_line, (*placement_lines(placement), *process_rules)),
        "",
        placement_table(placement),
        *wrote,
    ]
    data = {
        "dt": program.dt,
        "conventions": conventions,
        "steps": program.steps,
        "neurons": neurons,
        "synapses": synapses,
        "stock": stock,
        "batched": {"networks": cores()},
        "loops": [list(group) for group in program.groups],
        "layers": {
            layer.name: {
                "kind": layer.neuron.kind,
                "shape": layer.shape,
                "depth": timing.depths[layer.name] if timing else None,
                "internal": layer.added_by_compiler,
            }
            for layer in program.layers
        },
        "fixed_point": {report.layer: asdict(report) for report in compiled.report},
        "ranges": {row.layer: asdict(row) for row in observed},
        "placement": {
            "chip": target.name,
            "cores": placement.cores,
            "chips": placement.chips,
            "layers": {row.layer: asdict(row) for row in placement.rows},
            "violations": [*map(str, placement.violations), *process_rules],
            "unchecked": list(placement.unchecked),
        },
        "digest": program.digest(),
    }
    return Result("\n".join(lines), data, as_json=as_json)


def _process_rules(program: Program) -> list[str]:
    """Returns what Loihi 2's processes cannot do, as a rule beside those of its cores."""
    from snnvae.deploy.lava.loihi2 import refusals

    texts = map(with_flags, refusals(program))
    return [text if text.startswith("L2-") else f"L2-PROCESS: {text}" for text in texts]


def _stock(program: Program) -> tuple[Schedule | None, str]:
    """The timing of stock Lava, and a line about it."""
    from snnvae.deploy.timing import check_stock, schedule

    try:
        timing = schedule(program)
        check_stock(program)
    except UnsupportedError as error:
        return None, f"not possible: {with_flags(str(error))}"
    return timing, f"latency {counted(timing.latency, 'step')}"
