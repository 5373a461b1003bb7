"""Which parameters of a torch module the weights of its graph are; trained ones put back into it.

`from_norse` names a node after its layer; one of a recurrent cell's weights after these themselves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import nir
import numpy as np
import torch
from torch import Tensor

from snnvae.errors import UnsupportedError
from snnvae.train.network.weights import FIELDS, TRAINED, Parameter


def put_back(module: Any, before: nir.NIRGraph, after: nir.NIRGraph) -> dict[str, Any]:
    """The state_dict of a module with the weights that its graph got by training.

    UnsupportedError where a node's weights are no parameter of the module as they stand, such as
    with a BatchNorm folded in; where several may be meant; where nodes share one.
    """
    known: Mapping[str, Tensor] = module.state_dict()
    state = {name: value.detach().clone() for name, value in known.items()}
    owners: dict[int, str] = {}
    for (node, field), was in _weights(before):
        now = np.asarray(getattr(after.nodes[node], field))
        if np.array_equal(was, now):
            continue
        place = _place(known, node, field, was)
        if place in owners:
            raise UnsupportedError(
                f"nodes '{owners[place]}' and '{node}' have one {field} in the module, and each "
                "was trained by itself"
            )
        owners[place] = node
        for name, value in known.items():
            if value.data_ptr() == place:  # a layer may have two names
                state[name] = torch.from_numpy(now).to(value)
    return state


def frozen(module: Any, graph: nir.NIRGraph) -> frozenset[Parameter]:
    """The weights of a graph that its module does not train (`requires_grad` is False)."""
    own: Mapping[str, Tensor] = dict(module.named_parameters(remove_duplicate=False))
    found = set()
    for (node, field), value in _weights(graph):
        named = [name for name in _names(node, field) if name in own][:1]
        meant = named or _equal(own, value)
        if meant and not any(own[name].requires_grad for name in meant):
            found.add((node, field))
    return frozenset(found)


def _weights(graph: nir.NIRGraph) -> Iterator[tuple[Parameter, np.ndarray]]:
    for name, node in graph.nodes.items():
        for field in FIELDS if isinstance(node, TRAINED) else ():
            if hasattr(node, field):
                yield (name, field), np.asarray(getattr(node, field))


def _names(node: str, field: str) -> tuple[str, str]:
    """The parameter's name, if the module knows it by the node's."""
    return f"{node}.{field}", node


def _equal(known: Mapping[str, Tensor], value: np.ndarray) -> list[str]:
    return [n for n, own in known.items() if np.array_equal(own.detach().cpu().numpy(), value)]


def _place(known: Mapping[str, Tensor], node: str, field: str, value: np.ndarray) -> int:
    """Where a weight lies in memory: by its name, else by its value."""
    same = _equal(known, value)
    same = [name for name in _names(node, field) if name in same][:1] or same
    places = {known[name].data_ptr() for name in same}
    if len(places) > 1:
        raise UnsupportedError(
            f"the {field} of node '{node}' may be the module's {', '.join(same[:3])}, whose values "
            "are equal; name the layers so, or begin with values that differ"
        )
    if not places:
        raise UnsupportedError(
            f"the {field} of node '{node}' is no parameter of the module by itself, such as where "
            "a BatchNorm is folded into it"
        )
    return places.pop()
