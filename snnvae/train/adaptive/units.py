"""Which units a network has that can be taken out, and where their weights lie.

A group is a population whose size is free: a convolution's channels, the latents, hidden neurons.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from torch import nn

from snnvae.families.images.esvae import ESVAE
from snnvae.families.images.fsvae import FSVAE
from snnvae.families.images.vae import SpikingVAE
from snnvae.layers.spiking import SpikingLayer, Synapse

LATENT = "latent"


@dataclass(frozen=True)
class Rows:
    """Where a unit's own parameters lie: `block` outputs in a row of a layer for each unit."""

    layer: SpikingLayer
    block: int = 1


@dataclass(frozen=True)
class Columns:
    """Where a unit is read: `block` inputs in a row of a synapse for each unit, from `first` on."""

    reader: nn.Module
    block: int = 1
    first: int = 0


@dataclass(frozen=True)
class Group:
    """size: number of units; spikes: paths of the populations that fire for them, see `Meter`."""

    name: str
    size: int
    spikes: str
    rows: tuple[Rows, ...]
    columns: tuple[Columns, ...]


def groups_of(model: SpikingVAE) -> Iterator[Group]:
    """All groups, in the order in which spikes pass them."""
    config, encoder, decoder = model.config, model.encoder, model.decoder
    chain = list(encoder.items())
    for (name, layer), (_, reader) in pairwise(chain):
        assert isinstance(layer, SpikingLayer)
        units = config.widths[int(name)]
        synapse = synapse_of(reader)
        block = synapse.in_features // units if isinstance(synapse, nn.Linear) else 1
        path = f"encoder.{name}"
        yield Group(path, units, path, (Rows(layer),), (Columns(reader, block),))
    yield _latents(model)
    if isinstance(model, FSVAE):
        for prefix, net in (("posterior", model.posterior), ("prior", model.prior)):
            for (name, layer), (_, reader) in pairwise(net.items()):
                assert isinstance(layer, SpikingLayer)
                path = f"{prefix}.{name}"
                size = len(layer.synapse.weight)
                yield Group(path, size, path, (Rows(layer),), (Columns(reader),))
    channels, height, width = decoder.map
    for (name, layer), (_, reader) in pairwise(decoder.items()):
        assert isinstance(layer, SpikingLayer)
        block = height * width if name == "input" else 1
        size = channels if name == "input" else config.maps[int(name) + 1]
        path = f"decoder.{name}"
        yield Group(path, size, path, (Rows(layer, block),), (Columns(reader),))


def _latents(model: SpikingVAE) -> Group:
    """One latent: its neuron in the encoder, its column in the decoder, its place in the sampler.

    Of ESVAE's prior only the rows are listed: its noise is handled where it is cut.
    """
    latent = model.config.latent
    first = model.encoder["latent"]
    assert isinstance(first, SpikingLayer)
    rows, columns = [Rows(first)], [Columns(model.decoder["input"])]
    if isinstance(model, FSVAE):
        k = model.config.k
        posterior, prior = model.posterior, model.prior
        for net in (posterior, prior):
            last = net["2"]
            assert isinstance(last, SpikingLayer)
            rows.append(Rows(last, k))
        columns += [Columns(posterior["0"]), Columns(posterior["0"], first=latent)]
        columns.append(Columns(prior["0"]))
    else:
        assert isinstance(model, ESVAE)
    return Group(LATENT, latent, "z", tuple(rows), tuple(columns))


def synapse_of(reader: nn.Module) -> Synapse:
    """A layer's synapse; the decoder's output is one itself."""
    if isinstance(reader, SpikingLayer):
        return reader.synapse
    assert isinstance(reader, nn.ConvTranspose2d)
    return reader
