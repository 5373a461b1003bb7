"""The text of the crate: what a person reads and a compiler takes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from math import prod

from snnvae.deploy.microcontroller.names import in_comment, quoted
from snnvae.deploy.microcontroller.network import Network, neurons_text
from snnvae.deploy.microcontroller.template import filled
from snnvae.deploy.microcontroller.text import indented, words
from snnvae.deploy.microcontroller.update import UNIT
from snnvae.deploy.rust import neurons
from snnvae.deploy.rust.layers import functions, uses
from snnvae.deploy.rust.text import block, comment, kind, table_text


def library(network: Network, *, draws_itself: bool) -> str:
    """lib.rs: what enters, what comes out, the state, and a step."""
    entering, leaving, state = _entering(network), _leaving(network), _state(network)
    begin = [line for part in network.parts for line in neurons.begin(part.update, part.name)]
    return filled(
        "rust",
        "lib.rs",
        title=network.title,
        draws="mod draws;\n" if draws_itself else "",
        use_draws="\npub use draws::Draws;\n" if draws_itself else "",
        bytes=f"{network.ram}",
        input=_members(entering, "pub "),
        no_input=_nothing(entering),
        output=_members(leaving, "pub "),
        no_output=_nothing(leaving),
        state=_members(state),
        zero=_nothing(state),
        clear="".join(f"{line}\n" for line in indented(_cleared(state), 2)),
        begin="".join(f"{line}\n" for line in indented(begin, 2)),
        step="".join(f"{line}\n" for line in indented(_step(network), 2)),
    )


Member = tuple[str, str, list[str]]
"""A name, a type and a comment."""


def _entering(network: Network) -> list[Member]:
    names = network.names
    found = []
    for port in network.spike_inputs:
        told = comment(f"Input {quoted(port.name)}: {neurons_text(port.shape)}.", mark="///")
        found.append((f"spikes_{names[port.name]}", f"[u32; {words(prod(port.shape))}]", told))
    for part in network.host_driven:
        told = comment(
            f"The host's currents into layer {quoted(part.layer.name)}: "
            f"{part.neurons_text}, in weight units: {part.unit_text(1)}; at most "
            f"{network.host_limit:,}.",
            mark="///",
        )
        found.append((f"current_{part.name}", f"[i32; {part.layer.size}]", told))
    return found


def _leaving(network: Network) -> list[Member]:
    found = []
    for name, of in network.program.outputs.items():
        part, own = network.part(of), network.names[name]
        what = f"of layer {quoted(of)}, {part.neurons_text}"
        if part.layer.neuron.spiking:
            told = comment(f"Output {quoted(name)}: spikes {what}.", mark="///")
            found.append((f"spikes_{own}", f"[u32; {words(part.layer.size)}]", told))
        else:
            units = part.unit_text(UNIT)
            told = comment(f"Output {quoted(name)}: membranes {what}: {units}.", mark="///")
            found.append((f"membrane_{own}", f"[i32; {part.layer.size}]", told))
    return found


def _state(network: Network) -> list[Member]:
    found = []
    for a in network.state:
        row = f"[{kind(a.kind)}; {a.count}]"
        ring = f"[{row}; {a.rows}]" if a.rows > 1 else row
        found.append((a.name, ring, comment(in_comment(a.comment))))
    for name in network.delays:
        told = comment("of its ring, in this step")
        found.append((f"slot_{network.names[name]}", "u32", told))
    if network.unused:
        told = comment("so that 8 bytes divide the state, however aligned")
        found.append(("_unused", "u32", told))
    return found


def _members(members: Iterable[Member], public: str = "") -> str:
    lines = [line for name, held, told in members for line in (*told, f"{public}{name}: {held},")]
    return "".join(f"{line}\n" for line in indented(lines))


def _zero(held: str) -> str:
    """The value of a type that is all 0."""
    return re.sub(r"[ui](32|64)", "0", held)


def _nothing(members: Iterable[Member]) -> str:
    """The values of members that are all 0."""
    inside = [f"{name}: {_zero(held)}" for name, held, _ in members]
    return f" {', '.join(inside)} " if inside else ""


def _cleared(members: Iterable[Member]) -> list[str]:
    """Sets them to that in place: unoptimised, a whole state would pass the stack."""
    return [f"self.{name} = {_zero(held)};" for name, held, _ in members]


def tables(network: Network) -> str:
    """tables.rs: all constants."""
    found = "\n".join(table_text(t) for part in network.parts for t in part.tables)
    return filled("rust", "tables.rs", tables=found, size=f"{network.flash:,}")


def layers(network: Network) -> str:
    """layers.rs: the functions of all layers."""
    body = "\n".join(line for part in network.parts for line in functions(network, part))
    used = uses(body)
    if any(part.tables for part in network.parts):
        used.append("use super::tables::*;")
    return filled("rust", "layers.rs", uses="".join(f"\n{line}" for line in used), layers=body)


def _step(network: Network) -> list[str]:
    """The layers in order, between what enters and what leaves."""
    program, names = network.program, network.names
    lines = []
    for port in network.spike_inputs:
        if port.name in network.delays:
            name, count = names[port.name], words(prod(port.shape))
            ring = f"self.spikes_{name}[self.slot_{name} as usize]"
            lines.append(f"{ring}.copy_from_slice(&input.spikes_{name});")
            if prod(port.shape) % 32:
                mask = (1 << prod(port.shape) % 32) - 1
                lines.append(f"{ring}[{count - 1}] &= 0x{mask:X};")
    for part in network.parts:
        enters = "input, " if part.reads_input else ""
        lines.append(f"layers::step_{part.name}(self, {enters}watch);")
    for name, of in program.outputs.items():
        layer, own, held, part = program.layer(of), names[of], names[name], network.part(of)
        if layer.neuron.spiking:
            slot = f"[self.slot_{own} as usize]" if of in network.delays else ""
            lines.append(f"output.spikes_{held}.copy_from_slice(&self.spikes_{own}{slot});")
        elif part.limits.wide:
            head = f"for (to, v) in output.membrane_{held}.iter_mut().zip(&self.v_{own})"
            lines += block(head, ["*to = *v as i32;"])
        else:
            lines.append(f"output.membrane_{held}.copy_from_slice(&self.v_{own});")
    for name, delay in network.delays.items():
        slot = f"self.slot_{names[name]}"
        lines.append(f"{slot} = if {slot} == {delay} {{ 0 }} else {{ {slot} + 1 }};")
    return lines
