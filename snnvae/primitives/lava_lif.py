"""Lava's own LIFReset, the stock process that neurons become."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np

from snnvae.errors import UnsupportedError
from snnvae.primitive import LavaForm, Neuron, Shape


def lif_reset(
    neuron: Any, shape: Shape, parameters: Mapping[str, np.ndarray], interval: int, offset: int
) -> LavaForm:
    """A LIFReset with these parameters, a scalar each or an array of `shape` (made flat).

    UnsupportedError where LIFReset cannot: it returns to 0 where its membrane is above the
    threshold, and starts at 0.
    """
    if np.any(neuron.start != 0):
        raise UnsupportedError(
            "starts away from v_reset, which LIFReset cannot restore; if it need not, pass "
            "`initial` v_reset"
        )
    if neuron.spiking and neuron.reset != "zero":
        raise UnsupportedError("resets by subtraction, which no stock Lava process does")
    if neuron.spiking and neuron.fires_at_threshold:
        raise UnsupportedError(
            "fires at its threshold, where a stock Lava process fires only above it"
        )
    size = prod(shape)
    arguments: dict[str, Any] = {
        name: value.item() if np.ndim(value) == 0 else np.broadcast_to(value, shape).reshape(-1)
        for name, value in parameters.items()
    }
    arguments["bias_mant"] = np.broadcast_to(arguments["bias_mant"], size).copy()
    timing = {"reset_interval": interval, "reset_offset": offset}
    return LavaForm("lava.proc.lif.process:LIFReset", {"shape": (size,), **arguments, **timing})


def differs_within(neuron: Neuron) -> bool:
    """Tells whether decays or threshold differ from neuron to neuron.

    Lava's CPU models take arrays; its documentation, and a Loihi core, have one value for all.
    """
    names = ("dv", "du", "threshold")
    values: list[Any] = [getattr(neuron, name, None) for name in names]
    return any(value is not None and np.ndim(value) > 0 for value in values)
