"""What is said of each kind of node."""

from __future__ import annotations

from typing import Any

import nir
import numpy as np
import pytest

from snnvae.deploy.graph import build_graph
from snnvae.evaluate.picture.describe import Description, describe
from snnvae.primitives import NEURONS, STRUCTURE, SYNAPSES


def described(node: nir.NIRNode, *shape: int, dt: float | None = 1e-3) -> Description:
    nodes = {"in": nir.Input({"input": np.array(shape)}), "n": node, "out": nir.Output(None)}
    return describe(build_graph(nodes, [("in", "n"), ("n", "out")]).nodes["n"], dt)


def said(description: Description, *, usual: bool = False) -> str:
    return "; ".join(f"{p.name} {p.text}" for p in description.parameters if usual or not p.usual)


def test_a_neuron(nets: Any) -> None:
    lif = described(nets.lif(2, 3, tau=np.full((2, 3), 2e-3), threshold=np.array([[1], [2]])), 2, 3)
    assert (lif.role, lif.neurons, lif.weights, lif.shape) == ("neuron", 6, 0, "shape 2×3")
    assert said(lif) == "tau 2 ms; r 2; threshold 1 … 2"
    assert said(lif, usual=True).endswith("leak 0; reset 0")
    assert "reset −1" in said(described(nets.lif(2, reset=-1), 2))


def test_a_convolution() -> None:
    node = nir.Conv2d(None, np.ones((4, 1, 3, 3)), 2, (1, 0), 1, 2, np.zeros(4))
    conv = described(node, 2, 7, 7)
    assert (conv.role, conv.neurons, conv.weights) == ("weights", 0, 36)
    assert conv.shape == "2×7×7 → 4×4×3"
    assert said(conv) == "kernel 3×3; stride 2; padding 1×0; groups 2"
    assert "dilation 1" in said(conv, usual=True)
    assert "bias 0" in said(conv, usual=True)


def test_a_pool_and_a_bias(nets: Any) -> None:
    pool = described(nir.SumPool2d(np.array([2, 3]), np.array([2, 2]), np.array([0, 0])), 1, 4, 6)
    assert said(pool) == "kernel 2×3; stride 2"
    affine = described(nets.affine(np.ones((3, 2)), [0.5, -1, 0]), 2)
    assert (affine.weights, affine.shape) == (6, "2 → 3")
    assert said(affine) == "bias −1 … 0.5"


def test_a_delay_is_told_in_steps_where_dt_is_known(nets: Any) -> None:
    assert said(described(nets.delay(2, steps=1), 2)) == "delay 1 step"
    node = nir.Delay(np.array([0.0, 3e-3]))
    assert said(described(node, 2)) == "delay 0 … 3 steps"
    assert said(described(node, 2, dt=None)) == "delay 0 s … 3 ms"


def test_a_nested_graph_has_its_ports_shapes(nested: nir.NIRGraph) -> None:
    outer = describe(nested.nodes["outer"])
    assert (outer.role, outer.shape, outer.neurons) == ("graph", "2 → 2", 0)


@pytest.mark.parametrize("kind", [nir.Flatten])
def test_axes(kind: type) -> None:
    flat = described(kind({"input": np.array([2, 3, 4])}, 1, -1), 2, 3, 4)
    assert (flat.role, flat.shape, said(flat)) == ("other", "2×3×4 → 2×12", "axes 1 … −1")


def test_every_node_that_compiles_has_a_role() -> None:
    from snnvae.evaluate.picture.describe import role_of

    kinds = [t for group in (SYNAPSES, NEURONS) for p in group for t in p.nir_types]
    for kind in (*kinds, *STRUCTURE):
        blank = object.__new__(kind)
        expected = "neuron" if any(kind in n.nir_types for n in NEURONS) else None
        role = role_of(blank)
        assert role in ("input", "output", "neuron", "weights", "other", "graph")
        assert expected in (None, role)
