"""Counting a training step's synaptic operations, with gradients.

SOP = Σ over spikes of the synapses that each has, exact at the borders: what `hardware_sim.counter`
counts of the deployed network for the same spikes.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from functools import partial

import torch
from torch import Tensor, nn

from snnvae.families.images.fsvae import FSVAE
from snnvae.families.images.vae import SpikingVAE
from snnvae.layers.output import Output
from snnvae.layers.spiking import SpikingLayer

Shape = tuple[int, ...]
FanOuts = dict[str, Tensor]


def fan_out(synapse: nn.Module, shape: Shape) -> tuple[Tensor, Shape]:
    """Synapses of each source of a map or vector of `shape`, and the shape that it becomes.

    The gradient of the sum of a pass in which all weights are 1.
    """
    ones = copy.deepcopy(synapse).float()
    for name, parameter in ones.named_parameters():
        nn.init.constant_(parameter, float(name == "weight"))
    x = torch.zeros(1, *shape, requires_grad=True)
    y = ones(x.flatten(1) if isinstance(synapse, nn.Linear) else x)
    (found,) = torch.autograd.grad(y.sum(), x)
    return found[0], tuple(y.shape[1:])


class Meter:
    """Counts the spikes of what `model` runs from `reset` on: encoder, sampler and decoder.

    Of FSVAE's loop the posterior's: its prior draws samples, and reconstructs nothing.
    """

    def __init__(self, model: SpikingVAE) -> None:
        self.model = model
        self._fan_outs = _fan_outs(model)
        self._spikes: dict[str, Tensor] = {}
        self._chances: dict[str, int] = {}
        for path, module in model.named_modules():
            if isinstance(module, SpikingLayer) and not path.startswith("prior."):
                module.tally = partial(self._add, path)
        model.tally = self._latents

    def reset(self) -> None:
        """Begins anew."""
        self._spikes.clear()
        self._chances.clear()

    def _add(self, name: str, spikes: Tensor) -> None:
        """spikes (T, B, …)."""
        if torch.is_grad_enabled():
            self._spikes[name] = spikes.sum((0, 1)) / spikes.shape[1]
            self._chances[name] = len(spikes)

    def _latents(self, z: Tensor) -> None:
        self._add("z", z)
        if isinstance(self.model, FSVAE):
            self._add("z.delay", z[:-1])

    def operations(self) -> Tensor:
        """Synaptic operations per image (), differentiable."""
        total = torch.zeros(())
        for name, spikes in self._spikes.items():
            total = total.to(spikes) + (spikes * self._fan_outs[name].to(spikes)).sum()
        steps = self._chances["z"]
        if self.model.config.conditional:
            # A neuron of the class fires at each step; all have as many synapses.
            total = total + steps * self._fan_outs["class"][0].to(total)
        if isinstance(self.model, FSVAE):
            # The host's choice, a spike per latent and step.
            total = total + self.model.config.latent * steps
        return total

    def unit_rates(self) -> dict[str, Tensor]:
        """Spikes per step of each unit (C) of each layer: of a map's channel, the mean over it."""
        rates = {}
        for name, spikes in self._spikes.items():
            if name != "z.delay":
                by_unit = spikes.view(self.model.decoder.map) if name == "decoder.input" else spikes
                rates[name] = by_unit.reshape(len(by_unit), -1).mean(1) / self._chances[name]
        return rates


def _fan_outs(model: SpikingVAE) -> FanOuts:
    """Of each population that sends spikes, by the path of its layer, or z and z.delay."""
    config, encoder, decoder = model.config, model.encoder, model.decoder
    image = (config.channels, config.image_size, config.image_size)
    found = _along("encoder.", "image", encoder.items(), image)
    first, *rest = decoder.items()
    found |= _along("decoder.", "[z;class]", [first], (config.latent + config.classes,))
    found["z"], found["class"] = found["[z;class]"].split([config.latent, config.classes])
    found |= _along("decoder.", "decoder.input", rest, decoder.map)
    found["decoder.input"] = found["decoder.input"].flatten()
    # The host reads ESVAE's latent; FSVAE's goes into the posterior.
    found["encoder.latent"] = torch.zeros(config.latent)
    if isinstance(model, FSVAE):
        found |= _along("posterior.", "[x;z]", model.posterior.items(), (2 * config.latent,))
        found["encoder.latent"], found["z.delay"] = found["[x;z]"].split(config.latent)
        # A candidate goes to its own neuron of the selection, which goes on to z.
        found["posterior.2"] = torch.ones(config.latent * config.k)
        found["z"] = found["z"] + 1
    return found


def _along(
    prefix: str, source: str, layers: Iterable[tuple[str, nn.Module]], shape: Shape
) -> FanOuts:
    """Of the source, and of each layer but the last."""
    found = {}
    for name, layer in layers:
        synapse = layer.synapse if isinstance(layer, SpikingLayer) else layer
        if isinstance(layer, Output):  # in fixed point it rounds
            synapse = Output(layer.in_channels, layer.out_channels)
        found[source], shape = fan_out(synapse, shape)
        source = prefix + name
    return found
