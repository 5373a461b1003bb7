"""Fixed-point program → netx layers, or why netx cannot hold it.

netx is a chain: an input, then layers of one synapse and one population each. Our file begins with
neurons that repeat the input (`RELAY`): with such a layer, and only with one, netx's default
``reset_offset = 0`` resets every layer at the first step of a sample and not one too early.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

import numpy as np

from snnvae.errors import UnsupportedError
from snnvae.export.netx.layer import (
    BIAS_EXPONENT,
    FULL_DECAY,
    RELAY,
    CubaNeuron,
    Geometry,
    NetxLayer,
)
from snnvae.export.netx.weights import dense_weights
from snnvae.primitive import Shape
from snnvae.primitives import fixed_point
from snnvae.primitives.convolution import Convolution
from snnvae.primitives.of_layer import fixed_neuron
from snnvae.program import Connection, Layer, Program

MAX_DENSE = 1 << 24
"""Most weights that a synapse other than a convolution may become as a dense matrix."""
INT8_MAX = 127
"""netx keeps stride, padding, dilation, kernel size and groups in 8 bits."""


def from_program(program: Program) -> tuple[NetxLayer, ...]:
    """The layers of a file on which netx gives the program's spikes, bit for bit.

    UnsupportedError, naming the layer, the reason and the remedy, for all that netx lacks.
    """
    chain = _chain(program)
    source = program.inputs[0].shape
    layers = [NetxLayer("input", source if len(source) == 3 else (prod(source),), RELAY)]
    for connection, layer in chain:
        last = layer is program.layers[-1]
        layers += _named(connection, layer, layers[-1].shape, last)
    return tuple(layers)


def _named(connection: Connection, layer: Layer, at: Shape, last: bool) -> list[NetxLayer]:
    try:
        return list(_entries(connection, layer, at, last))
    except UnsupportedError as error:
        raise UnsupportedError(f"netx: '{layer.name}' {error}") from None


def _chain(program: Program) -> list[tuple[Connection, Layer]]:
    """The layers in order, each with the only connection into it."""
    if program.precision != "fixed":
        raise UnsupportedError("netx: holds integers only; compile with precision 'fixed'")
    if len(program.inputs) != 1:
        names = ", ".join(f"'{port.name}'" for port in program.inputs)
        raise UnsupportedError(f"netx: has one input, the network has {names}; export a part of it")
    (port,) = program.inputs
    if port.analog:
        raise UnsupportedError(
            f"netx: input '{port.name}' takes analog values, whose currents the host computes; "
            "encode them as spikes, or put neurons that do so first and export what follows"
        )
    for group in program.groups:
        raise UnsupportedError(
            f"netx: layers {', '.join(map(repr, group))} form a loop; netx would carry its last "
            "spikes into the next sample. Run it with `snnvae run-lava`"
        )
    before, chain = port.name, []
    for layer in program.layers:
        into = program.into(layer.name)
        if len(into) != 1 or into[0].source != before:
            sources = ", ".join(f"'{c.source}'" for c in into) or "nothing"
            raise UnsupportedError(
                f"netx: is a chain without branches, but '{layer.name}' is fed by {sources} where "
                f"'{before}' alone would be; export a part of the network"
            )
        chain.append((into[0], layer))
        before = layer.name
    for name, source in program.outputs.items():
        if source != before:
            raise UnsupportedError(
                f"netx: ends with '{before}', but output '{name}' is of '{source}'; export the "
                "part up to there"
            )
    return chain


def _entries(connection: Connection, layer: Layer, at: Shape, last: bool) -> Iterator[NetxLayer]:
    """One layer of the file, after a flatten where its synapse needs one."""
    if connection.delay:
        raise UnsupportedError(
            "gets its spikes after a delay, which netx drops in convolutions and carries into the "
            "next sample elsewhere; remove it"
        )
    if np.any(getattr(connection, "shift", 0)):
        raise UnsupportedError("has a weight exponent; netx has one exponent, 0")
    synapse = connection.synapse
    neuron = _neuron(layer, last)
    if isinstance(synapse, Convolution) and not synapse.transposed and len(synapse.in_shape) == 3:
        if at != synapse.in_shape:
            raise UnsupportedError(
                "is a convolution behind a dense layer, whose neurons netx keeps in a row; write "
                "it as an Affine"
            )
        bias = _bias(layer, synapse.out_shape)
        geometry = _geometry(synapse)
        yield NetxLayer("conv", synapse.out_shape, neuron, synapse.weight, bias, geometry)
        return
    rows, columns = prod(synapse.out_shape), prod(synapse.in_shape)
    if rows * columns > MAX_DENSE:
        raise UnsupportedError(
            f"needs a dense matrix of {rows:,} × {columns:,} ({type(synapse).__name__}), beyond "
            f"{MAX_DENSE:,} weights; use smaller maps or convolutions"
        )
    if len(at) == 3:
        yield NetxLayer("flatten", (prod(at),))
    weight = synapse.matrix().toarray().astype(np.int64)
    heard = dense_weights(weight)
    if (heard != weight).any():
        wrong = int((heard != weight).sum())
        raise UnsupportedError(
            f"has no weight above 0 and a lowest one that is a power of two, {weight.min()}: netx "
            f"would change {wrong} of its weights; give one of them a positive value"
        )
    yield NetxLayer("dense", (rows,), neuron, weight, _bias(layer, (rows,)))


def _geometry(synapse: Convolution) -> Geometry:
    """The convolution's numbers; its padding must be equal on both sides, and all within 8 bits."""
    for axis in synapse.axes:
        span = axis.dilation * (axis.kernel - 1)
        if (axis.n_in + 2 * axis.padding - span - 1) // axis.stride + 1 != axis.n_out:
            raise UnsupportedError(
                "is padded differently before and after (padding 'same' with an even kernel); use "
                "an odd kernel or give the padding in numbers"
            )
    numbers = (*synapse.stride, *synapse.padding, *synapse.dilation, *synapse.weight.shape[2:])
    for name, value in (("groups", synapse.groups), ("geometry", max(numbers))):
        if value > INT8_MAX:
            raise UnsupportedError(
                f"has {name} of {value}, which netx keeps in 8 bits ({INT8_MAX} at most); write "
                "it as several layers"
            )
    return Geometry(synapse.stride, synapse.padding, synapse.dilation, synapse.groups)


def _neuron(layer: Layer, last: bool) -> CubaNeuron:
    """The layer's neurons as netx's CUBA neurons."""
    neuron = fixed_neuron(layer)
    if not neuron.spiking and not last:
        raise UnsupportedError("sends its membrane on; netx's neurons send spikes")
    if np.any(neuron.start != 0):
        raise UnsupportedError(
            "starts away from v_reset, where netx's neurons start; if it need not, pass "
            "`initial` v_reset"
        )
    if getattr(neuron, "reset", "zero") != "zero":
        raise UnsupportedError("resets by subtraction, netx's neurons to zero; train with that")
    if getattr(neuron, "fires_at_threshold", False):
        raise UnsupportedError("fires at its threshold, netx's neurons above it; train with that")
    threshold, du = getattr(neuron, "threshold", None), getattr(neuron, "du", None)
    never = fixed_point.THRESHOLD_MAX
    return CubaNeuron(
        # Lava's du is one less than the 4096ths that decay.
        current_decay=_one("tau_syn", FULL_DECAY if du is None else du + 1),
        voltage_decay=_one("tau", getattr(neuron, "dv", FULL_DECAY)),
        threshold=_one("threshold", never if threshold is None else threshold),
    )


def _one(what: str, value: np.ndarray | int) -> int:
    """The value that all neurons of a layer share."""
    if np.ndim(value):
        raise UnsupportedError(
            f"has a {what} per neuron, netx one for all; make them equal within the layer"
        )
    return int(value)


def _bias(layer: Layer, shape: Shape) -> np.ndarray | None:
    """Returns the bias in whole weight units:
    per neuron (N,), per channel (C,) or, if it differs there, `shape`."""
    neuron = fixed_neuron(layer)
    value = np.broadcast_to(neuron.bias.value, layer.shape).reshape(shape)
    if not value.any():
        return None
    if (value % (1 << BIAS_EXPONENT)).any():
        raise UnsupportedError(
            "has biases finer than a weight unit, and netx holds whole ones (bias_exp 6); pass "
            "`round_bias` to round them"
        )
    units: np.ndarray = value >> BIAS_EXPONENT
    limit = fixed_point.BIAS_MANTISSA_MAX
    if np.abs(units).max() > limit:
        raise UnsupportedError(
            f"has a bias of {np.abs(units).max()} weight units, netx holds {limit}; make it smaller"
        )
    if len(shape) == 1:
        return units
    channel = units[:, :1, :1]
    return channel[:, 0, 0] if (units == channel).all() else units
