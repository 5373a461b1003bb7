"""The spiking VAEs in their straightforward form, as the papers' equations are usually written.

Time is a trailing axis: synapses are 3-d convolutions with a kernel of one step, tdBN takes its
statistics over all axes but channels, LIF neurons run one step after the other under autograd, and
FSVAE's draw runs the whole prefix again at each step.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from snnvae.families.images.esvae import ESVAE, RateDraw
from snnvae.families.images.fsvae import FSVAE, mean_rate, select
from snnvae.families.images.losses import mmd
from snnvae.layers.spiking import SpikingLayer
from snnvae.layers.tdbn import EPSILON, TdBN


class Spike(torch.autograd.Function):
    @staticmethod
    def forward(ctx, u: Tensor) -> Tensor:
        ctx.save_for_backward(u)
        return (u > 0.2).to(u.dtype)

    @staticmethod
    def backward(ctx, grad: Tensor) -> Tensor:
        return grad * (ctx.saved_tensors[0].abs() < 0.5)


def lif(x: Tensor) -> Tensor:
    """(B, …, T) → spikes; u[t] = u[t−1]/4·(1 − o[t−1]) + x[t]."""
    u, o, spikes = torch.zeros_like(x[..., 0]), torch.zeros_like(x[..., 0]), []
    for t in range(x.shape[-1]):
        u = 0.25 * u * (1 - o) + x[..., t]
        o = Spike.apply(u)
        spikes.append(o)
    return torch.stack(spikes, dim=-1)


def normalised(norm: TdBN, x: Tensor) -> Tensor:
    """tdBN of (B, C, …, T) by the batch's statistics."""
    axes = [0, *range(2, x.ndim)]
    mean, var = x.mean(axes, keepdim=True), x.var(axes, unbiased=False, keepdim=True)
    shape = [1, -1] + [1] * (x.ndim - 2)
    return norm.gain.view(shape) * (x - mean) / torch.sqrt(var + EPSILON) + norm.bias.view(shape)


def synapse(module: nn.Module, x: Tensor) -> Tensor:
    """(B, C, H, W, T) or (B, C, T) through a layer's weights."""
    if isinstance(module, nn.Linear):
        return F.linear(x.transpose(1, 2), module.weight, module.bias).transpose(1, 2)
    weight, stride, pad = module.weight[..., None], (*module.stride, 1), (*module.padding, 0)
    if isinstance(module, nn.ConvTranspose2d):
        out = (*module.output_padding, 0)
        return F.conv_transpose3d(x, weight, module.bias, stride, pad, out)
    return F.conv3d(x, weight, module.bias, stride, pad)


def fire(layer: SpikingLayer, x: Tensor) -> Tensor:
    return lif(normalised(layer.norm, synapse(layer.synapse, x)))


def through(layers: Sequence[SpikingLayer], x: Tensor) -> Tensor:
    for layer in layers:
        x = fire(layer, x)
    return x


def encode(model: ESVAE | FSVAE, image: Tensor) -> Tensor:
    """Direct coding: the image at each step → latent spikes (B, L, T)."""
    x = image[..., None].repeat(1, 1, 1, 1, model.config.steps)
    *maps, latent = model.encoder.values()
    return fire(latent, through(maps, x).flatten(1, 3))


def decode(model: ESVAE | FSVAE, z: Tensor) -> Tensor:
    """z (B, L, T) → images."""
    first, *maps, output = model.decoder.values()
    x = fire(first, z).unflatten(1, model.decoder.map)
    y = synapse(output, through(maps, x))
    steps = y.shape[-1]
    weights = y.new_tensor([0.8 ** (steps - 1 - t) for t in range(steps)])
    return torch.tanh((y * weights).sum(-1))


def loss(model: ESVAE | FSVAE, image: Tensor) -> Tensor:
    return esvae_loss(model, image) if isinstance(model, ESVAE) else fsvae_loss(model, image)


def esvae_loss(model: ESVAE, image: Tensor) -> Tensor:
    rate = encode(model, image).mean(-1)
    steps = model.config.steps
    whole = rate[..., None].expand(*rate.shape, steps)
    z = RateDraw.apply(whole, torch.rand(whole.shape))
    prior = torch.sigmoid(model.sample(torch.randn(rate.shape)))
    return F.mse_loss(decode(model, z), image) + model.config.prior_weight * mmd(rate, prior)


def fsvae_loss(model: FSVAE, image: Tensor) -> Tensor:
    k, steps, latents = model.config.k, model.config.steps, model.config.latent
    latent = encode(model, image)
    index = torch.randint(k, (len(image), latents, steps))
    choice = F.one_hot(index, k).to(image.dtype)  # (B, L, T, k)
    posterior, prior = list(model.posterior.values()), list(model.prior.values())
    zeros = torch.zeros(len(image), latents, 1)
    with torch.no_grad():
        z = zeros
        for t in range(steps - 1):
            candidates = through(posterior, torch.cat([latent[..., : t + 1], z], dim=1))
            z = torch.cat([z, _selected(candidates, choice, t, k)], dim=-1)
    q = through(posterior, torch.cat([latent, z.detach()], dim=1))
    rates = q.transpose(1, 2)
    chosen = select(rates, choice.permute(0, 2, 1, 3).flatten(2), k).transpose(1, 2)
    own = torch.cat([zeros, chosen.detach()[..., :-1]], dim=-1)
    with torch.no_grad():  # scheduled sampling
        for t in range(5, steps - 1):
            if torch.rand(()) < 0.2:
                p = through(prior, own[..., : t + 1])
                guess = mean_rate(p.transpose(1, 2), k)[:, t] > 0.5
                own[..., t + 1] = guess.to(own.dtype)
    p = through(prior, own)
    distance = (psp(mean_rate(rates, k)) - psp(mean_rate(p.transpose(1, 2), k))) ** 2
    return F.mse_loss(decode(model, chosen), image) + distance.mean()


def _selected(candidates: Tensor, choice: Tensor, t: int, k: int) -> Tensor:
    return select(candidates[..., t], choice[:, :, t].flatten(1), k)[..., None]


def psp(x: Tensor) -> Tensor:
    """(B, T, L) → s[t] = s[t−1] + (x[t] − s[t−1])/2."""
    s, trace = torch.zeros_like(x[:, 0]), []
    for t in range(x.shape[1]):
        s = s + (x[:, t] - s) / 2
        trace.append(s)
    return torch.stack(trace, dim=1)
