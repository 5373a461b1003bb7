"""synapse → tdBN → LIF, and what is done to all such layers of a model."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from snnvae.layers.fused import FoldedLIF
from snnvae.layers.lif_rule import PAPERS, LIFRule
from snnvae.layers.neuron import LIF
from snnvae.layers.recompute import recomputed
from snnvae.layers.rows import is_supported
from snnvae.layers.tdbn import TdBN, fold

HALF = (torch.float16, torch.bfloat16)
"""What mixed precision gives; neurons and statistics stay in float32."""


Synapse = nn.Linear | nn.Conv2d | nn.ConvTranspose2d


class SpikingLayer(nn.Module):
    """synapse → tdBN → LIF over (T, B, …); the synapse sees time and batch as one axis."""

    lif: nn.Module

    def __init__(
        self,
        synapse: Synapse,
        alpha: float = 1.0,
        rule: LIFRule = PAPERS,
        spread: float = 1.0,
    ) -> None:
        """alpha and spread: of tdBN."""
        super().__init__()
        features = synapse.out_features if isinstance(synapse, nn.Linear) else synapse.out_channels
        self.synapse = synapse
        self.norm: TdBN | nn.Identity = TdBN(features, alpha, spread)
        self.lif = LIF(rule)
        self.recompute = False
        """Whether training computes currents again for the backward pass."""
        self.tally: Callable[[Tensor], None] | None = None
        """Is shown the spikes (T, B, …) of a training step, to count them."""

    def forward(self, x: Tensor) -> Tensor:
        """x (T, B, …) → spikes (T, B, …), from rest."""
        return self._spikes(x, None)

    def weighted(self, x: Tensor, weights: Sequence[float]) -> Tensor:
        """Σ_t weights[t]·forward(x)[t]: x (T, B, …) → (B, …)."""
        return self._spikes(x, weights)[0]

    def constant(self, x: Tensor, steps: int) -> Tensor:
        """Spikes for an input (B, …) that is the same at each step: the synapse runs once."""
        return self._counted(self.fire(self.current(x)[None], steps))

    def step(self, x: Tensor, v: Tensor | None) -> tuple[Tensor, Tensor]:
        """One step: x (B, …), membrane v (B, …) or None for rest → spikes, membrane (B, …)."""
        spikes, v = self.advance(self.current(x)[None], v)
        return spikes[0], v

    def advance(self, current: Tensor, v: Tensor | None) -> tuple[Tensor, Tensor]:
        """Runs some steps from membrane v (B, …), or from rest: what the synapse made of them
        (T, B, …) → spikes (T, B, …), membrane (B, …)."""
        spikes, v = self.lif(self.norm(_in_full(current)), v)
        return spikes, v

    def _spikes(self, x: Tensor, weights: Sequence[float] | None) -> Tensor:
        # What is to be counted must be there: then the sum over time comes after it.
        inside = None if self.tally else weights
        if self.recompute and self.training and torch.is_grad_enabled():
            spikes = recomputed(self._now, x, inside, self)
        else:
            spikes = self._now(x, inside)
        if self.tally is None or weights is None:
            return self._counted(spikes)
        return weighted_sum(self._counted(spikes), weights)[None]

    def _counted(self, spikes: Tensor) -> Tensor:
        if self.tally is not None:
            self.tally(spikes)
        return spikes

    def _now(self, x: Tensor, weights: Sequence[float] | None) -> Tensor:
        return self.fire(over_time(self.current, x), len(x), weights)

    def current(self, x: Tensor) -> Tensor:
        """Returns what the synapse makes of x (B, …)."""
        current: Tensor = self.synapse(x)
        return current

    def fire(self, current: Tensor, steps: int, weights: Sequence[float] | None = None) -> Tensor:
        """Spikes (T, B, …), or their weighted sum (1, B, …)."""
        norm = self.norm
        current = _in_full(current)
        if isinstance(norm, TdBN) and norm.training and is_supported(current):
            return norm.fire(current, steps, self.rule, weights)
        if self._has_gradients(current) and len(current) == steps:
            assert isinstance(self.lif, LIF)
            factors, lif = weights or [1.0] * steps, self.lif
            return FoldedLIF.apply(current, factors, weights is not None, lif.rule, lif.cell.p.v_th)
        spikes: Tensor = self.lif(norm(current.expand(steps, *current.shape[1:])))[0]
        return spikes if weights is None else weighted_sum(spikes, weights)[None]

    def _has_gradients(self, current: Tensor) -> bool:
        """Tells whether a folded layer's gradients are asked of the compiled kernels."""
        folded = isinstance(self.norm, nn.Identity) and is_supported(current)
        return folded and torch.is_grad_enabled() and current.requires_grad

    @property
    def rule(self) -> LIFRule:
        """The neurons' rule."""
        assert isinstance(self.lif.rule, LIFRule)
        return self.lif.rule

    @property
    def is_folded(self) -> bool:
        """Tells whether it is synapse and Norse's neurons alone."""
        return isinstance(self.norm, nn.Identity)

    @property
    def scale(self) -> float | None:
        """Weight units per unit of membrane, if it is a layer in fixed point."""
        return None

    def deployed(self) -> SpikingLayer:
        """The layer with tdBN inside its synapse: synapse and LIF alone."""
        layer = SpikingLayer(self.synapse)
        layer.norm, layer.lif = nn.Identity(), self.lif
        if isinstance(self.norm, TdBN):
            layer.synapse = fold(self.synapse, self.norm)
        return layer


def over_time(module: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """Applies `module` to all steps and samples of x (T, B, …) at once."""
    y: Tensor = module(x.flatten(0, 1))
    return y.view(*x.shape[:2], *y.shape[1:])


def _in_full(current: Tensor) -> Tensor:
    return current.float() if current.dtype in HALF else current


def weighted_sum(x: Tensor, weights: Sequence[float]) -> Tensor:
    """Returns Σ_t weights[t]·x[t]."""
    return torch.stack([w * row for w, row in zip(weights, x.unbind(0))]).sum(0)


def save_memory(model: nn.Module) -> None:
    """Lets every spiking layer of `model` keep its input alone, in bits (see `recompute`)."""
    for module in model.modules():
        if isinstance(module, SpikingLayer):
            module.recompute = True


def replace_layers(model: nn.Module, new: Callable[[str, SpikingLayer], nn.Module]) -> None:
    """Puts new(path, layer) in the place of every spiking layer of `model`."""
    for path, module in list(model.named_modules()):
        if isinstance(module, SpikingLayer):
            parent, _, name = path.rpartition(".")
            setattr(model.get_submodule(parent), name, new(path, module))
