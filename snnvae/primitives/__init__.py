"""One file per primitive: its equation, its reference step, its Lava form and what it costs."""

from __future__ import annotations

import nir

from snnvae.primitive import Synapse
from snnvae.primitives.conv import Conv1d, Conv2d
from snnvae.primitives.conv_transpose2d import ConvTranspose2d
from snnvae.primitives.cuba_li import CubaLI
from snnvae.primitives.cuba_lif import CubaLIF
from snnvae.primitives.fixed_neuron import FixedNeuron
from snnvae.primitives.if_neuron import IF
from snnvae.primitives.integrator import Integrator
from snnvae.primitives.leaky_integrator import LeakyIntegrator
from snnvae.primitives.lif import LIF
from snnvae.primitives.linear import Linear
from snnvae.primitives.neuron import FloatNeuron
from snnvae.primitives.nir_nodes import ConvTranspose2d as NirConvTranspose2d
from snnvae.primitives.nir_nodes import Relay as NirRelay
from snnvae.primitives.nir_nodes import Reshape as NirReshape
from snnvae.primitives.nir_nodes import SparseAffine as NirSparseAffine
from snnvae.primitives.one_to_one import OneToOne
from snnvae.primitives.pool2d import AvgPool2d, SumPool2d
from snnvae.primitives.sparse import Sparse
from snnvae.primitives.threshold import Relay, Threshold

SYNAPSES: tuple[type[Synapse], ...] = (
    Linear,
    OneToOne,
    Conv1d,
    Conv2d,
    ConvTranspose2d,
    SumPool2d,
    AvgPool2d,
    Sparse,
)
NEURONS: tuple[type[FloatNeuron], ...] = (
    LIF,
    IF,
    CubaLIF,
    LeakyIntegrator,
    CubaLI,
    Integrator,
    Threshold,
    Relay,
)
RESHAPES = (nir.Flatten, NirReshape)
"""NIR nodes that keep all values in their order."""

STRUCTURE = (nir.Input, nir.Output, *RESHAPES, nir.Delay, nir.NIRGraph)
"""NIR nodes that shape the program without being part of it: ports, reshapes, delays, nesting."""


def synapse_for(node: nir.NIRNode) -> type[Synapse] | None:
    """The synapse that a NIR node becomes, or None."""
    return next((s for s in SYNAPSES if isinstance(node, s.nir_types)), None)


def neuron_for(node: nir.NIRNode) -> type[FloatNeuron] | None:
    """The neuron that a NIR node becomes, or None."""
    return next((n for n in NEURONS if isinstance(node, n.nir_types)), None)


__all__ = [
    "IF",
    "LIF",
    "NEURONS",
    "RESHAPES",
    "STRUCTURE",
    "SYNAPSES",
    "AvgPool2d",
    "Conv1d",
    "Conv2d",
    "ConvTranspose2d",
    "CubaLI",
    "CubaLIF",
    "FixedNeuron",
    "FloatNeuron",
    "Integrator",
    "LeakyIntegrator",
    "Linear",
    "NirConvTranspose2d",
    "NirRelay",
    "NirReshape",
    "NirSparseAffine",
    "OneToOne",
    "Relay",
    "Sparse",
    "SumPool2d",
    "Threshold",
    "neuron_for",
    "synapse_for",
]
