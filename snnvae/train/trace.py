"""Every spike and membrane of a deployable model, under the names its nodes have in NIR."""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from snnvae.families.images.fsvae import FSVAE
from snnvae.families.images.vae import SpikingVAE
from snnvae.layers.neuron import LIF, Readout, scan
from snnvae.train.run import run


@dataclass(frozen=True)
class Trace:
    """What Norse computes, in float64, batch first.

    spikes     node name → (B, T, …): each LIF node, and where there is a sampler 'select'
               (B, T, L·k) and 'z' (B, T, L)
    membranes  node name → (B, T, …): each LIF node after reset, in Norse's coordinate v = 0.75·u;
               'readout' is Σ 0.8^(t−s)·y[s], as NIR's LI with R = 5 has it
    readout    (B, C, H, W), the readout's last step before tanh; None for parts without an image
    """

    spikes: dict[str, NDArray[np.bool_]]
    membranes: dict[str, NDArray[np.float64]]
    readout: NDArray[np.float64] | None


def trace(model: SpikingVAE, part: str, stimulus: Mapping[str, NDArray[Any]]) -> Trace:
    """Runs Norse's own cells, not their compiled form, on `part` of a folded model.

    Stimulus arrays are (B, T, …).

    Parts and their inputs: `snnvae.train.run.PARTS`.
    """
    if not model.is_folded:
        raise ValueError("trace wants the deployable form: model.folded()")
    model = copy.deepcopy(model).double()
    spikes: dict[str, list[Tensor]] = defaultdict(list)
    membranes: dict[str, list[Tensor]] = defaultdict(list)

    def record(name: str) -> Callable[[nn.Module, Any, Any], None]:
        def hook(module: nn.Module, inputs: Any, output: Any) -> Any:
            if not isinstance(module, LIF):
                membranes[name].append(output)
                return output
            x, v = inputs if len(inputs) == 2 else (inputs[0], None)
            fired, after = scan(module.cell, x, torch.zeros_like(x[0]) if v is None else v)
            spikes[name].append(fired)
            membranes[name].append(after)
            return fired, after[-1]

        return hook

    for name, module in model.named_modules():
        if isinstance(module, (LIF, Readout)):
            module.register_forward_hook(record(name))
    outputs = run(model, part, {name: time_first(value) for name, value in stimulus.items()})

    # A layer inside the sampler's loop was called once a step, every other one once.
    fired = {name: batch_first(torch.cat(calls)).astype(bool) for name, calls in spikes.items()}
    if isinstance(model, FSVAE) and "choice" in stimulus:
        net = "posterior" if "image" in stimulus else "prior"
        fired["select"] = fired[f"{net}.2.lif"] & stimulus["choice"].astype(bool)
        assert outputs.z is not None
        fired["z"] = batch_first(outputs.z).astype(bool)
    return Trace(
        spikes=fired,
        membranes={name: batch_first(torch.cat(calls)) for name, calls in membranes.items()},
        readout=None if outputs.readout is None else outputs.readout.numpy(),
    )


def time_first(x: NDArray[Any], dtype: torch.dtype = torch.float64) -> Tensor:
    """(B, T, …) of any type → (T, B, …) of `dtype`."""
    return torch.from_numpy(np.ascontiguousarray(np.swapaxes(x, 0, 1))).to(dtype)


def batch_first(x: Tensor) -> NDArray[np.float64]:
    """(T, B, …) → (B, T, …)."""
    return x.transpose(0, 1).contiguous().numpy()
