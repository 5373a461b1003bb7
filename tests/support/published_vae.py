"""FSVAE and ESVAE as their authors' code keeps them: names and shapes of a state dict, and what a
network of those tensors computes, step by step in float64, time being the last axis.

Names and shapes: github.com/kamata1729/FullySpikingVAE, fsvae_models/; github.com/QgZhan/ESVAE,
svae_models/. The computation is written from the papers' equations.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor
from torch.nn import functional as F

Spikes = dict[str, Tensor]
Weights = dict[str, Tensor]

V_TH, EPSILON = 0.2, 1e-5
BUFFERS = ("running_mean", "running_var", "num_batches_tracked", "coef", "initial_input")


@dataclass(frozen=True)
class Sizes:
    kind: str
    widths: tuple[int, ...] = (4, 6)
    channels: int = 1
    latent: int = 5
    k: int = 3
    steps: int = 7
    side: int = 2


def large(kind: str) -> Sizes:
    """FSVAELarge or ESVAELarge, for CelebA."""
    return Sizes(kind, (32, 64, 128, 256, 512), channels=3, latent=128, k=20, steps=16)


def shapes(sizes: Sizes) -> dict[str, tuple[int, ...]]:
    """Every entry of the state dict, in no particular order."""
    found: dict[str, tuple[int, ...]] = {}

    def layer(name: str, weight: tuple[int, ...], features: int, norm: bool = True) -> None:
        found[f"{name}.weight"], found[f"{name}.bias"] = weight, (features,)
        if norm:
            for leaf in ("weight", "bias", "running_mean", "running_var"):
                found[f"{name}.bn.{leaf}"] = (features,)
            found[f"{name}.bn.num_batches_tracked"] = ()

    widths, latent = sizes.widths, sizes.latent
    flat = widths[-1] * sizes.side**2
    for i, (inputs, outputs) in enumerate(zip((sizes.channels, *widths), widths)):
        layer(f"encoder.{i}", (outputs, inputs, 3, 3, 1), outputs)
    layer("before_latent_layer", (latent, flat), latent)
    for net, inputs in (("prior", latent), ("posterior", 2 * latent)):
        fans = (inputs, 2 * latent, 4 * latent, latent * sizes.k)
        for i in range(3):
            layer(f"{net}.layers.{i}", (fans[i + 1], fans[i]), fans[i + 1])
        found[f"{net}.initial_input"] = (1, latent, 1)
    layer("decoder_input", (flat, latent), flat)
    down = widths[::-1]
    for i, (inputs, outputs) in enumerate(pairwise(down)):
        layer(f"decoder.{i}", (inputs, outputs, 3, 3, 1), outputs)
    layer("final_layer.0", (down[-1], down[-1], 3, 3, 1), down[-1])
    layer("final_layer.1", (down[-1], sizes.channels, 3, 3, 1), sizes.channels, norm=False)
    found["membrane_output_layer.coef"] = (1, 1, 1, 1, sizes.steps)
    if sizes.kind == "esvae":
        layer("sample_layer.0", (latent, latent), latent, norm=False)
    return found


def state_dict(sizes: Sizes, seed: int = 0) -> Weights:
    """Random tensors under which every layer fires, and is silent, often."""
    generator = torch.Generator().manual_seed(seed)

    def uniform(shape: tuple[int, ...], low: float, high: float) -> Tensor:
        return torch.rand(shape, generator=generator) * (high - low) + low

    found: Weights = {}
    for name, shape in shapes(sizes).items():
        leaf = name.rpartition(".")[2]
        if leaf == "num_batches_tracked":
            found[name] = torch.tensor(1000)
        elif leaf == "coef":
            found[name] = (0.8 ** torch.arange(sizes.steps - 1.0, -1, -1)).reshape(shape)
        elif leaf == "initial_input":
            found[name] = torch.zeros(shape)
        elif ".bn." in name:
            bounds = {
                "weight": (0.8, 2.0),
                "bias": (-0.05, 0.2),
                "running_mean": (-0.2, 0.2),
                "running_var": (0.1, 0.4),
            }
            found[name] = uniform(shape, *bounds[leaf])
        elif leaf == "weight":
            transposed = name.startswith(("decoder.", "final_layer."))
            fan_in = shape[0] * 9 / 4 if transposed else torch.Size(shape[1:]).numel()
            found[name] = uniform(shape, -1, 1) * (3 / fan_in) ** 0.5
        else:
            found[name] = uniform(shape, -0.3, 0.3)
    return found


class Reference:
    """What a state dict computes. Spikes are (N, …, T), named as our nodes, membranes u from 0."""

    def __init__(self, weights: Weights) -> None:
        self.weights = {name: value.double() for name, value in weights.items()}
        self.latent = len(weights["before_latent_layer.bias"])
        self.stages = sum(name.startswith("encoder.") and name.count(".") == 2 for name in weights)
        self.stages //= 2  # a weight and a bias each

    def encode(self, video: Tensor) -> Spikes:
        """Images (N, C, H, W, T) → spikes up to encoder.latent (N, L, T)."""
        found, x = {}, video
        for i in range(self.stages):
            x = self._conv(f"encoder.{i}", x, F.conv3d, stride=(2, 2, 1), padding=(1, 1, 0))
            x = found[f"encoder.{i}.lif"] = self._fire(f"encoder.{i}", x)
        x = self._linear("before_latent_layer", x.flatten(1, 3))
        found["encoder.latent.lif"] = self._fire("before_latent_layer", x)
        return found

    def sample(self, net: str, index: Tensor, context: Tensor | None = None) -> Spikes:
        """Autoregressive draw: z_t is candidate index[…, t] of each latent; (N, L, T) → (N, L, T).

        All steps up to t are computed again for every t, from the first.
        """
        found: Spikes = {}
        z = torch.zeros_like(index[..., :1], dtype=torch.float64)
        for t in range(index.shape[-1]):
            x = z if context is None else torch.cat([context[..., : t + 1], z], dim=1)
            for i in range(3):
                name = f"{net}.layers.{i}"
                x = found[f"{net}.{i}.lif"] = self._fire(name, self._linear(name, x), alpha=2)
            candidates = x[..., -1].unflatten(1, (self.latent, -1))
            drawn = candidates.gather(2, index[..., t, None])
            z = torch.cat([z, drawn], dim=2)
        return {**found, "z": z[..., 1:]}

    def decode(self, z: Tensor) -> tuple[Spikes, Tensor]:
        """Latent spikes (N, L, T) → spikes, and the readout (N, C, H, W) before tanh."""
        x = self._fire("decoder_input", self._linear("decoder_input", z))
        found = {"decoder.input.lif": x}
        channels = len(self.weights[f"encoder.{self.stages - 1}.bias"])
        side = round((x.shape[1] / channels) ** 0.5)
        x = x.unflatten(1, (channels, side, side))
        up = {"stride": (2, 2, 1), "padding": (1, 1, 0), "output_padding": (1, 1, 0)}
        names = [*(f"decoder.{i}" for i in range(self.stages - 1)), "final_layer.0"]
        for i, name in enumerate(names):
            x = self._fire(name, self._conv(name, x, F.conv_transpose3d, **up))
            found[f"decoder.{i}.lif"] = x
        y = self._conv("final_layer.1", x, F.conv_transpose3d, padding=(1, 1, 0))
        return found, (y * self.weights["membrane_output_layer.coef"]).sum(-1)

    def _conv(self, name: str, x: Tensor, by: Callable[..., Tensor], **how: object) -> Tensor:
        return by(x, self.weights[f"{name}.weight"], self.weights[f"{name}.bias"], **how)

    def _linear(self, name: str, x: Tensor) -> Tensor:
        y = torch.einsum("oi,nit->not", self.weights[f"{name}.weight"], x)
        return y + self.weights[f"{name}.bias"][:, None]

    def _fire(self, name: str, x: Tensor, alpha: float = 1) -> Tensor:
        """tdBN with the running statistics, then u ← u/4·(1 − o) + y, o = u > 0.2."""
        norm = {
            leaf: self.weights[f"{name}.bn.{leaf}"].view(-1, *[1] * (x.ndim - 2))
            for leaf in ("weight", "bias", "running_mean", "running_var")
        }
        scale = alpha * V_TH / (norm["running_var"] + EPSILON).sqrt() * norm["weight"]
        y = scale * (x - norm["running_mean"]) + norm["bias"]
        u, o = torch.zeros_like(y[..., 0]), torch.zeros_like(y)
        for t in range(y.shape[-1]):
            before = o[..., t - 1] if t else torch.zeros_like(u)
            u = u / 4 * (1 - before) + y[..., t]
            o[..., t] = (u > V_TH).double()
        return o
