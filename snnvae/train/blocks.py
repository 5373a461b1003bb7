"""Encoder and decoder of both spiking VAEs, for any size: time first, modules named as NIR nodes.

A module's path in the model is its node's name in NIR ("encoder.0", "decoder.input.lif"), so that
what is exported can be compared with what was trained, layer by layer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from snnvae.errors import ConfigError
from snnvae.train.fused import FoldedLIF
from snnvae.train.neuron import LIF
from snnvae.train.recompute import recomputed
from snnvae.train.rows import is_supported
from snnvae.train.tdbn import TdBN, fold

HALF = (torch.float16, torch.bfloat16)
"""What mixed precision gives; neurons and statistics stay in float32."""


Synapse = nn.Linear | nn.Conv2d | nn.ConvTranspose2d


class SpikingLayer(nn.Module):
    """synapse → tdBN → LIF over (T, B, …); the synapse sees time and batch as one axis."""

    lif: nn.Module

    def __init__(self, synapse: Synapse, alpha: float = 1.0) -> None:
        super().__init__()
        features = synapse.out_features if isinstance(synapse, nn.Linear) else synapse.out_channels
        self.synapse = synapse
        self.norm: TdBN | nn.Identity = TdBN(features, alpha)
        self.lif = LIF()
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
        return self._counted(self._fire(self._current(x)[None], steps))

    def step(self, x: Tensor, v: Tensor | None) -> tuple[Tensor, Tensor]:
        """One step: x (B, …), membrane v (B, …) or None for rest → spikes, membrane (B, …)."""
        spikes, v = self.lif(self.norm(_in_full(self._current(x))[None]), v)
        return spikes[0], v

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
        return self._fire(over_time(self._current, x), len(x), weights)

    def _current(self, x: Tensor) -> Tensor:
        """What the synapse makes of x (B, …)."""
        current: Tensor = self.synapse(x)
        return current

    def _fire(self, current: Tensor, steps: int, weights: Sequence[float] | None = None) -> Tensor:
        """Spikes (T, B, …), or their weighted sum (1, B, …)."""
        norm = self.norm
        current = _in_full(current)
        if isinstance(norm, TdBN) and norm.training and is_supported(current):
            return norm.fire(current, steps, weights)
        if self._has_gradients(current) and len(current) == steps:
            assert isinstance(self.lif, LIF)
            factors, v_th = weights or [1.0] * steps, self.lif.cell.p.v_th
            return FoldedLIF.apply(current, factors, weights is not None, v_th)
        spikes: Tensor = self.lif(norm(current.expand(steps, *current.shape[1:])))[0]
        return spikes if weights is None else weighted_sum(spikes, weights)[None]

    def _has_gradients(self, current: Tensor) -> bool:
        """Whether a folded layer's gradients are asked of the compiled kernels."""
        folded = isinstance(self.norm, nn.Identity) and is_supported(current)
        return folded and torch.is_grad_enabled() and current.requires_grad

    @property
    def is_folded(self) -> bool:
        """Whether it is synapse and Norse's neurons alone."""
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
    """Σ_t weights[t]·x[t]."""
    return torch.stack([w * row for w, row in zip(weights, x.unbind(0))]).sum(0)


def smallest_map(image_size: int, widths: Sequence[int]) -> int:
    """Side of the innermost feature map: image_size halved once per width."""
    factor = 1 << len(widths)
    if image_size < factor or image_size % factor:
        raise ConfigError(
            f"image_size {image_size} cannot be halved {len(widths)} times, once per width in "
            f"{tuple(widths)}: use a multiple of {factor} or fewer widths"
        )
    return image_size // factor


class Encoder(nn.ModuleDict):
    """Image → latent spikes. One Conv k3 s2 p1 per width, then Linear → L; each tdBN + LIF."""

    def __init__(self, image_size: int, channels: int, widths: Sequence[int], latent: int) -> None:
        super().__init__()
        side = smallest_map(image_size, widths)
        for i, (fan_in, fan_out) in enumerate(zip((channels, *widths), widths)):
            conv = nn.Conv2d(fan_in, fan_out, 3, stride=2, padding=1)
            self[str(i)] = SpikingLayer(conv)
        self["latent"] = SpikingLayer(nn.Linear(widths[-1] * side * side, latent))

    def forward(self, image: Tensor) -> Tensor:
        """(T, B, C, H, W) → latent spikes (T, B, L)."""
        return self._after_first(self["0"](image))

    def constant(self, image: Tensor, steps: int) -> Tensor:
        """Direct coding: (B, C, H, W), the input of every step → (T, B, L). Equals `forward`."""
        first = self["0"]
        assert isinstance(first, SpikingLayer)
        return self._after_first(first.constant(image, steps))

    def _after_first(self, x: Tensor) -> Tensor:
        for name, layer in self.items():
            if name == "latent":
                x = x.flatten(2)
            if name != "0":
                x = layer(x)
        return x


class Output(nn.ConvTranspose2d):
    """The decoder's last synapse, k3 s1 p1: no tdBN, no spikes."""

    def __init__(self, fan_in: int, channels: int) -> None:
        super().__init__(fan_in, channels, 3, stride=1, padding=1)

    def weighted(self, total: Tensor, weights: Sequence[float]) -> Tensor:
        """Σ_t weights[t]·self(x[t]) from total = Σ_t weights[t]·x[t], (B, C, H, W) both."""
        assert self.bias is not None
        y: Tensor = self(total)
        return y + (sum(weights) - 1) * self.bias.view(-1, 1, 1)

    def deployed(self) -> Output:
        """Itself: nothing is to be folded."""
        return self


class Decoder(nn.ModuleDict):
    """Latent spikes → currents of the readout.

    Linear L → C·h·w (tdBN + LIF), viewed as a map; ConvTranspose k3 s2 p1 op1 from width to width
    (each tdBN + LIF); ConvTranspose to the image's channels, k3 s1 p1, no tdBN, no spikes.
    """

    def __init__(self, image_size: int, channels: int, widths: Sequence[int], latent: int) -> None:
        """widths: channels of each map, the innermost first, one more than there are stages."""
        super().__init__()
        side = smallest_map(image_size, widths[1:])
        self.map = (widths[0], side, side)
        self["input"] = SpikingLayer(nn.Linear(latent, widths[0] * side * side))
        for i, (fan_in, fan_out) in enumerate(pairwise(widths)):
            up = nn.ConvTranspose2d(fan_in, fan_out, 3, stride=2, padding=1, output_padding=1)
            self[str(i)] = SpikingLayer(up)
        self["output"] = Output(widths[-1], channels)

    def forward(self, z: Tensor) -> Tensor:
        """(T, B, L) → (T, B, C, H, W)."""
        return over_time(self["output"], self._through(self._spiking(), z))

    def weighted(self, z: Tensor, weights: Sequence[float]) -> Tensor:
        """Σ_t weights[t]·forward(z)[t]: (T, B, L) → (B, C, H, W).

        The output layer is linear, so it sees the weighted sum of the last layer's spikes, once.
        """
        *before, last = self._spiking()
        total = last.weighted(self._through(before, z), weights)
        output = self["output"]
        assert isinstance(output, Output)
        return output.weighted(total, weights)

    def _spiking(self) -> list[SpikingLayer]:
        return [layer for layer in self.values() if isinstance(layer, SpikingLayer)]

    def _through(self, layers: Sequence[SpikingLayer], z: Tensor) -> Tensor:
        """Spikes of the last of the first layers, as maps."""
        x = layers[0](z).unflatten(2, self.map)
        for layer in layers[1:]:
            x = layer(x)
        return x


class AutoregressiveNet(nn.ModuleDict):
    """FSVAE's prior or posterior: inputs → 2L → 4L → L·k, Linear + tdBN(α = 2) + LIF each.

    hidden: other sizes for 2L and 4L.
    """

    def __init__(self, inputs: int, latent: int, k: int, hidden: Sequence[int] = ()) -> None:
        super().__init__()
        sizes = (inputs, *(hidden or (2 * latent, 4 * latent)), latent * k)
        for i, (fan_in, fan_out) in enumerate(pairwise(sizes)):
            self[str(i)] = SpikingLayer(nn.Linear(fan_in, fan_out), alpha=2.0)

    def forward(self, x: Tensor) -> Tensor:
        """(T, B, inputs) → spikes (T, B, L·k), from rest."""
        for layer in self.values():
            x = layer(x)
        return x

    def step(self, x: Tensor, state: Sequence[Tensor] | None) -> tuple[Tensor, list[Tensor]]:
        """One step: (B, inputs) → spikes (B, L·k) and each layer's membrane to go on from."""
        carried = []
        for i, layer in enumerate(self.values()):
            assert isinstance(layer, SpikingLayer)
            x, v = layer.step(x, None if state is None else state[i])
            carried.append(v)
        return x, carried


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


def split_columns(linear: nn.Linear, first: int) -> tuple[nn.Linear, nn.Linear]:
    """A Linear on a concatenation as two whose outputs add up; the first keeps the bias."""
    halves = []
    for columns in (linear.weight[:, :first], linear.weight[:, first:]):
        half = nn.Linear(columns.shape[1], columns.shape[0]).to(columns.dtype)
        half.weight = nn.Parameter(columns.detach().clone())
        half.bias = nn.Parameter(torch.zeros_like(linear.bias))
        halves.append(half)
    halves[0].bias = nn.Parameter(linear.bias.detach().clone())
    return halves[0], halves[1]
