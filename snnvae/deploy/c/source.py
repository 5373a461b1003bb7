"""The text of net.h, net_tables.h and net.c: what a person reads and a compiler takes."""

from __future__ import annotations

from math import prod

from snnvae.deploy.c import neurons
from snnvae.deploy.c.layers import functions
from snnvae.deploy.c.text import comment, loop, table_text
from snnvae.deploy.microcontroller.names import in_comment, quoted
from snnvae.deploy.microcontroller.network import Network, neurons_text
from snnvae.deploy.microcontroller.template import filled, template
from snnvae.deploy.microcontroller.text import indented, words
from snnvae.deploy.microcontroller.update import UNIT

HELPERS = {
    "lowest_bit": "lowest_bit(",
    "floor_shift": "floor_shift(",
    "floor_shift_wide": "floor_shift_wide(",
    "decayed": "decayed(",
    "decayed_wide": "decayed_wide(",
    "wrapped": "wrapped(",
    "wrapped_wide": "wrapped_wide(",
    "clipped": "clipped(",
    "clipped_wide": "clipped_wide(",
}
"""Functions of templates/helpers.c, and by what text a use of them is known."""


def header(network: Network) -> str:
    """net.h: what enters, what comes out, and the two functions."""
    program, names = network.program, network.names
    entering = []
    for port in network.spike_inputs:
        entering += comment(f"Input {quoted(port.name)}: {neurons_text(port.shape)}.")
        entering.append(f"uint32_t spikes_{names[port.name]}[{words(prod(port.shape))}];")
    for part in network.host_driven:
        entering += comment(
            f"The host's currents into layer {quoted(part.layer.name)}: "
            f"{part.neurons_text}, in weight units: {part.unit_text(1)}; at most "
            f"{network.host_limit:,}."
        )
        entering.append(f"int32_t current_{part.name}[{part.layer.size}];")
    leaving = []
    for name, of in program.outputs.items():
        part = network.part(of)
        what = f"of layer {quoted(of)}, {part.neurons_text}"
        if part.layer.neuron.spiking:
            leaving += comment(f"Output {quoted(name)}: spikes {what}.")
            leaving.append(f"uint32_t spikes_{names[name]}[{words(part.layer.size)}];")
        else:
            units = part.unit_text(UNIT)
            leaving += comment(f"Output {quoted(name)}: membranes {what}: {units}.")
            leaving.append(f"int32_t membrane_{names[name]}[{part.layer.size}];")
    return filled(
        "c",
        "net.h",
        title=network.title,
        input="\n".join(indented(entering or ["uint8_t nothing;"])),
        output="\n".join(indented(leaving)),
        state=str(network.ram),
    )


def tables(network: Network) -> str:
    """net_tables.h: all constants."""
    found = "\n".join(table_text(t) for part in network.parts for t in part.tables)
    return filled("c", "net_tables.h", title=network.title, tables=found, size=f"{network.flash:,}")


def source(network: Network) -> str:
    """net.c: the state, and a function for each layer's step."""
    body = "\n".join("\n".join(functions(network, part)) + "\n" for part in network.parts)
    step = "\n".join(indented(_step(network)))
    used = "\n".join(
        template("c", f"helpers/{name}.c") for name, word in HELPERS.items() if word in body
    )
    state = []
    for a in network.state:
        ring = f"[{a.rows}]" if a.rows > 1 else ""
        state.append(f"{a.kind}_t {a.name}{ring}[{a.count}]; /* {in_comment(a.comment)} */")
    state += [
        f"uint32_t slot_{network.names[name]}; /* of its ring, in this step */"
        for name in network.delays
    ]
    state += ["uint32_t unused; /* so that 8 bytes divide the state, however aligned */"] * (
        network.unused
    )
    return filled(
        "c",
        "net.c",
        title=network.title,
        state="\n".join(indented(state)),
        helpers=used,
        layers=body,
        reset="".join(f"{line}\n" for line in indented(_reset(network))),
        step=step,
    )


def _reset(network: Network) -> list[str]:
    """What is not 0 before the first step."""
    return [line for part in network.parts for line in neurons.reset(part.update, part.name)]


def _step(network: Network) -> list[str]:
    """The layers in order, between what enters and what leaves."""
    program, names = network.program, network.names
    lines = []
    for port in network.spike_inputs:
        if port.name in network.delays:
            name, count = names[port.name], words(prod(port.shape))
            ring = f"S.spikes_{name}[S.slot_{name}]"
            lines.append(f"memcpy({ring}, in->spikes_{name}, sizeof in->spikes_{name});")
            if prod(port.shape) % 32:
                mask = (1 << prod(port.shape) % 32) - 1
                lines.append(f"{ring}[{count - 1}] &= 0x{mask:X}u;")
    lines += [f"step_{p.name}({'in' if p.reads_input else ''});" for p in network.parts]
    for name, of in program.outputs.items():
        layer, own, held, part = program.layer(of), names[of], names[name], network.part(of)
        if layer.neuron.spiking:
            at = f"S.spikes_{own}{f'[S.slot_{own}]' if of in network.delays else ''}"
            lines.append(f"memcpy(out->spikes_{held}, {at}, sizeof out->spikes_{held});")
        elif part.limits.wide:
            value = f"out->membrane_{held}[n] = (int32_t)S.v_{own}[n];"
            lines += loop("n", layer.size, [value])
        else:
            lines.append(f"memcpy(out->membrane_{held}, S.v_{own}, sizeof out->membrane_{held});")
    for name, delay in network.delays.items():
        slot = f"S.slot_{names[name]}"
        lines.append(f"{slot} = ({slot} == {delay}u) ? 0u : ({slot} + 1u);")
    if not any(p.reads_input for p in network.parts) and not network.delays.keys() & {
        port.name for port in network.spike_inputs
    }:
        lines.insert(0, "(void)in;")
    return lines
