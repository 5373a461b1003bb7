"""The demands of a layer's neurons on a core: axons that reach them and memory for their synapses.

Only synapses whose weight is not 0 are stored. Where a chip shares kernels, a convolution's kernel
is stored once on each core for the output channels that lie there. Currents that the host computes
arrive as values and need no synapses, but one axon per neuron.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np
import scipy.sparse as sp

from snnvae.deploy.chips.chip import Chip
from snnvae.primitives.convolution import Convolution
from snnvae.program import Connection, Layer, Program


@dataclass(frozen=True, eq=False)
class Inlet:
    """One connection as its target's core stores it.

    matrix: (neurons of the layer, axons). bits: of one synapse, target's number included. Where the
    kernel is shared, `channel` is that of each neuron and `kernel_bits` the memory of each channel.
    """

    matrix: sp.csr_array
    bits: int
    stored: bool = True
    channel: np.ndarray | None = None
    kernel_bits: np.ndarray | None = None


@dataclass(frozen=True)
class Need:
    """The demands of a set of neurons of one layer on its core."""

    neurons: int
    synapses: int
    memory_bits: int
    in_axons: int


def inlets(program: Program, layer: Layer, chip: Chip) -> list[Inlet]:
    """Returns all that reaches a layer."""
    return [_inlet(c, layer, chip) for c in program.into(layer.name)]


def _inlet(connection: Connection, layer: Layer, chip: Chip) -> Inlet:
    if connection.on_host:
        return Inlet(sp.csr_array(sp.identity(layer.size, format="csr")), 0, stored=False)
    synapse = connection.synapse
    matrix = sp.csr_array(synapse.matrix())
    weight_bits = chip.limit("weight_bits") or 0
    shared = isinstance(synapse, Convolution) and not synapse.transposed
    if shared and chip.synapse.shared_kernels:
        per_channel = prod(synapse.out_shape[1:])
        kernels = np.count_nonzero(synapse.weight.reshape(len(synapse.weight), -1), axis=1)
        channel = np.arange(layer.size) // per_channel
        return Inlet(matrix, weight_bits, True, channel, kernels * weight_bits)
    bits = weight_bits + connection.delay.bit_length()
    if matrix.nnz < prod(matrix.shape):
        bits += chip.synapse.index_width(chip.limit("neurons_per_core") or layer.size)
    return Inlet(matrix, bits)


class Meter:
    """Adds neurons to a core one by one and knows what they need together."""

    def __init__(self, inlets: list[Inlet], chip: Chip) -> None:
        self._inlets, self._format = inlets, chip.synapse
        self._counts = [np.zeros(inlet.matrix.shape[1], np.int64) for inlet in inlets]
        self._channels: list[set[int]] = [set() for _ in inlets]
        self.need = Need(0, 0, 0, 0)

    def with_neuron(self, neuron: int) -> Need:
        """Returns what is needed with one more neuron."""
        synapses, memory, axons = self.need.synapses, self.need.memory_bits, self.need.in_axons
        for inlet, counts, channels in zip(self._inlets, self._counts, self._channels):
            columns = _row(inlet.matrix, neuron)
            before = counts[columns]
            axons += int(np.count_nonzero(before == 0))
            if not inlet.stored:
                continue
            if inlet.channel is not None and inlet.kernel_bits is not None:
                channel = int(inlet.channel[neuron])
                if channel not in channels:
                    memory += int(inlet.kernel_bits[channel])
                    synapses += int(inlet.kernel_bits[channel]) // max(inlet.bits, 1)
                continue
            synapses += len(columns)
            more = self._format.axon_bits(before + 1, inlet.bits)
            memory += int((more - self._format.axon_bits(before, inlet.bits)).sum())
        return Need(self.need.neurons + 1, synapses, memory, axons)

    def add(self, neuron: int, need: Need) -> None:
        """Take the neuron, whose `with_neuron` was `need`."""
        for inlet, counts, channels in zip(self._inlets, self._counts, self._channels):
            counts[_row(inlet.matrix, neuron)] += 1
            if inlet.channel is not None:
                channels.add(int(inlet.channel[neuron]))
        self.need = need


def _row(matrix: sp.csr_array, row: int) -> np.ndarray:
    columns: np.ndarray = matrix.indices[matrix.indptr[row] : matrix.indptr[row + 1]]
    return columns
