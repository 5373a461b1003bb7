"""The text of net.c and net.h, and the tables: what a person reads and a compiler takes."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

import numpy as np

from snnvae.deploy.c import neurons
from snnvae.deploy.c.fan_out import Sums
from snnvae.deploy.c.names import in_comment
from snnvae.deploy.c.network import Network, Part, Wire
from snnvae.deploy.c.template import filled, template
from snnvae.deploy.c.text import INDENT, comment, each_spike, indented, loop, words
from snnvae.primitive import Shape
from snnvae.primitives import fixed_point
from snnvae.shown import shape_text

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
        entering += comment(f"Input {_quoted(port.name)}: {_neurons(port.shape)}.")
        entering.append(f"uint32_t spikes_{names[port.name]}[{words(prod(port.shape))}];")
    for part in network.host_driven:
        entering += comment(
            f"The host's currents into layer {_quoted(part.layer.name)}: "
            f"{_neurons(part.layer.shape)}, in weight units: {_unit(part, 1)}; at most "
            f"{network.host_limit:,}."
        )
        entering.append(f"int32_t current_{part.name}[{part.layer.size}];")
    leaving = []
    for name, of in program.outputs.items():
        part = network.part(of)
        what = f"of layer {_quoted(of)}, {_neurons(part.layer.shape)}"
        if part.layer.neuron.spiking:
            leaving += comment(f"Output {_quoted(name)}: spikes {what}.")
            leaving.append(f"uint32_t spikes_{names[name]}[{words(part.layer.size)}];")
        else:
            units = _unit(part, neurons.UNIT)
            leaving += comment(f"Output {_quoted(name)}: membranes {what}: {units}.")
            leaving.append(f"int32_t membrane_{names[name]}[{part.layer.size}];")
    return filled(
        "net.h",
        title=_title(network),
        input="\n".join(indented(entering or ["uint8_t nothing;"])),
        output="\n".join(indented(leaving)),
        state=str(network.ram),
    )


def _unit(part: Part, units: int) -> str:
    """What an integer means in the file's own units."""
    scale = np.asarray(part.layer.scale)
    if scale.ndim and (scale != scale.flat[0]).any():
        return f"a channel's scale times {units} is 1 of the file's membrane"
    return f"{float(scale.flat[0]) * units:.9g} is 1 of the file's membrane"


def tables(network: Network) -> str:
    """net_tables.h: all constants."""
    found = "\n".join(t.text() for part in network.parts for t in part.tables)
    return filled("net_tables.h", title=_title(network), tables=found, size=f"{network.flash:,}")


def source(network: Network) -> str:
    """net.c: the state, and a function for each layer's step."""
    body = "\n".join("\n".join(_layer(network, part)) + "\n" for part in network.parts)
    step = "\n".join(indented(_step(network)))
    used = "\n".join(
        template(f"helpers/{name}.c") for name, word in HELPERS.items() if word in body
    )
    state = []
    for a in network.state:
        ring = f"[{a.rows}]" if a.rows > 1 else ""
        state.append(f"{a.kind} {a.name}{ring}[{a.count}]; /* {in_comment(a.comment)} */")
    state += [
        f"uint32_t slot_{network.names[name]}; /* of its ring, in this step */"
        for name in network.delays
    ]
    return filled(
        "net.c",
        title=_title(network),
        state="\n".join(indented(state)),
        helpers=used,
        layers=body,
        reset="".join(f"{line}\n" for line in indented(_reset(network))),
        step=step,
    )


def _title(network: Network) -> str:
    program = network.program
    sizes = sum(layer.size for layer in program.layers)
    return (
        f"{len(program.layers)} layers of {sizes:,} neurons, "
        f"{sum(part.operations for part in network.parts):,} synapses; "
        f"1 step is {program.dt:g} s"
    )


def _quoted(name: str) -> str:
    return f"'{in_comment(name)}'"


def _neurons(shape: Shape) -> str:
    return f"{prod(shape)} neurons {shape_text(shape)}"


def _layer(network: Network, part: Part) -> Iterator[str]:
    """The functions of a layer: one for each connection into it, and its step."""
    for wire in part.wires:
        yield from _wire(network, part, wire)
    layer = part.layer
    spiking = layer.neuron.spiking
    held = "64" if part.limits.wide else "32"
    halved = "Weights are even and lie halved in flash: the neurons double the sums."
    yield from comment(
        f"Layer {_quoted(layer.name)}: {layer.neuron.kind}, {_neurons(layer.shape)}.",
        f"Inputs: at most {part.limits.inputs:,} weight units; the sums are {part.sums}.",
        f"Current: at most {part.limits.current:,}; current and membrane have {held} bits.",
        *part.update.told,
        *([halved] if part.units != 1 else []),
    )
    takes = "const net_input *in" if _reads_input(part) else "void"
    yield f"static void step_{part.name}({takes})"
    yield "{"
    sum_name = "sum_wide" if part.limits.wide_inputs else "sum"
    own = []
    own.append(f"{part.sums} *const sum = S.{sum_name};")
    if spiking:
        delayed = layer.name in network.delays
        at = f"S.spikes_{part.name}{f'[S.slot_{part.name}]' if delayed else ''}"
        own += [f"uint32_t *const spikes = {at};"]
        own += loop("word", words(layer.size), ["spikes[word] = 0u;"])
    first = f"in->current_{part.name}[n]" if part.host else "0"
    own += loop("n", layer.size, [f"sum[n] = {first};"])
    for wire in part.wires:
        own += _call(network, wire)
    own += part.update.update
    if spiking:
        own.append(f"TRACE_SPIKES({part.number}u, spikes);")
    elif layer.name in network.delays:
        name = part.name
        sent = f"floor_shift((int32_t)S.v_{name}[n], {fixed_point.ACTIVATION_SHIFT}u)"
        own += loop("n", layer.size, [f"S.sent_{name}[S.slot_{name}][n] = {sent};"])
    yield from indented(own)
    yield "}"


def _reads_input(part: Part) -> bool:
    return part.host or any(w.from_input and not w.connection.delay for w in part.wires)


def _call(network: Network, wire: Wire) -> list[str]:
    """Adds a connection's currents to the sums."""
    c, source = wire.connection, network.names[wire.connection.source]
    ring = network.delays.get(c.source)
    if not c.delay and wire.from_input:
        return [f"add_{wire.name}(in->spikes_{source}, sum);"]
    slot = f"S.slot_{source}"
    if c.delay:
        assert ring is not None
        wrapped = f"{slot} + {ring + 1 - c.delay}u"
        slot = f"({slot} >= {c.delay}u) ? ({slot} - {c.delay}u) : ({wrapped})"
    if not wire.graded:
        sent = f"S.spikes_{source}{f'[{slot}]' if ring else ''}"
    elif c.delay:
        sent = f"S.sent_{source}[{slot}]"
    else:
        sent = f"S.v_{source}"
    return [f"add_{wire.name}({sent}, sum);"]


def _wire(network: Network, part: Part, wire: Wire) -> Iterator[str]:
    """The function of a connection."""
    c, fan = wire.connection, wire.fan_out
    synapse = c.synapse
    late = f", {c.delay} {'step' if c.delay == 1 else 'steps'} late" if c.delay else ""
    factor = fan.times // part.units
    graded = (
        "Membranes in weight units, times weights; then divided by 2 to the power "
        f"{c.shift or 0}, rounded down."
    )
    yield from comment(
        f"{_quoted(c.name)}: {type(synapse).__name__}, from {_quoted(c.source)} "
        f"{shape_text(synapse.in_shape)} to {_quoted(c.target)} {shape_text(synapse.out_shape)}"
        f"{late}: {fan.told}.",
        *([graded] if wire.graded else []),
    )
    if not wire.graded:
        yield f"static void add_{wire.name}(const uint32_t *spikes, {part.sums} *sum)"
        yield "{"
        sums = Sums("sum", part.sums, "" if factor == 1 else f" * {factor}")
        masked = wire.from_input and not c.delay
        yield from indented(each_spike("spikes", wire.neurons, list(fan.body(sums)), masked=masked))
    else:
        yield from _graded(network, part, wire)
    yield "}"
    yield ""


def _graded(network: Network, part: Part, wire: Wire) -> Iterator[str]:
    """Membranes times weights, and what is added of their sums."""
    c, fan = wire.connection, wire.fan_out
    sender = network.part(c.source)
    held = "int64_t" if sender.limits.wide and not c.delay else "int32_t"
    products, suffix = ("int64_t", "_wide") if wire.wide_product else ("int32_t", "")
    sums = Sums("product", products, f" * {'(int64_t)' if wire.wide_product else ''}value")
    payload = "sent[source]"
    if not c.delay:
        narrow = "(int32_t)" if held == "int64_t" else ""
        payload = f"floor_shift({narrow}sent[source], {fixed_point.ACTIVATION_SHIFT}u)"
    yield f"static void add_{wire.name}(const {held} *sent, {part.sums} *sum)"
    yield "{"
    yield f"{INDENT}{products} *const product = S.product{suffix};"
    yield from indented(loop("target", part.layer.size, ["product[target] = 0;"]))
    body = [
        f"const int32_t value = {payload};",
        "if (value != 0) {",
        *indented(fan.body(sums)),
        "}",
    ]
    yield from indented(loop("source", wire.neurons, body))
    # Halved weights are one shift less.
    shift = (c.shift or 0) - (fan.times == 2)
    share = f"floor_shift{suffix}(product[target], {shift}u)"
    if shift <= 0:
        widened = "(int64_t)" if part.limits.wide_inputs and not wire.wide_product else ""
        share = f"{widened}product[target]{f' * {1 << -shift}' if shift else ''}"
    if wire.wide_product and not part.limits.wide_inputs:
        share = f"(int32_t)({share})"
    yield from indented(loop("target", part.layer.size, [f"sum[target] += {share};"]))


def _reset(network: Network) -> list[str]:
    """What is not 0 before the first step."""
    return [line for part in network.parts for line in part.update.reset]


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
    lines += [f"step_{p.name}({'in' if _reads_input(p) else ''});" for p in network.parts]
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
    if not any(map(_reads_input, network.parts)) and not network.delays.keys() & {
        port.name for port in network.spike_inputs
    }:
        lines.insert(0, "(void)in;")
    return lines
