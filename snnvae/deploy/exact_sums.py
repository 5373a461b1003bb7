"""Float sums that are exact, so that every backend, in whatever order it adds, gets the same.

A layer's weights are rounded to multiples of one power of two, its grid, so fine that no sum of
them needs more than 53 bits:

    grid = 2^(⌈log₂ B⌉ − 51),   B the largest Σ|w| (and |host current|) of its neurons.

That moves a weight by at most half a grid step, less than the last bit of the largest sum. Without
it a gain such as 0.2 leaves weights whose sums round differently in another order, and weights that
meet a threshold exactly (quantised ones do) would fire in one backend and not in the other. Sums of
membranes are not exact: these have any value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from snnvae.errors import GraphError
from snnvae.program import Connection, Input, Layer

BITS = 51
"""Of a sum: two fewer than float64 holds, one for the bound's own rounding."""


def on_grid(
    layers: dict[str, Layer], connections: Sequence[Connection], inputs: Sequence[Input]
) -> tuple[dict[str, Layer], tuple[Connection, ...]]:
    """Layers with their grids, and connections with weights on them.

    GraphError where weights, gains or biases multiply to something that is not finite.
    """
    ports = {port.name: port for port in inputs}
    bounds = dict.fromkeys(layers, 0.0)
    for c in connections:
        largest = c.synapse.largest_sum()
        if c.on_host:
            port = ports[c.source]
            bias = 0.0 if c.host_bias is None else float(np.abs(c.host_bias).max(initial=0.0))
            largest = largest * max(abs(port.low), abs(port.high)) + bias
        if not np.isfinite(largest):
            raise GraphError(
                f"the weights of '{c.name}', times what '{c.target}' makes of a current, are not "
                "finite; scale them down"
            )
        bounds[c.target] += largest
    found = {}
    for name, layer in layers.items():
        if not np.isfinite(layer.neuron.bias_value).all() or not np.isfinite(bounds[name]):
            raise GraphError(
                f"the bias or the weights into '{name}' are not finite; scale them down"
            )
        found[name] = replace(layer, weight_grid=_grid(bounds[name]))
    return found, tuple(_snapped(c, found[c.target].weight_grid) for c in connections)


def _grid(bound: float) -> float:
    """2^(⌈log₂ bound⌉ − 51); 0 where nothing comes in, or so little that no grid is finer."""
    if not bound:
        return 0.0
    return float(np.ldexp(1.0, int(np.frexp(bound)[1]) - BITS))


def _snapped(c: Connection, grid: float) -> Connection:
    if c.on_host or not grid:
        return c
    return replace(c, synapse=c.synapse.with_weight(np.rint(c.synapse.weight / grid) * grid))
