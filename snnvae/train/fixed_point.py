"""Turns a trained model into the same model in fixed point, at the compiler's scales."""

from __future__ import annotations

import copy
from collections.abc import Mapping

from snnvae.deploy.compile import compile_graph
from snnvae.deploy.fixed.scales import choose_scales
from snnvae.layers.fixed.layer import FixedLayer, FixedReadout, fixed_output
from snnvae.layers.model import AnyModel, SpikingModel, all_wirings, replace
from snnvae.layers.neuron import Readout
from snnvae.layers.output import LinearOutput, Output
from snnvae.layers.spiking import SpikingLayer, replace_layers
from snnvae.train.to_nir import to_nir


def in_fixed_point(model: AnyModel, target: str = "loihi2") -> AnyModel:
    """A float model → its trainable fixed-point form: tdBN folded, the compiler's scales."""
    folded = model.folded()
    fixed = with_scales(copy.deepcopy(folded), compiler_scales(folded))
    fixed.config = model.config.changed(qat=target)
    return fixed.requires_grad_(True).train()


def compiler_scales(model: SpikingModel) -> dict[str, float]:
    """Weight units per unit of membrane of each layer, by its node's name; of a folded model."""
    scales: dict[str, float] = {}
    parts = dict.fromkeys(s for p in (*model.counted, model.parts[0]) for s in model.stages(p))
    for part in parts:
        program = compile_graph(to_nir(model, part)).program
        scales |= {name: float(scale) for name, scale in choose_scales(program).items()}
    return scales


def with_scales(model: AnyModel, scales: Mapping[str, float] | None = None) -> AnyModel:
    """Puts fixed-point layers in place; without scales, for weights that are loaded next."""

    def scale_of(node: str) -> float:
        return 1.0 if scales is None else scales[node]

    wirings = all_wirings(model)
    analog = {port.name for w in wirings for port in w.ports if port.analog is not None}
    on_host = {
        cell.path for w in wirings for cell, _ in w.layers() if analog & {*cell.links[0].sources}
    }
    readouts = {
        (link.name, cell.name, link.synapse)
        for w in wirings
        for cell in w.cells
        if isinstance(cell.neuron, Readout)
        for link in cell.links
    }

    def fixed(path: str, layer: SpikingLayer) -> FixedLayer:
        scale = scale_of(f"{path}.lif")
        return FixedLayer(layer.synapse, scale, path in on_host, layer.rule)

    replace_layers(model, fixed)
    for synapse, readout, output in readouts:
        assert isinstance(output, (Output, LinearOutput))
        replace(model, synapse, fixed_output(output, scale_of(readout)))
        replace(model, readout, FixedReadout(scale_of(readout)))
    return model
