"""Trained weights of a graph back into the torch module that it came from."""

from __future__ import annotations

from typing import Any

import nir
import numpy as np

from snnvae.errors import UnsupportedError
from snnvae.train.network.weights import FIELDS, TRAINED


def put_back(module: Any, before: nir.NIRGraph, after: nir.NIRGraph) -> dict[str, Any]:
    """The state_dict of a module with the weights that its graph got by training.

    A node's weights are known by their values. UnsupportedError where they are no parameters of the
    module as they stand, such as with a BatchNorm folded in.
    """
    import torch

    known = {name: value.detach().cpu().numpy() for name, value in module.state_dict().items()}
    found: dict[str, np.ndarray] = {}
    for node, old in before.nodes.items():
        for field in FIELDS if isinstance(old, TRAINED) else ():
            was, now = (np.asarray(getattr(n, field, 0.0)) for n in (old, after.nodes[node]))
            if np.array_equal(was, now):
                continue
            same = [name for name, value in known.items() if np.array_equal(value, was)]
            name = f"{node}.{field}" if f"{node}.{field}" in same else (same or [""])[0]
            if not name or name in found:
                raise UnsupportedError(
                    f"the {field} of node '{node}' is no parameter of the module by itself, such "
                    "as where a BatchNorm is folded into it or two layers share it"
                )
            found[name] = now
    state = {name: value.detach().clone() for name, value in module.state_dict().items()}
    for name, value in found.items():
        state[name] = torch.from_numpy(value).to(state[name])
    return state
