"""From a trained model to the same model in fixed point, at the compiler's scales."""

from __future__ import annotations

import copy
from collections.abc import Mapping

from snnvae.deploy.compile import compile_graph
from snnvae.deploy.fixed.scales import choose_scales
from snnvae.families.images.vae import Model, SpikingVAE
from snnvae.layers.fixed.layer import FixedLayer, FixedOutput, FixedReadout
from snnvae.layers.output import Output
from snnvae.layers.spiking import SpikingLayer, replace_layers
from snnvae.train.to_nir import parts_for, to_nir

FIRST = "encoder.0"
"""The layer that the image drives."""
READOUT = "readout"


def in_fixed_point(model: SpikingVAE, target: str = "loihi2") -> SpikingVAE:
    """A float model → its trainable fixed-point form: tdBN folded, the compiler's scales."""
    folded = model.folded()
    fixed = with_scales(copy.deepcopy(folded), compiler_scales(folded))
    fixed.config = model.config.changed(qat=target)
    return fixed.requires_grad_(True).train()


def compiler_scales(model: SpikingVAE) -> dict[str, float]:
    """Weight units per unit of membrane of each layer, by its node's name; of a folded model."""
    scales: dict[str, float] = {}
    parts = dict.fromkeys((*parts_for(model, "autoencoder"), "generator"))
    for part in parts:
        program = compile_graph(to_nir(model, part)).program
        scales |= {name: float(scale) for name, scale in choose_scales(program).items()}
    return scales


def with_scales(model: Model, scales: Mapping[str, float] | None = None) -> Model:
    """Puts fixed-point layers in place; without scales, for weights that are loaded next."""

    def scale_of(node: str) -> float:
        return 1.0 if scales is None else scales[node]

    def fixed(path: str, layer: SpikingLayer) -> FixedLayer:
        return FixedLayer(layer.synapse, scale_of(f"{path}.lif"), path == FIRST)

    replace_layers(model, fixed)
    output = model.decoder["output"]
    assert isinstance(output, Output)
    model.decoder["output"] = FixedOutput(output, scale_of(READOUT))
    model.readout = FixedReadout(scale_of(READOUT))
    return model
