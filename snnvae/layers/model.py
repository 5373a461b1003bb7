"""A spiking model: what training, export and every other verb ask of it."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

import torch
from torch import Tensor, nn
from torch.optim import AdamW, Optimizer

from snnvae.draws.draw import Draw, HostStep
from snnvae.layers.fixed.layer import FixedReadout
from snnvae.layers.neuron import Readout
from snnvae.layers.output import LinearOutput, Output
from snnvae.layers.spiking import SpikingLayer, replace_layers
from snnvae.layers.wiring import Wiring

AnyModel = TypeVar("AnyModel", bound="SpikingModel")


Batch = tuple[Tensor | None, ...]
"""What a training step sees of its samples, as the family's models take it."""


class Losses(NamedTuple):
    """The losses of a training step: what it minimises (total), and its two parts, unweighted.

    A loss of one part has 0 for the prior's.
    """

    total: Tensor
    reconstruction: Tensor
    prior: Tensor


class Trainable(nn.Module, ABC):
    """A model that the training loop can train."""

    def __init__(self, config: Any) -> None:
        super().__init__()
        self.config = config

    @abstractmethod
    def forward(self, batch: Batch, generator: torch.Generator, done: float) -> Losses:
        """Losses of a batch; `done` is the part of the training behind."""

    def optimizer(self) -> Optimizer:
        """What takes the steps; here AdamW."""
        config = self.config
        return AdamW(
            self.optimizer_groups(),
            lr=config.lr,
            betas=config.betas,
            weight_decay=config.weight_decay,
        )

    def optimizer_groups(self) -> list[dict[str, object]]:
        """Parameter groups with their learning rates; here one for all."""
        return [{"params": list(self.parameters()), "lr": self.config.lr}]


class SpikingModel(Trainable):
    """A model that states the wiring of its parts; a layer's path in it is its node's name."""

    parts: tuple[str, ...]
    """What it can be run and exported as; the first one is exported unless another is named."""

    def __init__(self, config: Any) -> None:
        super().__init__(config)
        self.steps: int = config.steps
        """T of training; the network is deployed with config.steps."""
        self.scales: dict[str, float] = {}
        """Of a folded model: fixed-point scales by node, where training chose them."""
        self.tally: Callable[[str, Tensor], None] | None = None
        """Is shown spikes (T, B, …) of a training step that are no layer's own, by population."""

    @abstractmethod
    def wiring(self, part: str) -> Wiring:
        """Returns how a part is wired; KeyError if there is no such part."""

    def stages(self, part: str) -> tuple[str, ...]:
        """The parts that `part` becomes on a chip, with host work between them: mostly itself."""
        return (part,)

    @property
    def counted(self) -> tuple[str, ...]:
        """The parts that a training step runs, whose synaptic operations it counts."""
        return (self.parts[0],)

    def draws(self, part: str) -> tuple[Draw, ...]:
        """Returns what the host draws for a part's ports."""
        return ()

    def host_step(self, part: str) -> HostStep | None:
        """Returns what the host does with a part's spikes for the stage that follows it."""
        return None

    def resized(self, sizes: Mapping[str, int]) -> Any:
        """Settings of a model whose groups of units have these sizes."""
        raise TypeError(f"the units of a {type(self).__name__} cannot be pruned")

    def prune_host(self, group: str, kept: Tensor) -> None:
        """Takes units of a group out of what the host computes; `kept`: their places."""

    @property
    def is_folded(self) -> bool:
        """Tells whether there are only synapses and Norse's neurons: no tdBN, no fixed point."""
        return all(m.is_folded for m in self.modules() if isinstance(m, SpikingLayer))

    @property
    def is_fixed(self) -> bool:
        """Tells whether it computes in fixed point (see `layers.fixed`)."""
        return bool(self._scales())

    def folded(self: AnyModel) -> AnyModel:
        """The deployable form: a copy in evaluation mode, tdBN inside float32 synapses.

        Of a model in fixed point: the real numbers that rounding left, and `scales`, at which the
        compiler rounds them to the same whole numbers.
        """
        model = copy.deepcopy(self).eval()
        model.scales = {**self.scales, **self._scales()}
        replace_layers(model, lambda _, layer: layer.deployed())
        for path, module in list(model.named_modules()):
            if isinstance(module, Readout):
                replace(model, path, Readout())
            elif isinstance(module, (Output, LinearOutput)):
                replace(model, path, module.deployed())
        return model.requires_grad_(False)

    def _scales(self) -> dict[str, float]:
        """Weight units per unit of membrane, by node, of neurons in fixed point."""
        found: dict[str, float] = {}
        for path, module in self.named_modules():
            if isinstance(module, SpikingLayer) and module.scale is not None:
                found[f"{path}.lif"] = module.scale
            elif isinstance(module, FixedReadout):
                found[path] = module.scale.item()
        return found


def replace(model: nn.Module, path: str, new: nn.Module) -> None:
    """Puts a module in the place of the one at `path`."""
    parent, _, name = path.rpartition(".")
    setattr(model.get_submodule(parent), name, new)


def all_wirings(model: SpikingModel) -> Sequence[Wiring]:
    """Returns the wirings of all parts that a chip runs, what training runs first."""
    every = (*model.counted, *model.parts)
    parts = dict.fromkeys(stage for part in every for stage in model.stages(part))
    return [model.wiring(part) for part in parts]
