"""Which parameters of a module the weights of its graph are."""

from __future__ import annotations

import copy

import nir
import numpy as np
import pytest
import torch
from small_graphs import affine, chain, lif
from torch import nn

from snnvae.errors import UnsupportedError
from snnvae.train.network.module import frozen, put_back


def trained(graph: nir.NIRGraph, by: float = 1.0) -> nir.NIRGraph:
    """Each weight of a node higher by another value."""
    changed = copy.deepcopy(graph)
    for n, node in enumerate(changed.nodes.values()):
        if hasattr(node, "weight"):
            node.weight = node.weight + by * (n + 1)
    return changed


def two(first: nn.Module, second: nn.Module, names: tuple[str, str]) -> nir.NIRGraph:
    """Two layers of 4 neurons whose nodes have these names."""
    net = chain((4,), affine(4, 4), lif(4), affine(4, 4), lif(4))
    nodes = {}
    for name, node in net.nodes.items():
        layer = {"n0": first, "n2": second}.get(name)
        if layer is not None:
            node.weight, node.bias = layer.weight.detach().numpy(), np.zeros(4, np.float32)
        nodes[{"n0": names[0], "n2": names[1]}.get(name, name)] = node
    edges = [
        tuple({"n0": names[0], "n2": names[1]}.get(end, end) for end in edge) for edge in net.edges
    ]
    return nir.NIRGraph(nodes, edges)


def layers() -> nn.ModuleDict:
    """Two layers of equal weights."""
    found = nn.ModuleDict({"a": nn.Linear(4, 4), "b": nn.Linear(4, 4)})
    for layer in found.values():
        nn.init.eye_(layer.weight)
    return found


def test_equal_weights_are_told_apart_by_names() -> None:
    module = layers()
    graph = two(module["a"], module["b"], ("b", "a"))
    state = put_back(module, graph, after := trained(graph))
    for name in ("a", "b"):
        assert np.array_equal(state[f"{name}.weight"].numpy(), after.nodes[name].weight)


def test_equal_weights_of_other_names_are_refused() -> None:
    module = layers()
    graph = two(module["a"], module["b"], ("x", "y"))
    with pytest.raises(UnsupportedError, match=r"node 'x' may be the module's a.weight, b.weight"):
        put_back(module, graph, trained(graph))
    with torch.no_grad():
        module["b"].weight *= 2
    graph = two(module["a"], module["b"], ("x", "y"))
    state = put_back(module, graph, after := trained(graph))
    assert np.array_equal(state["b.weight"].numpy(), after.nodes["y"].weight)


def test_nodes_of_one_weight_are_refused_and_its_other_name_is_not() -> None:
    module = layers()
    module["b"].weight = module["a"].weight
    graph = two(module["a"], module["b"], ("a", "b"))
    with pytest.raises(UnsupportedError, match="nodes 'a' and 'b' have one weight in the module"):
        put_back(module, graph, trained(graph))
    other = nn.ModuleDict({"a": (own := layers()["a"]), "again": own, "b": nn.Linear(4, 4)})
    graph = two(other["a"], other["b"], ("a", "b"))
    state = put_back(other, graph, trained(graph))
    assert torch.equal(state["a.weight"], state["again.weight"])
    assert not torch.equal(state["a.weight"], own.weight)


def test_frozen_are_those_that_the_module_does_not_train() -> None:
    module = layers()
    graph = two(module["a"], module["b"], ("a", "b"))
    assert frozen(module, graph) == frozenset()
    module["a"].weight.requires_grad_(False)
    assert frozen(module, graph) == {("a", "weight")}
    graph = two(module["a"], module["b"], ("x", "y"))  # either, of which one is trained
    assert frozen(module, graph) == frozenset()
