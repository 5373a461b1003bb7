"""Small networks of convolutions, whose weights are so round that float32 sums them exactly."""

from __future__ import annotations

from itertools import pairwise

import nir
import numpy as np

from snnvae.deploy.settings import METADATA_KEY, METADATA_VERSION
from snnvae.export.builder import build_graph

DT = 1e-3
GRID = 2.0**-6
"""Weights are multiples of it."""


def conv_chain(
    channels: int, side: int, layers: int, *, rate: float = 0.3, steps: int = 16, seed: int = 0
) -> nir.NIRGraph:
    """`layers` times Conv2d 3×3 (pad 1) and LIF, all of `channels` maps of side × side.

    Membranes halve in each step, the threshold is 1. rate: of the input, to which the weights are
    fitted so that layers fire at some 20 to 30 %.
    """
    rng = np.random.default_rng(seed)
    shape = (channels, side, side)
    nodes: dict[str, nir.NIRNode] = {"in": nir.Input({"input": np.array(shape)})}
    spread = 1.6 / np.sqrt(9 * channels * rate)
    for i in range(layers):
        weight = rng.normal(0, spread, (channels, channels, 3, 3))
        weight = np.rint(weight / GRID) * GRID
        bias = np.zeros(channels, np.float32)
        nodes[f"conv{i}"] = nir.Conv2d((side, side), weight.astype(np.float32), 1, 1, 1, 1, bias)
        nodes[f"lif{i}"] = _lif(shape)
    nodes["out"] = nir.Output({"output": np.array(shape)})
    names = list(nodes)
    own = {"version": METADATA_VERSION, "dt": DT, "steps": steps, "reset": "zero"}
    own["initial"] = "v_reset"
    return build_graph(nodes, list(pairwise(names)), {METADATA_KEY: own})


def _lif(shape: tuple[int, ...]) -> nir.LIF:
    def full(value: float) -> np.ndarray:
        return np.full(shape, value)

    return nir.LIF(full(2 * DT), full(2.0), full(0.0), full(1.0), full(0.0))
