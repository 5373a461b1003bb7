"""The functions of a layer: one for each connection into it, and its step."""

from __future__ import annotations

from collections.abc import Iterator

from snnvae.deploy.c import fan_outs, neurons
from snnvae.deploy.c.fan_outs import Sums
from snnvae.deploy.c.text import comment, each_spike, loop
from snnvae.deploy.microcontroller.network import Network, Part, Wire
from snnvae.deploy.microcontroller.text import INDENT, indented, words
from snnvae.primitives import fixed_point


def functions(network: Network, part: Part) -> Iterator[str]:
    """The functions of a layer: one for each connection into it, and its step."""
    for wire in part.wires:
        yield from _wire(network, part, wire)
    layer, sums = part.layer, f"{part.sums}_t"
    spiking = layer.neuron.spiking
    yield from comment(*part.told(sums))
    takes = "const net_input *in" if part.reads_input else "void"
    yield f"static void step_{part.name}({takes})"
    yield "{"
    sum_name = "sum_wide" if part.limits.wide_inputs else "sum"
    own = []
    own.append(f"{sums} *const sum = S.{sum_name};")
    if spiking:
        delayed = layer.name in network.delays
        at = f"S.spikes_{part.name}{f'[S.slot_{part.name}]' if delayed else ''}"
        own += [f"uint32_t *const spikes = {at};"]
        own += loop("word", words(layer.size), ["spikes[word] = 0u;"])
    first = f"in->current_{part.name}[n]" if part.host else "0"
    own += loop("n", layer.size, [f"sum[n] = {first};"])
    for wire in part.wires:
        own += _call(network, wire)
    own += neurons.step(part.update, part.name, part.number)
    if spiking:
        own.append(f"TRACE_SPIKES({part.number}u, spikes);")
    elif layer.name in network.delays:
        name = part.name
        sent = f"floor_shift((int32_t)S.v_{name}[n], {fixed_point.ACTIVATION_SHIFT}u)"
        own += loop("n", layer.size, [f"S.sent_{name}[S.slot_{name}][n] = {sent};"])
    yield from indented(own)
    yield "}"


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
    factor = fan.times // part.units
    yield from comment(*wire.told)
    if not wire.graded:
        yield f"static void add_{wire.name}(const uint32_t *spikes, {part.sums}_t *sum)"
        yield "{"
        sums = Sums("sum", f"{part.sums}_t", "" if factor == 1 else f" * (int32_t){factor}")
        masked = wire.from_input and not c.delay
        yield from indented(
            each_spike("spikes", wire.neurons, fan_outs.body(fan, sums), masked=masked)
        )
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
    yield f"static void add_{wire.name}(const {held} *sent, {part.sums}_t *sum)"
    yield "{"
    yield f"{INDENT}{products} *const product = S.product{suffix};"
    yield from indented(loop("target", part.layer.size, ["product[target] = 0;"]))
    body = [
        f"const int32_t value = {payload};",
        "if (value != 0) {",
        *indented(fan_outs.body(fan, sums)),
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
