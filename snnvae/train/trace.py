"""Every spike and membrane of a deployable model, under the names its nodes have in NIR."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from snnvae.layers.activity import activity
from snnvae.layers.model import SpikingModel
from snnvae.layers.neuron import Readout
from snnvae.layers.wiring import Delay


@dataclass(frozen=True)
class Trace:
    """The trace of what Norse computes, in float64, batch first.

    spikes     node name → (B, T, …): each population that fires
    membranes  node name → (B, T, …): each LIF node after reset, in Norse's coordinate v = 0.75·u;
               'readout' is Σ 0.8^(t−s)·y[s], as NIR's LI with R = 5 has it
    readout    (B, C, H, W), the readout's last step before tanh; None for parts that end in spikes
    """

    spikes: dict[str, NDArray[np.bool_]]
    membranes: dict[str, NDArray[np.float64]]
    readout: NDArray[np.float64] | None


def trace(model: SpikingModel, part: str, stimulus: Mapping[str, NDArray[Any]]) -> Trace:
    """Runs Norse's own cells, not their compiled form, on `part` of a folded model.

    Stimulus arrays are (B, T, …), by port of the part's wiring.
    """
    if not model.is_folded:
        raise ValueError("trace wants the deployable form: model.folded()")
    if part not in model.parts:
        kind = type(model).__name__
        raise ValueError(f"{kind} has no part {part!r}: {', '.join(model.parts)}")
    model = copy.deepcopy(model).double()
    wiring = model.wiring(part)
    streams = {name: time_first(value) for name, value in stimulus.items()}
    found = activity(wiring, streams, by_norse=True)
    neurons = {cell.name: cell.neuron for cell in wiring.cells}
    return Trace(
        spikes={
            name: batch_first(found.spikes[name]).astype(bool)
            for name, neuron in neurons.items()
            if not isinstance(neuron, (Delay, Readout))
        },
        membranes={name: batch_first(values) for name, values in found.membranes.items()},
        readout=found.membranes[wiring.output][-1].numpy()
        if isinstance(neurons[wiring.output], Readout)
        else None,
    )


def time_first(x: NDArray[Any], dtype: torch.dtype = torch.float64) -> Tensor:
    """(B, T, …) of any type → (T, B, …) of `dtype`."""
    return torch.from_numpy(np.array(np.swapaxes(x, 0, 1), order="C")).to(dtype)


def batch_first(x: Tensor) -> NDArray[np.float64]:
    """(T, B, …) → (B, T, …)."""
    return x.transpose(0, 1).contiguous().numpy()
