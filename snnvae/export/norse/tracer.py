"""What records a forward pass: nodes for each time step, under the name of the module that runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import nir
from torch import nn

from snnvae.export.norse.cells import Neurons
from snnvae.export.norse.traced_step import TracedStep

Origin = Mapping[int, tuple[int, ...]]
"""For each time step that a value holds: the ids of the nodes whose sum it is."""
SAMPLES = 3


@dataclass
class Tracer:
    """Records what happens to stand-ins; `call` is asked what a torch function does to them.

    steps: a network for each time step, two at least. alone: a sample has but one. over_time: it
    is given all of them at once. populations: ids by step, a mapping for each call of a cell, in
    the order of the calls.
    """

    names: Mapping[nn.Module, tuple[str, ...]]
    steps: tuple[TracedStep, ...]
    call: Callable[..., Any]
    running: list[nn.Module]
    alone: bool = False
    over_time: bool = False
    populations: list[Mapping[int, int]] = field(default_factory=list)
    made: dict[Any, nir.NIRNode] = field(default_factory=dict)

    @property
    def batch(self) -> int:
        """Size of a stand-in's batch axis: not that of time, so that a reshape cannot mix them."""
        return SAMPLES if len(self.steps) != SAMPLES else SAMPLES - 1

    def place(
        self, origin: Origin, node: nir.NIRNode, part: str = "", neurons: Neurons | None = None
    ) -> dict[int, tuple[int, ...]]:
        """A node that takes a value of that origin: its own origin."""
        names = self.called(part)
        return {t: (self.steps[t].add(node, ids, names, neurons),) for t, ids in origin.items()}

    def once(
        self, make: Callable[[], nir.NIRNode], tensors: Sequence[Any], *given: Any
    ) -> nir.NIRNode:
        """The node that `make` gives, made but once for the same, unchanged parameters.

        A step then shares it with the one before. Tensors that a step computes are new in each.
        """
        if not all(
            t is None or (isinstance(t, nn.Parameter) and not t.is_inference()) for t in tensors
        ):
            return make()
        key = (repr(given), *((id(t), None if t is None else t._version) for t in tensors))
        if key not in self.made:
            self.made[key] = make()
        return self.made[key]

    def called(self, part: str = "") -> tuple[str, ...]:
        """Returns what a node may be called: after the module that runs and its part."""
        module = self.running[-1]
        names = self.names[module]
        if not part:
            return names if names != ("",) else (type(module).__name__.lower(),)
        return tuple(f"{name}.{part}" if name else part for name in names)

    def hint(self) -> str:
        """What may be meant where time is taken for an axis of the values, for a message."""
        return "" if self.over_time else "; if forward() takes (time, batch, …), say over_time"

    def where(self) -> str:
        """The module that runs, for a message."""
        return describe(self.called()[0], self.running[-1])


def describe(name: str, module: nn.Module) -> str:
    """A module as messages name it."""
    return f"module '{name}' ({type(module).__name__})"
