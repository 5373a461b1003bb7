"""Records what a torch net's modules give, step by step."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor, nn

from snnvae.errors import UnsupportedError


@dataclass(frozen=True)
class Seen:
    """The values seen, by node: what it gives, and a neuron's membrane after any reset,
    (T, B, *shape) each."""

    outputs: Mapping[str, np.ndarray]
    membranes: Mapping[str, np.ndarray]


class Watch:
    """Keeps the outputs and membranes of modules of `net`.

    modules: node → the module's name in `net`. membrane_of: a module's state → its membrane.
    """

    def __init__(
        self, net: nn.Module, modules: Mapping[str, str], membrane_of: Callable[[Any], Tensor]
    ) -> None:
        self._outputs: dict[str, list[np.ndarray]] = defaultdict(list)
        self._membranes: dict[str, list[np.ndarray]] = defaultdict(list)
        self._membrane_of = membrane_of
        for node, module in modules.items():
            net.get_submodule(module).register_forward_hook(self._keep(node))

    def _keep(self, name: str) -> Callable[[nn.Module, Any, Any], None]:
        def hook(module: nn.Module, args: Any, given: Any) -> None:
            if isinstance(given, tuple):
                self._membranes[name].append(self._membrane_of(given[1]).detach().numpy().copy())
            output = given[0] if isinstance(given, tuple) else given
            self._outputs[name].append(output.detach().numpy().copy())

        return hook

    def seen(self, steps: int) -> Seen:
        """Gives all that was kept; UnsupportedError for a module that did not run once in each
        step."""
        for name, rows in self._outputs.items():
            if len(rows) != steps:
                raise UnsupportedError(f"ran '{name}' {len(rows)} times in {steps} steps")
        outputs = {name: np.stack(rows) for name, rows in self._outputs.items()}
        return Seen(outputs, {name: np.stack(rows) for name, rows in self._membranes.items()})
