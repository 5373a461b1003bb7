"""How far rounding can carry a membrane: a bound that follows the sums, not a tolerance.

A sum of n products w·x is off by at most n·ε·Σ|w·x| in any order; what multiplies it, and the
layer's grid, add a few ε of its size. A membrane keeps what was left of the error of the step
before:

    e_u ← |1 − du|·e_u + (n + c)·ε·S,   e_v ← |1 − dv|·e_v + e_u + c·ε·S,

S the largest of what is added: the sum of |w·x|, membrane, bias, threshold.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import prod

import nir
import numpy as np

from snnvae.export.norse.trace import Trace
from snnvae.primitive import State
from snnvae.primitives.neuron import FloatNeuron
from snnvae.primitives.nir_nodes import ConvTranspose2d

FACTORS = 8
"""Roundings beside those of the sum itself: of gains, decays, folded weights, on both sides."""


class Rounding:
    """The bounds of each layer of a traced network, from step to step.

    largest: the largest |output| of each cell; epsilon: of the type that the module computes in.
    """

    def __init__(self, found: Trace, largest: Mapping[str, float], epsilon: float) -> None:
        self._placed, self._names = found.network.placed, found.network.names(found.outputs)
        self._ids = {name: i for i, name in self._names.items()}
        self._largest, self._epsilon, self._steps = largest, epsilon, found.steps
        self._known: dict[int, tuple[int, float]] = {}
        self._errors: dict[str, tuple[float, float]] = {}

    def after_step(
        self, layer: str, neuron: FloatNeuron, membrane: np.ndarray, state: State
    ) -> float:
        """How far the layer's membranes may be off after one more step."""
        sources = self._placed[self._ids[layer]].inputs if layer in self._ids else ()
        terms, size = self._sum(sources)
        size += sum(
            float(np.abs(part).max(initial=0.0))
            for part in (membrane, neuron.bias, neuron.origin, neuron.threshold, *state)
            if part is not None
        )
        current, before = self._errors.get(layer, (0.0, 0.0))
        kept = 0.0 if neuron.du is None else float(np.abs(1 - neuron.du).max())
        current = kept * current + (terms + FACTORS) * self._epsilon * size
        error = float(np.abs(1 - neuron.dv).max()) * before + current
        error += FACTORS * self._epsilon * size
        self._errors[layer] = (current, error)
        return error

    def of_output(self, layer: str, ids: Iterable[int], value: np.ndarray) -> float:
        """How far an output may be off that is a sum of nodes behind `layer`."""
        terms, size = self._sum(ids)
        # The module may put its result into a tensor of another type.
        own = float(np.finfo(value.dtype).eps) if value.dtype.kind == "f" else 0.0
        size += float(np.abs(value).max(initial=0.0))
        error = self._errors.get(layer, (0.0, 0.0))[1]
        return error + own * size + (terms + FACTORS) * self._epsilon * size

    def _sum(self, ids: Iterable[int]) -> tuple[int, float]:
        """Terms of a sum of nodes, and a bound of the sum of their sizes."""
        parts = [self._of(i) for i in ids]
        return sum(terms for terms, _ in parts) + len(parts), sum(size for _, size in parts)

    def _of(self, i: int) -> tuple[int, float]:
        """Terms and size of what a node puts out; a population's or input's is given as it is."""
        if i not in self._known:
            placed = self._placed[i]
            if placed.neurons is not None or not placed.inputs:
                self._known[i] = (0, self._largest.get(self._names.get(i, ""), 1.0))
            elif isinstance(placed.node, nir.Threshold):
                self._known[i] = (0, 1.0)
            else:
                terms, size = self._sum(placed.inputs)
                own, gain, bias = _linear(placed.node)
                # What an I has summed up by the end.
                times = self._steps if isinstance(placed.node, nir.I) else 1
                self._known[i] = (times * (terms + own), times * (gain * size + bias))
        return self._known[i]


def _linear(node: nir.NIRNode) -> tuple[int, float, float]:
    """Of a linear node: the terms of its sums, the largest Σ|w| and the largest |bias|."""
    if isinstance(node, (nir.Scale, nir.I)):
        factor = node.scale if isinstance(node, nir.Scale) else node.r
        return 1, float(np.abs(factor).max()), 0.0
    if isinstance(node, (nir.SumPool2d, nir.AvgPool2d)):
        window = int(prod(np.atleast_1d(node.kernel_size)))
        return window, float(window) if isinstance(node, nir.SumPool2d) else 1.0, 0.0
    weight = getattr(node, "weight", None)
    if weight is None:
        return 0, 1.0, 0.0
    by_output = np.abs(weight.swapaxes(0, 1) if isinstance(node, ConvTranspose2d) else weight)
    sums = by_output.reshape(len(by_output), -1).sum(axis=1)
    return by_output[0].size, float(sums.max()), float(np.abs(node.bias).max(initial=0.0))
