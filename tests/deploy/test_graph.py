"""NIR nodes as tools hold them in memory: their parameters are taken as arrays, or named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import nir
import numpy as np
import pytest
import torch

from snnvae.deploy.compile import compile_graph
from snnvae.deploy.graph import build_graph
from snnvae.errors import GraphError

W = np.array([[0.5, -1.0], [2.0, 0.25]])
TAKEN: dict[str, Callable[[], Any]] = {
    "a parameter": lambda: torch.nn.Parameter(torch.tensor(W)),
    "a tensor that wants gradients": lambda: torch.tensor(W, requires_grad=True),
    "a result of other tensors": lambda: torch.tensor(W, requires_grad=True) * 1,
    "a view": lambda: torch.tensor(W.T).t(),
    "a list": lambda: W.tolist(),
    "a tuple": lambda: tuple(map(tuple, W.tolist())),
}


def graph_of(nets: Any, weight: Any) -> nir.NIRGraph:
    node = nir.Linear(W)
    node.weight = weight
    nodes = {"in": nets.source(2), "w": node, "v": nets.lif(2), "out": nets.sink(2)}
    graph = nir.NIRGraph(nodes, [("in", "w"), ("w", "v"), ("v", "out")], type_check=False)
    graph.metadata = {"snnvae": {"version": 1, "dt": nets.dt}}
    return graph


@pytest.mark.parametrize("make", TAKEN.values(), ids=TAKEN)
def test_what_holds_the_numbers_is_taken_as_their_array(nets: Any, make: Any) -> None:
    given = make()
    graph = graph_of(nets, given)
    built = build_graph(graph.nodes, graph.edges)
    assert isinstance(built.nodes["w"].weight, np.ndarray)
    np.testing.assert_array_equal(built.nodes["w"].weight, W)
    assert graph.nodes["w"].weight is given
    expected = compile_graph(graph_of(nets, W)).program.digest()
    assert compile_graph(graph).program.digest() == expected


def test_parameters_of_neurons_may_be_tensors(nets: Any) -> None:
    tensors, plain = graph_of(nets, W), graph_of(nets, W)
    node = tensors.nodes["v"]
    node.tau, node.v_reset = torch.nn.Parameter(torch.tensor(node.tau)), node.v_reset.tolist()
    assert compile_graph(tensors).program.digest() == compile_graph(plain).program.digest()


REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "bfloat16": (lambda: torch.tensor(W).bfloat16(), "is torch.bfloat16; give float32$"),
    "no values": (
        lambda: torch.tensor(W, device="meta"),
        "is on the 'meta' device, which holds no values; load",
    ),
    "sparse": (
        lambda: torch.tensor(W).to_sparse(),
        "is torch.sparse_coo; give a dense tensor of float32$",
    ),
    "complex": (lambda: torch.tensor(1j * W), "is complex; give real values$"),
    "complex numbers": (lambda: (1j * W).tolist(), "is complex; give real values$"),
    "eight bits": (
        lambda: torch.tensor(W).to(torch.float8_e5m2),
        "is torch.float8_e5m2; give float32$",
    ),
    "quantised": (
        lambda: torch.quantize_per_tensor(torch.tensor(W).float(), 0.1, 0, torch.qint8),
        "is quantised; give a dense tensor",
    ),
    "masked": (lambda: np.ma.masked_array(W, W > 0), "is a masked array; give all its values"),
    "objects": (lambda: W.astype(object), "holds object, not numbers"),
    "text": (lambda: [["a", "b"], ["c", "d"]], "holds str"),
    "ragged": (lambda: [[1.0], [1.0, 2.0]], "is no array of numbers"),
    "NaN": (lambda: torch.tensor(W * np.nan), "is not finite"),
}


@pytest.mark.filterwarnings("ignore:torch.quantize_per_tensor")
@pytest.mark.parametrize(("make", "said"), REFUSED.values(), ids=REFUSED)
def test_what_holds_no_real_numbers_is_named(nets: Any, make: Any, said: str) -> None:
    with pytest.raises(GraphError, match=rf"^'weight' of node 'w' \(Linear\) .*{said}") as error:
        compile_graph(graph_of(nets, make()))
    assert "\n" not in str(error.value)
