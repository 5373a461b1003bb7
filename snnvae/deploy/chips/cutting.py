"""Cutting a layer into pieces of neurons, each no larger than a core."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from snnvae.deploy.chips.chip import Chip
from snnvae.deploy.chips.demand import Inlet, Meter, Need
from snnvae.program import Layer


@dataclass(frozen=True, eq=False)
class Piece:
    """Neurons of one layer on one core: their flat indices and what they need."""

    layer: str
    neurons: np.ndarray
    need: Need
    out_axons: int = 0
    core: int = -1


class Cutter:
    """Cuts one layer, in the order that takes fewer pieces.

    What a walk finds without regard to out-axons is also what it finds with it wherever these fit,
    so that each order is walked once and again only where they do not.
    """

    def __init__(self, layer: Layer, into: list[Inlet], chip: Chip) -> None:
        self.layer, self._into, self._chip = layer, into, chip
        flat = np.arange(layer.size)
        self._orders = [flat]
        if len(layer.shape) == 3:
            self._orders.append(flat.reshape(layer.shape[0], -1).T.reshape(-1))
        self._free = [self._walked(order, np.zeros(layer.size, np.int64)) for order in self._orders]

    def cut(self, reach: np.ndarray) -> list[Piece]:
        """Pieces, where each neuron's spikes go to `reach` pieces."""
        cuts = [
            free if self._fit(free, reach) else self._walked(order, reach)
            for order, free in zip(self._orders, self._free)
        ]
        return min(cuts, key=len)

    def _fit(self, pieces: list[Piece], reach: np.ndarray) -> bool:
        """One neuron alone may need more than there is: no cut mends that."""
        return all(
            len(p.neurons) == 1 or fits(p.need, int(reach[p.neurons].sum()), self._chip)
            for p in pieces
        )

    def _walked(self, order: np.ndarray, reach: np.ndarray) -> list[Piece]:
        return _walk(self.layer, order, self._into, reach, self._chip)


def _walk(
    layer: Layer, order: np.ndarray, into: list[Inlet], reach: np.ndarray, chip: Chip
) -> list[Piece]:
    """Neurons in order, a new piece wherever the next one would not fit."""
    pieces: list[Piece] = []
    meter, taken, out = Meter(into, chip), list[int](), 0
    for neuron in order.tolist():
        need = meter.with_neuron(neuron)
        if taken and not fits(need, out + int(reach[neuron]), chip):
            pieces.append(Piece(layer.name, np.array(taken), meter.need))
            meter, taken, out = Meter(into, chip), [], 0
            need = meter.with_neuron(neuron)
        meter.add(neuron, need)
        taken.append(neuron)
        out += int(reach[neuron])
    pieces.append(Piece(layer.name, np.array(taken), meter.need))
    return pieces


def loads(need: Need, out_axons: int) -> dict[str, int]:
    """Returns what a core must hold, by the name of the chip's limit."""
    return {
        "neurons_per_core": need.neurons,
        "memory_per_core": -(-need.memory_bits // 8),
        "in_axons_per_core": need.in_axons,
        "out_axons_per_core": out_axons,
    }


def fits(need: Need, out_axons: int, chip: Chip) -> bool:
    """Tells whether a core holds what is needed."""
    return share(need, out_axons, chip) <= 1


def share(need: Need, out_axons: int, chip: Chip) -> float:
    """The fullest resource of a core, of 1."""
    known = ((load, chip.limit(name)) for name, load in loads(need, out_axons).items())
    return max(load / limit for load, limit in known if limit)
