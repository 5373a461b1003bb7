"""FSVAE's way to count, by layers of both models, against the formulas of its authors' counter.

github.com/kamata1729/FullySpikingVAE, utils.py: of a spiking layer's input spikes, k²·C_out/stride²
each for a convolution, k²·C_out·stride² for a transposed one, out_features for a linear layer; the
first convolution's real pixels in every step. Of the ANN: the same of every value, and inputs² for
a linear layer. Networks that we export write every linear layer as a convolution.
"""

from __future__ import annotations

from math import prod

import numpy as np
import pytest
import torch
from torch import nn

from snnvae.deploy.compile import compile_graph
from snnvae.deploy.run import run
from snnvae.energy.ann.twin import ann_twin
from snnvae.energy.conventions import analog_macs, synaptic_operations
from snnvae.families.images.config import Config
from snnvae.hardware_sim.counter import count
from snnvae.hardware_sim.make_stimulus import build_stimulus
from snnvae.train.build import build
from snnvae.train.to_nir import to_nir

COUNTED = {
    "esvae": {"encoder": 5, "generator": 6},
    "fsvae": {"encoder": 5, "generator": 9},
}
"""Layers with weights of each part."""


def per_value(layer: nn.Module) -> float:
    """What a spike, or a value, of its input costs."""
    if isinstance(layer, nn.Linear):
        return layer.out_features
    assert isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d))
    taps = prod(layer.kernel_size) * layer.out_channels
    stride = prod(layer.stride)
    return taps * stride if isinstance(layer, nn.ConvTranspose2d) else taps / stride


def synapse_of(model: nn.Module, name: str) -> nn.Module | None:
    """The layer with weights of a connection; None for what the sampler is made of."""
    try:
        found = model.get_submodule(name)
    except AttributeError:
        return None
    found = getattr(found, "synapse", found)
    return found if isinstance(found, (nn.Linear, nn.Conv2d, nn.ConvTranspose2d)) else None


@pytest.mark.parametrize(
    ("kind", "part"), [(kind, part) for kind, parts in COUNTED.items() for part in parts]
)
def test_every_layer_counts_as_the_authors_counter_does(kind: str, part: str) -> None:
    torch.manual_seed(0)
    config = Config.default(kind, "mnist", widths=(3, 4, 5, 6), latent=4, steps=4)
    model = build(config).eval()
    program = compile_graph(to_nir(model, part), "float").program
    inputs = {
        port.name: np.random.default_rng(0).uniform(-1, 1, (2, *port.shape))
        for port in program.inputs
        if port.constant
    }
    recording = run(program, build_stimulus(program, range(2), data=inputs))
    twin = {c.name: c.macs for c in ann_twin(program, "fsvae").connections}
    seen, spikes = 0, 0
    for c in count(program, recording).connections:
        layer = synapse_of(model, c.name)
        if layer is None:
            continue
        seen += 1
        values = c.sources
        if c.source == "image":
            macs = analog_macs(c, "fsvae", program.steps)
            np.testing.assert_allclose(macs, program.steps * values * per_value(layer))
        else:
            spikes += int(c.spikes.sum())
            operations = synaptic_operations(c, "fsvae")
            np.testing.assert_allclose(operations, c.spikes * per_value(layer))
        linear = isinstance(layer, nn.Linear)
        assert twin[c.name] == (values**2 if linear else values * per_value(layer)), c.name
    assert seen == COUNTED[kind][part]
    assert spikes > 0
