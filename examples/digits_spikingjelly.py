"""The classifiers of digits in SpikingJelly: 64 – 64 – 10, or a convolution of events – 10."""

from __future__ import annotations

import nir
import torch
from spikingjelly.activation_based import functional, layer, neuron
from spikingjelly.activation_based.nir_exchange import export_to_nir
from torch import nn

TAU = 4.0
"""Of the membranes, in steps."""
LEARNING_RATES = {"rate": 0.01, "latency": 0.01, "events": 0.01}
EPOCHS = {"rate": 12, "latency": 25, "events": 25}
CONVENTIONS = "spikingjelly"


def lif() -> nn.Module:
    """A layer that takes its input whole."""
    return neuron.LIFNode(tau=TAU, decay_input=False, detach_reset=True)


def network(code: str) -> nn.Module:
    """The count of the last layer's spikes tells the class."""
    if code == "events":
        first = [layer.Conv2d(2, 8, 4, stride=2, padding=1), lif(), layer.Flatten()]
        module = nn.Sequential(*first, layer.Linear(512, 10), lif())
    else:
        module = nn.Sequential(layer.Linear(64, 64), lif(), layer.Linear(64, 10), lif())
    functional.set_step_mode(module, "m")
    return module


def scores(module: nn.Module, spikes: torch.Tensor) -> torch.Tensor:
    """SpikingJelly's own forward pass, all steps at once, (B, T, …) → (B, 10)."""
    functional.reset_net(module)
    return module(spikes.swapaxes(0, 1)).sum(0)


def to_nir(module: nn.Module, spikes: torch.Tensor) -> nir.NIRGraph:
    """By SpikingJelly's exporter."""
    functional.reset_net(module)
    return export_to_nir(module, spikes[:1].swapaxes(0, 1))
