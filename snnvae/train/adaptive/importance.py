"""Measures how much each unit carries: its share of the variance of what reads it.

    share_i = mean over the reader's outputs j of  var(m_i)·Σ w_ji² / Σ_n var(m_n)·Σ w_jn²

m_i is unit i's mean over an image's steps, var its variance over images and positions. A unit that
is silent, that fires alike whatever the image, or that nobody listens to carries nothing: what it
adds is a constant, which tdBN's mean takes over. Shares do not change with the scale of a reader's
weights, as little as its output does behind tdBN.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import torch
from torch import Tensor, nn

from snnvae.layers.model import SpikingModel
from snnvae.layers.spiking import SpikingLayer
from snnvae.train.adaptive.units import Columns, Group, groups_of
from snnvae.train.family import Batch
from snnvae.train.randomness import generator

Batches = Iterable[Batch]
NOTHING = 1e-30


@torch.no_grad()
def importances(model: SpikingModel, batches: Batches) -> dict[str, Tensor]:
    """Shares of all groups' units (size,), by group, times the size: 1 is an equal share.

    The model runs in evaluation mode, and is left as it was.
    """
    seen: dict[str, list[Tensor]] = {}

    def note(name: str, spikes: Tensor) -> None:
        """spikes (T, B, …) → means over the steps (B, …)."""
        seen.setdefault(name, []).append(spikes.mean(0))

    layers = {p: m for p, m in model.named_modules() if isinstance(m, SpikingLayer)}
    training = model.training
    model.eval()
    model.tally = note
    for path, layer in layers.items():
        layer.tally = partial(note, path)
    try:
        for count, batch in enumerate(batches):
            model(batch, generator(0, "importance", count), 1.0)
    finally:
        model.tally = None
        for layer in layers.values():
            layer.tally = None
        model.train(training)
    return {
        group.name: _shares(group, _variance(torch.cat(seen[group.spikes]), group))
        for group in groups_of(model)
    }


def _variance(means: Tensor, group: Group) -> Tensor:
    """Returns the variance of each unit (size,), over images and positions, of means (B, …)."""
    by_unit = means.reshape(len(means), group.size, -1)
    return by_unit.transpose(0, 1).flatten(1).var(1, correction=0)


def _shares(group: Group, variance: Tensor) -> Tensor:
    shares = [_of_reader(columns, variance) for columns in group.columns]
    return torch.stack(shares).amax(0) * group.size


def _of_reader(columns: Columns, variance: Tensor) -> Tensor:
    parts = variance[:, None] * _squared(columns, len(variance))
    return (parts / parts.sum(0, keepdim=True).clamp_min(NOTHING)).mean(1)


def _squared(columns: Columns, size: int) -> Tensor:
    """Σ w² of each unit at each output of the reader: (size, outputs)."""
    synapse = columns.synapse
    weight = synapse.weight.detach()
    if not isinstance(synapse, nn.ConvTranspose2d):
        weight = weight.transpose(0, 1)
    used = weight[columns.first : columns.first + size * columns.block]
    return (used.reshape(size, columns.block, weight.shape[1], -1) ** 2).sum((1, 3))
