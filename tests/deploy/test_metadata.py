"""What a file says of its classes is believed only where the graph bears it out."""

from __future__ import annotations

from typing import Any

import nir
import numpy as np
import pytest

from snnvae.deploy.compile import compile_graph
from snnvae.draws import stated
from snnvae.errors import GraphError

FSVAE = {"kind": "fsvae", "input": "x", "latents": 2, "k": 3}
ESVAE = {"kind": "esvae-prior", "input": "x", "weight": np.eye(6), "bias": np.zeros(6)}
CLASS = {"classes": 4, "class_input": "class"}
COLUMNS = {"class_weight": np.zeros((6, 4))}


def graph(nets: Any, sampler: dict[str, Any]) -> nir.NIRGraph:
    nodes = {
        "x": nets.source(6, 1, 1),
        "class": nets.source(4, 1, 1),
        "a": nets.threshold(6, 1, 1),
        "b": nets.threshold(4, 1, 1),
        "out": nets.sink(6, 1, 1),
        "other": nets.sink(4, 1, 1),
    }
    return nets.graph(nodes, "x a out", "class b other", steps=5, sampler=sampler)


@pytest.mark.parametrize(
    "sampler",
    [
        {**FSVAE, **CLASS},
        {**ESVAE, **CLASS, **COLUMNS},
        {"kind": "class", **CLASS},
        {"kind": "esvae-posterior", "classes": 4},
        FSVAE,
        ESVAE,
    ],
)
def test_what_fits_compiles(nets: Any, sampler: dict[str, Any]) -> None:
    program = compile_graph(graph(nets, sampler)).program
    found = stated(program.draws, program.host_step)["sampler"]
    assert found.keys() == sampler.keys()
    for name, value in sampler.items():
        np.testing.assert_array_equal(found[name], value)


@pytest.mark.parametrize(
    "sampler",
    [
        {**FSVAE, **CLASS, "classes": 3},
        {**FSVAE, **CLASS, "classes": 10**12},
        {**FSVAE, **CLASS, "classes": -4},
        {**FSVAE, **CLASS, "classes": 4.0},
        {**FSVAE, **CLASS, "classes": True},
        {**FSVAE, **CLASS, "classes": np.arange(4)},
        {**FSVAE, "classes": 4},
        {**FSVAE, "class_input": "class"},
        {**FSVAE, **CLASS, "class_input": "nowhere"},
        {**FSVAE, **CLASS, "class_input": "b"},
        {**FSVAE, **CLASS, "class_input": "other"},
        {**FSVAE, **CLASS, "class_input": np.zeros(3)},
        {**FSVAE, "classes": 6, "class_input": "x"},
        {**FSVAE, **CLASS, **COLUMNS},
        {**ESVAE, **CLASS},
        {**ESVAE, **COLUMNS},
        {**ESVAE, **CLASS, "class_weight": np.zeros((4, 6))},
        {**ESVAE, **CLASS, "class_weight": np.full((6, 4), np.nan)},
        {**ESVAE, **CLASS, "class_weight": "columns"},
        {"kind": "class", "classes": 4},
        {"kind": "esvae-posterior", "classes": 0},
        {"kind": "esvae-posterior", "class_input": "class"},
    ],
)
def test_nonsense_is_refused_in_one_line(nets: Any, sampler: dict[str, Any]) -> None:
    with pytest.raises(GraphError, match="metadata 'sampler' makes no sense") as caught:
        compile_graph(graph(nets, sampler))
    assert "\n" not in str(caught.value)
