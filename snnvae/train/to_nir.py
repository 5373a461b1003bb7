"""A model's wiring as a NIR graph.

Every population is a (C, H, W) map, vectors being (N, 1, 1), so that each Linear is a Conv2d whose
kernel covers the map: NIR has no way from a vector back to a map.
"""

from __future__ import annotations

import copy
from typing import Any

import nir
import numpy as np
from torch import nn

from snnvae.deploy.settings import METADATA_KEY, METADATA_VERSION
from snnvae.draws import stated
from snnvae.errors import ConfigError, UnsupportedError
from snnvae.export import layers
from snnvae.export.builder import GraphBuilder
from snnvae.layers.constants import DT, READOUT_GAIN
from snnvae.layers.model import SpikingModel
from snnvae.layers.neuron import Readout
from snnvae.layers.wiring import Cell, Delay, Link, Port, Shape, Threshold, Wiring, widths

OUTPUT = "output"


def parts_for(model: SpikingModel, part: str | None = None) -> tuple[str, ...]:
    """The graphs that a part becomes, its first part by default; ConfigError if it has no such."""
    part = model.parts[0] if part is None else part
    if part not in model.parts:
        choices = ", ".join(sorted(model.parts))
        raise ConfigError(f"`part` {part}: {type(model).__name__} has the parts {choices}")
    return model.stages(part)


def to_nir(model: SpikingModel, part: str | None = None) -> nir.NIRGraph:
    """One part of a model (folded here if it is not yet) as a graph that snnvae compiles."""
    (part,) = parts_for(model, part)
    net = model if model.is_folded else model.folded()
    wiring = net.wiring(part)
    builder = _graph(wiring)
    own: dict[str, object] = {
        "version": METADATA_VERSION,
        "dt": DT,
        "steps": net.config.steps,
        "reset": "zero",
        "initial": "v_reset",
        "model": net.config.model,
        "dataset": net.config.dataset,
        "part": part,
        "inputs": {port.name: rule for port in wiring.ports if (rule := _rule(port))},
        "twin_passes": {} if wiring.twin_passes == "once" else wiring.twin_passes,
        "readouts": {OUTPUT: {"tanh": True}} if wiring.tanh else {},
        **stated(net.draws(part), net.host_step(part)),
        "scales": {k: v for k, v in net.scales.items() if k in builder.nodes},
    }
    return builder.build({METADATA_KEY: {k: v for k, v in own.items() if v != {}}})


def _rule(port: Port) -> dict[str, object]:
    """What metadata says of an input that is not simply spikes."""
    rule: dict[str, object] = {} if port.in_twin else {"in_twin": False}
    if port.analog is not None:
        low, high = port.analog
        rule |= {"analog": True, "constant": True, "low": low, "high": high}
    return rule


def _graph(wiring: Wiring) -> GraphBuilder:
    builder = GraphBuilder()
    ahead: list[tuple[str, str]] = []
    for cells, _ in wiring.runs():
        read = {name for cell in cells for link in cell.links for name in link.sources}
        for port in wiring.ports:
            if port.name in read and port.name not in builder.nodes:
                builder.add(port.name, nir.Input({"input": np.array(port.shape)}))
        for cell in cells:
            _add_cell(builder, cell, wiring, ahead)
    shape = np.array(wiring.shapes[wiring.output])
    builder.add(OUTPUT, nir.Output({"output": shape}), wiring.output)
    return builder


def _add_cell(
    builder: GraphBuilder, cell: Cell, wiring: Wiring, ahead: list[tuple[str, str]]
) -> None:
    """Adds a cell and its synapses. ahead: edges that wait for the cell that they come from."""
    sources: list[str] = []
    bias: np.ndarray | float = 0.0
    for link in cell.links:
        if link.synapse is None:
            sources += link.sources
            continue
        nodes, own = _nodes(link, cell, wiring)
        bias = bias + own
        for (name, node), source in zip(nodes.items(), link.sources):
            builder.add(name, node, source)
        sources += nodes
    there = [name for name in sources if name in builder.nodes]
    builder.add(cell.name, _neuron(cell, bias), there)
    ahead += [(name, cell.name) for name in sources if name not in builder.nodes]
    for edge in [edge for edge in ahead if edge[0] == cell.name]:
        builder.connect(*edge)


def _neuron(cell: Cell, bias: np.ndarray | float) -> nir.NIRNode:
    """bias: of its synapses, where it differs from place to place."""
    neuron = cell.neuron
    if isinstance(neuron, Delay):
        return nir.Delay(np.full(cell.shape, neuron.steps * DT))
    if np.any(bias) and isinstance(neuron, (Threshold, Readout)):
        raise UnsupportedError(
            f"'{cell.name}' cannot take a bias that differs per place of its map"
        )
    if isinstance(neuron, Threshold):
        return nir.Threshold(np.full(cell.shape, neuron.at))
    if isinstance(neuron, Readout):
        return layers.li_box(neuron.cell, cell.shape, READOUT_GAIN)
    return layers.lif_box(neuron.lif.cell, cell.shape, bias)


def _nodes(
    link: Link, cell: Cell, wiring: Wiring
) -> tuple[dict[str, nir.NIRNode], np.ndarray | float]:
    """A synapse as a node for each source, the first with its bias; or the bias for the neurons."""
    names = [link.name]
    if len(link.sources) > 1:
        names = [f"{link.name}.{label}" for label in link.labels]
    nodes: dict[str, nir.NIRNode] = {}
    biases: np.ndarray | float = 0.0
    first = 0
    for name, source, width in zip(names, link.sources, widths(link, wiring.shapes), strict=True):
        part = link.synapse
        if len(link.sources) > 1:
            part = columns_of(link.synapse, first, width, bias=first == 0)
        nodes[name], bias = _node(part, wiring.shapes[source], cell)
        biases = biases + bias
        first += width
    return nodes, biases


def _node(synapse: Any, shape: Shape, cell: Cell) -> tuple[nir.NIRNode, np.ndarray | float]:
    """A synapse that reads a population of `shape`, and the bias that it leaves to the neurons."""
    if isinstance(synapse, nn.ConvTranspose2d):
        return layers.conv_transpose2d(synapse, shape), 0.0
    if isinstance(synapse, nn.Conv2d):
        return layers.conv2d(synapse, shape), 0.0
    if cell.shape[1:] == (1, 1):
        return layers.linear_as_conv(synapse.weight, synapse.bias, shape), 0.0
    if shape[1:] == (1, 1):
        return layers.linear_to_map(synapse, cell.shape)
    raise UnsupportedError(
        f"'{cell.name}': a Linear from a map to a map; let a vector of neurons stand between"
    )


def columns_of(synapse: Any, first: int, width: int, bias: bool) -> Any:
    """The synapse on `width` of its inputs alone; with its bias, or with zeros in its place."""
    axis = 0 if isinstance(synapse, nn.ConvTranspose2d) else 1
    part = copy.deepcopy(synapse)
    part.weight = nn.Parameter(synapse.weight.detach().narrow(axis, first, width).clone())
    if not bias and part.bias is not None:
        nn.init.zeros_(part.bias)
    return part
