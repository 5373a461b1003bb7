"""The classifiers of digits in snnTorch: 64 – 64 – 10, or a convolution of events – 10."""

from __future__ import annotations

import nir
import snntorch as snn
import torch
from snntorch.export_nir import export_to_nir
from torch import nn

BETA = 0.75
LEARNING_RATES = {"rate": 0.01, "latency": 0.01, "events": 0.01}
EPOCHS = {"rate": 12, "latency": 25, "events": 25}
CONVENTIONS = "snntorch"


def leaky(*shape: int) -> nn.Module:
    """A layer whose β and threshold are given for each neuron, as its exporter asks."""
    return snn.Leaky(torch.full(shape, BETA), threshold=torch.ones(shape), init_hidden=True)


def network(code: str) -> nn.Module:
    """The count of the last layer's spikes tells the class."""
    if code == "events":
        first = [nn.Conv2d(2, 8, 4, stride=2, padding=1), leaky(8, 8, 8), nn.Flatten()]
        return nn.Sequential(*first, nn.Linear(512, 10), leaky(10))
    return nn.Sequential(nn.Linear(64, 64), leaky(64), nn.Linear(64, 10), leaky(10))


def scores(module: nn.Module, spikes: torch.Tensor) -> torch.Tensor:
    """snnTorch's own forward pass, (B, T, …) → (B, 10)."""
    for layer in module:
        if isinstance(layer, snn.Leaky):
            layer.reset_mem()
    return torch.stack([module(step) for step in spikes.unbind(1)]).sum(0)


def to_nir(module: nn.Module, spikes: torch.Tensor) -> nir.NIRGraph:
    """By snnTorch's exporter."""
    return export_to_nir(module, spikes[:1, 0], ignore_dims=[0])
