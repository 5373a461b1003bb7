"""The functions of a layer: one for each connection into it, and its step."""

from __future__ import annotations

import re
from collections.abc import Iterator

from snnvae.deploy.microcontroller.network import Network, Part, Wire
from snnvae.deploy.microcontroller.text import words
from snnvae.deploy.rust import fan_outs, neurons
from snnvae.deploy.rust.fan_outs import Sums
from snnvae.deploy.rust.text import block, cast, comment, each_spike, kind
from snnvae.primitives import fixed_point


def functions(network: Network, part: Part) -> Iterator[str]:
    """The functions of a layer: one for each connection into it, and its step."""
    for wire in part.wires:
        yield from _wire(network, part, wire)
    sums = kind(part.sums)
    yield from comment(*part.told(sums), mark="///")
    input_ = ", input: &Input" if part.reads_input else ""
    head = f"pub(crate) fn step_{part.name}<W: Watch>(net: &mut Net{input_}, watch: &mut W)"
    yield from block(head, _step(network, part, sums))
    yield ""


def _step(network: Network, part: Part, sums: str) -> list[str]:
    layer, name, size = part.layer, part.name, part.layer.size
    delayed = layer.name in network.delays
    slot = f"[net.slot_{name} as usize]" if delayed else ""
    held = "sum_wide" if part.limits.wide_inputs else "sum"
    lines = [_first("sum", f"net.{held}", size)]
    if not part.host:
        lines.append(f"*sum = [0; {size}];")
    elif sums == "i32":
        lines.append(f"sum.copy_from_slice(&input.current_{name});")
    else:
        head = f"for (to, from) in sum.iter_mut().zip(&input.current_{name})"
        lines += block(head, ["*to = i64::from(*from);"])
    for wire in part.wires:
        lines += _call(network, part, wire)
    if layer.neuron.spiking:
        lines.append(f"let spikes = &mut net.spikes_{name}{slot};")
        lines.append(f"*spikes = [0; {words(size)}];")
    lines += neurons.step(part.update, name, part.number, sums)
    if layer.neuron.spiking:
        lines.append(f"watch.spikes({part.number}, spikes);")
    elif delayed:
        wide = " as i32" if part.limits.wide else ""
        head = f"for (to, v) in net.sent_{name}{slot}.iter_mut().zip(&net.v_{name})"
        lines += block(head, [f"*to = {_sent(f'*v{wide}')};"])
    return lines


def _first(name: str, of: str, size: int) -> str:
    """The first `size` of an array that is at least as long."""
    return f"let Some({name}) = {of}.first_chunk_mut::<{size}>() else {{ return }};"


def _sent(membrane: str) -> str:
    """What is sent of a membrane: whole weight units, rounded down."""
    return (
        f"({membrane}) >> {fixed_point.ACTIVATION_SHIFT}"
        if " " in membrane
        else (f"{membrane} >> {fixed_point.ACTIVATION_SHIFT}")
    )


def _call(network: Network, part: Part, wire: Wire) -> list[str]:
    """Adds a connection's currents to the sums."""
    c, source = wire.connection, network.names[wire.connection.source]
    ring = network.delays.get(c.source)
    if not c.delay and wire.from_input:
        return [f"add_{wire.name}(&input.spikes_{source}, sum, watch);"]
    slot = ""
    if ring is not None:
        slot = f"[net.slot_{source} as usize]"
    if c.delay:
        assert ring is not None
        slot = f"[before(net.slot_{source}, {c.delay}, {ring + 1})]"
    if not wire.graded:
        return [f"add_{wire.name}(&net.spikes_{source}{slot}, sum, watch);"]
    sent = f"net.sent_{source}{slot}" if c.delay else f"net.v_{source}"
    product = "product_wide" if wire.wide_product else "product"
    return [
        _first("product", f"net.{product}", part.layer.size),
        f"add_{wire.name}(&{sent}, product, sum, watch);",
    ]


def _wire(network: Network, part: Part, wire: Wire) -> Iterator[str]:
    """The function of a connection."""
    c, fan = wire.connection, wire.fan_out
    factor, sums, size = fan.times // part.units, kind(part.sums), part.layer.size
    yield from comment(*wire.told, mark="///")
    if wire.graded:
        yield from _graded(network, part, wire)
    else:
        own = Sums("sum", sums, "" if factor == 1 else f" * {factor}")
        masked = wire.from_input and not c.delay
        takes = f"spikes: &[u32; {words(wire.neurons)}], sum: &mut [{sums}; {size}]"
        head = f"fn add_{wire.name}<W: Watch>({takes}, watch: &mut W)"
        yield from block(head, each_spike(wire.neurons, fan_outs.body(fan, own), masked=masked))
    yield ""


def _graded(network: Network, part: Part, wire: Wire) -> Iterator[str]:
    """Membranes times weights, and what is added of their sums."""
    c, fan, size, sums = wire.connection, wire.fan_out, part.layer.size, kind(part.sums)
    sender = network.part(c.source)
    held = "i64" if sender.limits.wide and not c.delay else "i32"
    products = "i64" if wire.wide_product else "i32"
    payload = "*sent" if c.delay else _sent(cast("*sent", held, "i32"))
    own = Sums("product", products, f" * {cast('value', 'i32', products)}")
    takes = (
        f"sent: &[{held}; {wire.neurons}], product: &mut [{products}; {size}], "
        f"sum: &mut [{sums}; {size}]"
    )
    each = [f"let value = {payload};", *block("if value != 0", fan_outs.body(fan, own))]
    # Halved weights are one shift less.
    shift = (c.shift or 0) - (fan.times == 2)
    made = products
    if shift > 0:
        share = f"*product >> {shift}"
    else:
        made = max(products, sums)
        share = cast("*product", products, made) + (f" * {1 << -shift}" if shift else "")
    share = cast(share if made == sums else f"({share})", made, sums)
    head = f"fn add_{wire.name}<W: Watch>({takes}, watch: &mut W)"
    body = [
        f"*product = [0; {size}];",
        *block("for (source, sent) in sent.iter().enumerate()", each),
        *block("for (to, product) in sum.iter_mut().zip(product)", [f"*to += {share};"]),
    ]
    yield from block(head, body)


def uses(body: str) -> list[str]:
    """What a text of functions takes from the other files."""
    helpers = ("before", "clipped", "clipped_wide", "decayed", "decayed_wide", "wrapped",
               "wrapped_wide")  # fmt: skip
    used = [name for name in helpers if re.search(rf"\b{name}\(", body)]
    own = [name for name in ("Input", "Net", "Watch") if re.search(rf"\b{name}\b", body)]
    return [
        *([f"use super::arithmetic::{{{', '.join(used)}}};"] if used else []),
        *([f"use super::{{{', '.join(own)}}};"] if own else []),
    ]
