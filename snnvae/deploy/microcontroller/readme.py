"""README.md of a network: how to use it, what it takes, what the host does for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

from snnvae.deploy.microcontroller.draws import drawn
from snnvae.deploy.microcontroller.names import in_comment
from snnvae.deploy.microcontroller.network import Network
from snnvae.deploy.microcontroller.sizes import Sizes, updates
from snnvae.deploy.microcontroller.template import filled
from snnvae.plain_text import markdown_text
from snnvae.shown import shape_text


@dataclass(frozen=True)
class Files:
    """The folder of a language's templates, and the files that a page names: what draws, and what
    states the units of what enters and leaves."""

    language: str
    draws: str
    units: str


def readme(files: Files, sizes: Sizes, measured: Mapping[str, float], told: str, **own: str) -> str:
    """The text. measured: additions of a mean step by layer; told: of what run; own: what stands in
    the places that are the language's own."""
    network = sizes.network
    rows = [
        "| layer | neurons | RAM, bytes | flash, bytes | additions a step, at most | counted |",
        "|---|---|---|---|---|---|",
    ]
    for part in network.parts:
        counted = measured.get(part.layer.name)
        rows.append(
            f"| {markdown_text(part.layer.name)} | {part.layer.size:,} | {sizes.kept(part):,} "
            f"| {sizes.tables(part):,} | {part.operations:,} "
            f"| {'–' if counted is None else f'{counted:,.0f}'} |"
        )
    most = sum(part.operations for part in network.parts)
    total = f"{sum(measured.values()):,.0f}" if measured else "–"
    rows.append(
        f"| all | {updates(network):,} | {network.ram:,} | {network.flash:,} | {most:,} | {total} |"
    )
    return filled(
        files.language,
        "README.md",
        layers="\n".join(rows),
        counted=told,
        ram=f"{sizes.ram:,}",
        state=f"{network.ram:,}",
        exchanged=f"{sizes.exchanged:,}",
        rest=f"{sizes.ram - network.ram - sizes.exchanged:,}",
        flash=f"{sizes.flash:,}",
        code=f"{sizes.code:,}",
        draws=f", {sizes.draw_tables:,} of tables for the draws" if sizes.draw_tables else "",
        updates=f"{updates(network):,}",
        inputs="\n".join(_inputs(sizes, files)),
        outputs="\n".join(_outputs(network, files)),
        dt=f"{network.program.dt:g}",
        steps=str(network.program.steps),
        digest=network.program.digest()[:16],
        **own,
    )


def _inputs(sizes: Sizes, files: Files) -> list[str]:
    network = sizes.network
    program, names, made = network.program, network.names, drawn(network)
    kinds = {draw.port: draw.kind for draw in program.draws}
    lines = []
    for port in network.spike_inputs:
        who = "give its spikes"
        if port.name in made:
            who = f"`{files.draws}` gives its spikes (`{kinds[port.name]}`), or you do"
        elif port.name in kinds:
            who = (
                f"give its spikes: the host draws them (`{kinds[port.name]}`) in floating "
                f"point, which {sizes.language} does not do"
            )
        lines.append(
            f"* `spikes_{names[port.name]}`: input {markdown_text(port.name)}, "
            f"{prod(port.shape)} neurons ({shape_text(port.shape)}); {who}."
        )
    for part in network.host_driven:
        ports = ", ".join(
            markdown_text(c.source) for c in program.into(part.layer.name) if c.on_host
        )
        lines.append(
            f"* `current_{part.name}`: currents into {markdown_text(part.layer.name)}, int32, in "
            f"weight units, at most {network.host_limit:,}: the host computes them of {ports}, "
            "weights times values plus bias in float64, times the layer's scale, rounded. A "
            "constant input's are the same at each step."
        )
    return lines


def _outputs(network: Network, files: Files) -> list[str]:
    program, names = network.program, network.names
    lines = []
    for name, of in program.outputs.items():
        layer = program.layer(of)
        if layer.neuron.spiking:
            lines.append(f"* `spikes_{names[name]}`: output {markdown_text(name)}, spikes.")
            continue
        rule = program.readouts.get(name)
        then = "; its value is tanh of that, after the last step" if rule and rule.tanh else ""
        note = next((c for c in network.parts if c.layer is layer), None)
        assert note is not None
        lines.append(
            f"* `membrane_{names[name]}`: output {markdown_text(name)}, membranes of "
            f"{markdown_text(in_comment(of))}; {files.units} says how many are 1 of the "
            f"file's{then}."
        )
    return lines
