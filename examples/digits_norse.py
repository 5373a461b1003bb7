"""The classifiers of digits in Norse: 64 – 64 – 10, or a convolution of events – 10."""

from __future__ import annotations

import warnings

import nir
import torch
from torch import nn

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Norse scripts functions at import, which torch calls outdated
    import norse.torch as norse

import snnvae as sv

TAU_INVERSE = {"rate": 200.0, "latency": 400.0, "events": 200.0}
"""1/τ of the membranes in 1/s; a step is 1 ms."""
LEARNING_RATES = {"rate": 0.01, "latency": 0.01, "events": 0.05}
EPOCHS = {"rate": 12, "latency": 25, "events": 25}
CONVENTIONS = None
"""The file states them."""


def network(code: str = "rate") -> nn.Module:
    """The count of the last layer's spikes tells the class; of latencies, its last membrane."""
    p = norse.LIFBoxParameters(tau_mem_inv=torch.as_tensor(TAU_INVERSE[code]))
    last = norse.LIBoxCell() if code == "latency" else norse.LIFBoxCell(p)
    if code == "events":
        first, flat, hidden = nn.Conv2d(2, 8, 4, stride=2, padding=1), [nn.Flatten()], 8 * 8 * 8
    else:
        first, flat, hidden = nn.Linear(64, 64), [], 64
    second = nn.Linear(hidden, 10)
    with torch.no_grad():
        for layer in (first, second):
            layer.weight *= 8  # dt/τ is below 1: at torch's own scale hardly anything fires
    return norse.SequentialState(first, norse.LIFBoxCell(p), *flat, second, last)


def latency_network() -> nn.Module:
    """The network of that code, for `snnvae evaluate --module`."""
    return network("latency")


def event_network() -> nn.Module:
    """The network of that code, for `snnvae evaluate --module`."""
    return network("events")


def scores(module: nn.Module, spikes: torch.Tensor) -> torch.Tensor:
    """Norse's own forward pass, (B, T, …) → (B, 10)."""
    state, out = None, []
    for step in spikes.unbind(1):
        y, state = module(step, state)
        out.append(y)
    return out[-1] if isinstance(module[-1], norse.LIBoxCell) else torch.stack(out).sum(0)


def to_nir(module: nn.Module, spikes: torch.Tensor) -> nir.NIRGraph:
    """By our exporter: Norse's own loses what docs/conventions.md lists."""
    return sv.from_norse(module, spikes.shape[2:], steps=spikes.shape[1])
