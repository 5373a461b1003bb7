"""Firing rates of a model's layers, and what is wrong with them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn

from snnvae.layers.fixed.lif import FixedLIF
from snnvae.layers.neuron import LIF

DEAD, SATURATED = 1e-4, 0.95
"""Mean spikes per neuron and step below and above which a layer carries next to nothing."""


@contextmanager
def firing_rates(model: nn.Module) -> Iterator[dict[str, float]]:
    """Mean spikes per neuron and step of each LIF layer, over all that runs inside the block."""
    spikes: dict[str, float] = defaultdict(float)
    chances: dict[str, int] = defaultdict(int)
    handles = []
    for name, module in model.named_modules():
        if isinstance(module, (LIF, FixedLIF)):

            def count(_: nn.Module, __: Any, output: tuple[Tensor, ...], name: str = name) -> None:
                spikes[name] += output[0].sum().item()
                chances[name] += output[0].numel()

            handles.append(module.register_forward_hook(count))
    rates: dict[str, float] = {}
    try:
        yield rates
    finally:
        for handle in handles:
            handle.remove()
        rates.update({name: spikes[name] / n for name, n in chances.items()})


def warnings_of(rates: Mapping[str, float]) -> list[str]:
    """A line for each layer that is dead or saturated."""
    found = []
    for name, rate in rates.items():
        if rate < DEAD:
            found.append(f"{name} is dead: {rate:.2g} spikes per neuron and step")
        elif rate > SATURATED:
            found.append(f"{name} is saturated: {rate:.3f} spikes per neuron and step")
    return found
