"""Pruning units out of a model: the same network without them, really smaller."""

from __future__ import annotations

import copy
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from snnvae.layers.model import SpikingModel
from snnvae.layers.tdbn import TdBN
from snnvae.train.adaptive.importance import Batches
from snnvae.train.adaptive.units import Group, groups_of
from snnvae.train.build import build
from snnvae.train.randomness import generator

RECALIBRATION = 40
"""Batches from which tdBN's running statistics are learned anew: 1 − 0.9⁴⁰ of them is new."""


def prune(model: SpikingModel, keep: Mapping[str, Tensor]) -> SpikingModel:
    """The model with only the units whose `keep` (size,) is true; groups not named stay whole.

    tdBN's statistics are those of before: see `recalibrate`.
    """
    old = copy.deepcopy(model)
    before = {group.name: group.size for group in groups_of(old)}
    for group in list(groups_of(old)):
        if group.name in keep:
            kept = keep[group.name].nonzero().flatten()
            old.prune_host(group.name, kept)
            _prune_group(group, kept)
    sizes = {name: int(keep[name].sum()) if name in keep else n for name, n in before.items()}
    new = build(model.resized(sizes))
    assert isinstance(new, SpikingModel)
    new.load_state_dict(old.state_dict())
    return new.train(model.training)


@torch.no_grad()
def recalibrate(model: SpikingModel, batches: Batches) -> SpikingModel:
    """tdBN's running statistics from what passes now, which makes up for the mean of what was cut.

    In place."""
    training = model.training
    model.train()
    for count, batch in enumerate(batches):
        model(batch, generator(0, "recalibrate", count), 1.0)
        if count + 1 == RECALIBRATION:
            break
    return model.train(training)


def _indices(kept: Tensor, block: int, first: int = 0) -> Tensor:
    """Places of the kept units, `block` each, from `first` on."""
    return first + (kept[:, None] * block + torch.arange(block)).flatten()


def _prune_group(group: Group, kept: Tensor) -> None:
    for rows in group.rows:
        layer, places = rows.layer, _indices(kept, rows.block)
        synapse = layer.synapse
        axis = 1 if isinstance(synapse, nn.ConvTranspose2d) else 0
        _select(synapse, "weight", places, axis)
        _select(synapse, "bias", places)
        if isinstance(layer.norm, TdBN):
            for name in ("weight", "bias", "running_mean", "running_var"):
                _select(layer.norm, name, places)
    # Of one reader all parts at once, or the second would look in the wrong place.
    readers = {id(columns.synapse): columns.synapse for columns in group.columns}
    for key, read in readers.items():
        axis = 0 if isinstance(read, nn.ConvTranspose2d) else 1
        mask = torch.ones(read.weight.shape[axis], dtype=torch.bool)
        for columns in group.columns:
            if id(columns.synapse) == key:
                first, block = columns.first, columns.block
                mask[first : first + group.size * block] = False
                mask[_indices(kept, block, first)] = True
        _select(read, "weight", mask.nonzero().flatten(), axis)


def _select(module: nn.Module, name: str, places: Tensor, axis: int = 0) -> None:
    values = getattr(module, name)
    chosen = values.detach().index_select(axis, places).clone()
    if isinstance(values, nn.Parameter):
        setattr(module, name, nn.Parameter(chosen))
    else:
        module.register_buffer(name, chosen)
