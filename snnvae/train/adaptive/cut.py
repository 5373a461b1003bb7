"""Cutting units out of a model: the same network without them, really smaller."""

from __future__ import annotations

import copy
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from snnvae.families.images.esvae import ESVAE
from snnvae.families.images.vae import SpikingVAE
from snnvae.layers.tdbn import TdBN
from snnvae.train.adaptive.importance import Batches
from snnvae.train.adaptive.units import LATENT, Group, groups_of, synapse_of
from snnvae.train.config import Config
from snnvae.train.model import build
from snnvae.train.randomness import generator

RECALIBRATION = 40
"""Batches from which tdBN's running statistics are learned anew: 1 − 0.9⁴⁰ of them is new."""


def cut(model: SpikingVAE, keep: Mapping[str, Tensor]) -> SpikingVAE:
    """The model with only the units whose `keep` (size,) is true; groups not named stay whole.

    tdBN's statistics are those of before: see `recalibrate`.
    """
    old = copy.deepcopy(model)
    before = {group.name: group.size for group in groups_of(old)}
    for group in list(groups_of(old)):
        if group.name in keep:
            kept = keep[group.name].nonzero().flatten()
            if group.name == LATENT and isinstance(old, ESVAE):
                _cut_prior(old, kept)
            _cut_group(group, kept)
    sizes = {name: int(keep[name].sum()) if name in keep else n for name, n in before.items()}
    new = build(smaller(model.config, sizes))
    assert isinstance(new, SpikingVAE)
    new.load_state_dict(old.state_dict())
    return new.train(model.training)


def smaller(config: Config, sizes: Mapping[str, int]) -> Config:
    """Settings of a model whose groups have these sizes."""
    stages = range(len(config.widths))
    changes: dict[str, object] = {
        "widths": tuple(sizes[f"encoder.{i}"] for i in stages),
        "latent": sizes[LATENT],
        "decoder_widths": (
            sizes["decoder.input"],
            *(sizes[f"decoder.{i}"] for i in range(len(config.maps) - 1)),
        ),
    }
    for net in ("prior", "posterior"):
        if f"{net}.0" in sizes:
            changes[f"{net}_hidden"] = (sizes[f"{net}.0"], sizes[f"{net}.1"])
    return config.changed(**changes)


@torch.no_grad()
def recalibrate(model: SpikingVAE, batches: Batches) -> SpikingVAE:
    """tdBN's running statistics from what passes now, which makes up for the mean of what was cut.

    In place."""
    training = model.training
    model.train()
    for count, (images, label) in enumerate(batches):
        model.loss(images, generator(0, "recalibrate", count), 1.0, label)
        if count + 1 == RECALIBRATION:
            break
    return model.train(training)


def _indices(kept: Tensor, block: int, first: int = 0) -> Tensor:
    """Places of the kept units, `block` each, from `first` on."""
    return first + (kept[:, None] * block + torch.arange(block)).flatten()


def _cut_group(group: Group, kept: Tensor) -> None:
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
    readers = {id(columns.reader): columns.reader for columns in group.columns}
    for key, reader in readers.items():
        read = synapse_of(reader)
        axis = 0 if isinstance(read, nn.ConvTranspose2d) else 1
        mask = torch.ones(read.weight.shape[axis], dtype=torch.bool)
        for columns in group.columns:
            if id(columns.reader) == key:
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


def _cut_prior(model: ESVAE, kept: Tensor) -> None:
    """r_p = sigmoid(W·n + b): the kept rows, and as much noise as there are latents, so that the
    logits are distributed as they were: W' W'ᵀ = W_k W_kᵀ (Cholesky)."""
    latent = model.config.latent
    weight = model.sample.weight.detach()[kept].double()
    own, of_class = weight[:, :latent], weight[:, latent:]
    covariance = own @ own.T
    floor = 1e-9 * covariance.diagonal().mean().clamp_min(1e-12)
    factor = torch.linalg.cholesky(covariance + floor * torch.eye(len(kept), dtype=torch.double))
    model.sample.weight = nn.Parameter(torch.cat([factor, of_class], 1).float())
    model.sample.bias = nn.Parameter(model.sample.bias.detach()[kept].clone())
