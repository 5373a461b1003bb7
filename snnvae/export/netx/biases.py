"""Biases rounded to whole weight units, which is all that netx holds of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from snnvae.export.netx.layer import BIAS_EXPONENT
from snnvae.primitives import fixed_point
from snnvae.primitives.of_layer import fixed_neuron
from snnvae.primitives.parameters import FixedBias
from snnvae.program import Layer, Program


def whole_biases(program: Program) -> tuple[Program, tuple[str, ...]]:
    """The fixed-point program with rounded biases, and a line for each layer that it changed."""
    layers, notes = [], []
    for layer in program.layers:
        rounded, change = _rounded(layer)
        layers.append(rounded)
        if change:
            notes.append(f"'{layer.name}': biases rounded by up to {change:.2g} weight units")
            if (threshold := getattr(rounded.neuron, "threshold", None)) is not None:
                notes[-1] += f", {change / max(np.max(threshold), 1):.1%} of the threshold"
    return replace(program, layers=tuple(layers)), tuple(notes)


def _rounded(layer: Layer) -> tuple[Layer, float]:
    """The layer with biases of exponent 6, and the largest change in weight units."""
    neuron = fixed_neuron(layer)
    exact = neuron.bias.value / (1 << BIAS_EXPONENT)
    limit = fixed_point.BIAS_MANTISSA_MAX
    whole = np.clip(np.rint(exact), -limit, limit).astype(np.int64)
    change = float(np.abs(whole - exact).max(initial=0.0))
    return replace(layer, neuron=replace(neuron, bias=FixedBias(whole, BIAS_EXPONENT))), change
