"""One file per primitive: its equation, its reference step, its Lava form and what it costs."""

from __future__ import annotations

import nir

from snnvae.primitive import Synapse
from snnvae.primitives.conv2d import Conv2d
from snnvae.primitives.conv_transpose2d import ConvTranspose2d
from snnvae.primitives.leaky_integrator import LeakyIntegrator
from snnvae.primitives.lif import LIF
from snnvae.primitives.linear import Linear
from snnvae.primitives.neuron import FixedNeuron, FloatNeuron
from snnvae.primitives.nir_nodes import ConvTranspose2d as NirConvTranspose2d
from snnvae.primitives.threshold import Threshold

SYNAPSES: tuple[type[Synapse], ...] = (Linear, Conv2d, ConvTranspose2d)
NEURONS: tuple[type[FloatNeuron], ...] = (LIF, LeakyIntegrator, Threshold)
STRUCTURE = (nir.Input, nir.Output, nir.Flatten, nir.Delay)
"""NIR nodes that shape the program without being part of it: ports, reshapes, delays."""

UNSUPPORTED: dict[type[nir.NIRNode], str] = {
    nir.Scale: "fold it into the next weights",
    nir.Conv1d: "write it as a Conv2d of height 1",
    nir.SumPool2d: "write it as a strided Conv2d with a block-diagonal kernel of ones",
    nir.AvgPool2d: "write it as a strided Conv2d with a block-diagonal kernel of 1/(k·k)",
    nir.I: "no supported node integrates without a leak; train with LI",
    nir.IF: "no supported node integrates without a leak; train with LIF",
    nir.CubaLI: "no supported node has a synaptic current; train with LI",
    nir.CubaLIF: "no supported node has a synaptic current; train with LIF",
    nir.NIRGraph: "write the nested graph's nodes into the outer graph",
}
"""NIR nodes that the compiler refuses, and what a user can do instead."""


def synapse_for(node: nir.NIRNode) -> type[Synapse] | None:
    """The synapse that a NIR node becomes, or None."""
    return next((s for s in SYNAPSES if isinstance(node, s.nir_types)), None)


def neuron_for(node: nir.NIRNode) -> type[FloatNeuron] | None:
    """The neuron that a NIR node becomes, or None."""
    return next((n for n in NEURONS if isinstance(node, n.nir_types)), None)


__all__ = [
    "LIF",
    "NEURONS",
    "STRUCTURE",
    "SYNAPSES",
    "UNSUPPORTED",
    "Conv2d",
    "ConvTranspose2d",
    "FixedNeuron",
    "FloatNeuron",
    "LeakyIntegrator",
    "Linear",
    "NirConvTranspose2d",
    "Threshold",
    "neuron_for",
    "synapse_for",
]
