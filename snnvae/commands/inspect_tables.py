"""The tables and lines of ``snnvae inspect``."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from snnvae.deploy.chips.placement import Placement
from snnvae.deploy.fixed.calibrate import LayerRange
from snnvae.deploy.fixed.quantise import LayerReport
from snnvae.deploy.latency import shortest_loop
from snnvae.deploy.timing import Schedule
from snnvae.machine import cores
from snnvae.plain_text import counted
from snnvae.program import Program
from snnvae.table import Table

NONE = "–"


def layer_table(program: Program, timing: Schedule | None) -> str:
    """Kind, shape, neurons, the weights that lead into it, and its depth in stock Lava."""
    rows = [
        (
            layer.name,
            layer.neuron.kind + (" (added)" if layer.added_by_compiler else ""),
            shape_text(layer.shape),
            layer.size,
            sum(c.synapse.weight.size for c in program.into(layer.name)),
            timing.depths[layer.name] if timing else NONE,
        )
        for layer in program.layers
    ]
    return Table(("layer", "neuron", "shape", "neurons", "weights", "depth"), rows).as_text()


def connection_table(program: Program, timing: Schedule | None) -> str:
    """Kind, ends, synapses, logical delay and the steps that it waits in stock Lava."""
    rows = [
        (
            c.name,
            type(c.synapse).__name__
            + (" (host)" if c.on_host else " (graded)" if program.carries_membranes(c) else ""),
            c.source,
            c.target,
            c.synapse.macs(),
            int(np.sum(c.synapse.fan_out_effective())),
            c.delay,
            timing.waits.get(c.name, 0) if timing else NONE,
        )
        for c in program.connections
    ]
    headers = ("connection", "kind", "from", "to", "synapses", "non-zero", "delay", "waits")
    return Table(headers, rows).as_text()


def rounding_table(report: Iterable[LayerReport]) -> str:
    """Returns a table of what fixed point did to each layer."""
    rows = [
        (
            row.layer,
            f"{row.scale:.1f}",
            NONE if row.threshold is None else row.threshold,
            NONE if row.threshold is None else f"{row.threshold_error:.2%}",
            f"{row.weight_error:.2%}",
            row.clipped,
            f"{row.bias_error:.2%}",
            f"{row.decay_error:.2%}",
            row.peak_current,
            "; ".join(row.notes),
        )
        for row in report
    ]
    headers = ("fixed point", "scale", "threshold", "threshold err", "weight err", "clipped")
    more = ("bias err", "decay err", "peak current", "notes")
    return Table((*headers, *more), rows).as_text()


def range_table(rows: Iterable[LayerRange]) -> str:
    """Returns a table of what the stimulus of a calibration does to each layer."""
    headers = ("on the stimulus", "range used", "saturated", "spikes differ", "membrane err")
    return Table(
        headers,
        [
            (
                row.layer,
                f"{row.range_use:.2%}",
                f"{row.saturated:.2%}",
                NONE if row.differing is None else f"{row.differing:.2%}",
                f"{row.membrane_error:.2%}",
            )
            for row in rows
        ],
    ).as_text()


def placement_lines(placement: Placement) -> list[str]:
    """Cores and chips, each rule that is broken, and what could not be checked."""
    chip = placement.chip
    cores = f"{placement.cores} core{'s' if placement.cores != 1 else ''}"
    chips = f" on {placement.chips} chips" if placement.chips > 1 else ""
    return [
        f"{chip.title}: {cores}{chips}; {chip.synapse.note} ({chip.synapse.grade})",
        *(f"{violation}" for violation in placement.violations),
        *(f"not checked: {text}" for text in placement.unchecked),
    ]


def placement_table(placement: Placement) -> str:
    """Synapses stored, memory, cores and axons of each layer."""
    rows = [
        (
            row.layer,
            row.synapses,
            f"{row.memory / 1024:,.1f} KiB",
            row.cores,
            row.neurons_per_core,
            row.in_axons,
            row.out_axons,
            f"{row.utilisation:.1%}",
        )
        for row in placement.rows
    ]
    headers = ("placed", "stored", "memory", "cores", "neurons/core", "in axons", "out axons")
    return Table((*headers, "utilisation"), rows).as_text()


def loop_lines(program: Program) -> list[str]:
    """Loops that hardware takes longer for than the graph, and what was done about each."""
    lines = []
    for group in program.groups:
        loop = shortest_loop(group, program.connections)
        lines.append(
            f"loop {', '.join(group)}: {' → '.join((*loop.layers, loop.layers[0]))} takes "
            f"{loop.steps} step{'s' if loop.steps != 1 else ''} here and {loop.needed} on hardware;"
            " one process of ours on Lava (or --loop-latency accept)"
        )
    for name, (was, now) in program.lengthened.items():
        lines.append(
            f"loop through '{name}': its delay of {was} became {counted(now, 'step')}, as accepted"
        )
    return lines


def input_text(program: Program, name: str) -> str:
    """An input's shape and what it carries."""
    port = program.input(name)
    kind = f"analog in [{port.low:g}, {port.high:g}]" if port.analog else "spikes"
    return f"'{name}' {shape_text(port.shape)}: {kind}{', constant' if port.constant else ''}"


def shape_text(shape: tuple[int, ...]) -> str:
    """Sizes with × between them."""
    return "×".join(map(str, shape)) if shape else NONE


def batched_text(program: Program) -> str:
    """Says how batched mode parts the graph into Lava processes on this machine."""
    networks, layers = cores(), len(program.layers)
    copies = (
        "one process" if networks == 1 else f"up to {networks} processes, a share of samples each"
    )
    return f"{copies}; all {layers} layers in each, a source per input, one sink for all spikes"
