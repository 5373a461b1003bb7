"""How large a layer's numbers can become, whatever enters: which integers hold them.

S is the largest sum of a layer's inputs, k < 1 the share of its current that a step keeps. Where
64·S/(1 − k) is below 2²³ no current ever wraps, and it is the bound. Else a current is at most
64·S + U before it wraps, where u ← max(2²³, k·u + 64·S − 2²⁴) does not grow beyond U.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from snnvae.errors import UnsupportedError
from snnvae.primitives import FixedNeuron, fixed_point
from snnvae.primitives.of_layer import fixed_neuron
from snnvae.program import Connection, Layer, Program

INT32 = 2**31 - 1
HOST_LIMIT = 2**20 - 1
"""Largest current of the host's, in weight units: 8 times what a membrane holds."""
MOST = 2**51
"""Of any number, so that 64 bits hold it times 4096, as in the definition of a decay."""
_PAYLOAD = 1 << (24 - 1 - fixed_point.ACTIVATION_SHIFT)
_UNIT = 1 << fixed_point.ACTIVATION_SHIFT


@dataclass(frozen=True)
class Bounds:
    """Of one layer. inputs: S, in weight units; current: |u| before it is wrapped, in the
    membrane's units; products: of each graded connection, before its shift."""

    inputs: int
    current: int
    start: int
    products: dict[str, int]

    @property
    def wide_inputs(self) -> bool:
        """Tells whether the inputs need 64 bits."""
        return self.inputs > INT32

    @property
    def wide(self) -> bool:
        """Tells whether current and membrane need 64 bits."""
        # The membrane adds its own 24 bits, a bias of 19 and a threshold of 23.
        return self.current + 2**25 > INT32 or self.start > INT32

    @property
    def wraps(self) -> bool:
        """Tells whether a current can leave 24 bits."""
        return self.current > fixed_point.STATE_LIMIT - 1


def bounds(program: Program, layer: Layer, host_limit: int = HOST_LIMIT) -> Bounds:
    """Of the layer, in a fixed-point program; UnsupportedError where 64 bits do not hold them."""
    rows = np.zeros(layer.size, object)
    products: dict[str, int] = {}
    for c in program.into(layer.name):
        if c.on_host:
            continue
        sums = _row_sums(c)
        if program.carries_membranes(c):
            products[c.name] = int(sums.max(initial=0)) * _PAYLOAD
            shift = c.shift or 0
            whole = [int(s) * _PAYLOAD for s in sums]
            sums = np.array([(w >> shift) + 1 if shift >= 0 else w << -shift for w in whole])
        rows = rows + np.asarray([int(s) for s in sums], object)
    host = sum(host_limit for c in program.into(layer.name) if c.on_host)
    largest = max((int(n) for n in rows), default=0) + host
    neuron = fixed_neuron(layer)
    current = _current(neuron, _UNIT * largest)
    if max([current, *products.values()]) >= MOST:
        raise UnsupportedError(
            f"'{layer.name}' sums inputs of up to {largest:,} weight units, beyond what 64 bits "
            "hold of its current; scale its weights or its input"
        )
    start = int(np.abs(neuron.start).max(initial=0))
    return Bounds(largest, current, start, products)


def _row_sums(c: Connection) -> np.ndarray:
    """Σ|w| of each target, int64."""
    return np.asarray(abs(c.synapse.matrix()).sum(axis=1)).astype(np.int64).reshape(-1)


def _current(neuron: FixedNeuron, inputs: int) -> int:
    """The largest |u| before it is wrapped."""
    if neuron.du is None:
        return inputs
    limit, whole = fixed_point.STATE_LIMIT, 1 << fixed_point.DECAY_BITS
    forgotten = int(np.min(neuron.du)) + 1
    never_wrapped = -(-inputs * whole // forgotten)
    if never_wrapped < limit:
        return never_wrapped
    beyond = inputs - 2 * limit
    if beyond <= 0:
        return limit + inputs
    return max(limit, -(-beyond * whole // forgotten)) + inputs
