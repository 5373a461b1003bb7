"""A layer's neurons as what they must be: those of a float program, of fixed point, or either."""

from __future__ import annotations

from snnvae.errors import UnsupportedError
from snnvae.primitive import Neuron
from snnvae.primitives.fixed_neuron import FixedNeuron
from snnvae.primitives.neuron import FloatNeuron
from snnvae.program import Layer


def float_neuron(layer: Layer) -> FloatNeuron:
    """Returns a layer's neurons in a float program; UnsupportedError where it has others."""
    if not isinstance(layer.neuron, FloatNeuron):
        raise UnsupportedError(
            f"'{layer.name}' has neurons of kind '{layer.neuron.kind}', where those of a float "
            "program are needed; compile the graph with `precision` float"
        )
    return layer.neuron


def fixed_neuron(layer: Layer) -> FixedNeuron:
    """Returns a layer's neurons in a fixed-point program; UnsupportedError where it has others."""
    if not isinstance(layer.neuron, FixedNeuron):
        raise UnsupportedError(
            f"'{layer.name}' has neurons of kind '{layer.neuron.kind}', where those of fixed point "
            "are needed; compile the graph with `precision` fixed"
        )
    return layer.neuron


def known_neuron(neuron: Neuron) -> FloatNeuron | FixedNeuron:
    """Either; UnsupportedError for a user's own kind, which only the reference engine runs."""
    if not isinstance(neuron, (FloatNeuron, FixedNeuron)):
        raise UnsupportedError(
            f"neurons of kind '{neuron.kind}' are none of the compiler's; run the program in the "
            "reference engine"
        )
    return neuron
