"""README.md of a network in C: how to use it, what it takes, what the host does for it."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

from snnvae.deploy.c.draws import drawn
from snnvae.deploy.c.names import in_comment
from snnvae.deploy.c.network import Network
from snnvae.deploy.c.sizes import Sizes, updates
from snnvae.deploy.c.template import filled
from snnvae.plain_text import markdown_text
from snnvae.shown import shape_text


def readme(sizes: Sizes, measured: Mapping[str, float], told: str) -> str:
    """The text. measured: additions of a mean step by layer; told: of what run."""
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
        "README.md",
        layers="\n".join(rows),
        counted=told,
        ram=f"{sizes.ram:,}",
        state=f"{network.ram:,}",
        exchanged=f"{sizes.exchanged:,}",
        rest=f"{sizes.ram - network.ram - sizes.exchanged:,}",
        flash=f"{sizes.flash:,}",
        code=f"{sizes.code:,}",
        compiled="`net.c` and `net_draws.c`" if sizes.drawn else "`net.c`",
        draws=f", {sizes.draw_tables:,} of tables for the draws" if sizes.draw_tables else "",
        updates=f"{updates(network):,}",
        inputs="\n".join(_inputs(network)),
        outputs="\n".join(_outputs(network)),
        dt=f"{network.program.dt:g}",
        steps=str(network.program.steps),
        digest=network.program.digest()[:16],
        **_use(sizes.drawn),
    )


def _use(drawn: bool) -> dict[str, str]:
    """What a caller writes, and the files of draws, where C draws something."""
    if not drawn:
        enters = "/* in each step: set what enters, then */"
        return {"include": "", "begin": "", "enters": enters, "draw_files": ""}
    told = "the spikes that the host draws, of the same seed the same"
    return {
        "include": '#include "net_draws.h"\n',
        "begin": "net_draws_begin(seed, sample, label);\n",
        "enters": "net_draw(&in);                /* in each step; other inputs are yours to set */",
        "draw_files": f"| `net_draws.h`, `net_draws.c` | {told} |\n",
    }


def _inputs(network: Network) -> list[str]:
    program, names, made = network.program, network.names, drawn(network)
    kinds = {draw.port: draw.kind for draw in program.draws}
    lines = []
    for port in network.spike_inputs:
        who = "give its spikes"
        if port.name in made:
            who = f"`net_draws.c` gives its spikes (`{kinds[port.name]}`), or you do"
        elif port.name in kinds:
            who = (
                f"give its spikes: the host draws them (`{kinds[port.name]}`) in floating "
                "point, which C does not do"
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


def _outputs(network: Network) -> list[str]:
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
            f"{markdown_text(in_comment(of))}; net.h says how many are 1 of the file's{then}."
        )
    return lines
