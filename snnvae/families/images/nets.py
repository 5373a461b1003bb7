"""The spiking VAEs' encoder, decoder and sampler, for any size: time first, modules named as nodes.

A module's path in the model is its node's name in NIR ("encoder.0", "decoder.input.lif"), so that
what is exported can be compared with what was trained, layer by layer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

from snnvae.errors import ConfigError
from snnvae.layers.lif_rule import PAPERS, LIFRule
from snnvae.layers.output import Output
from snnvae.layers.spiking import SpikingLayer, Synapse, over_time


@dataclass(frozen=True)
class Neurons:
    """The neurons of a model's layers: what they compute, and tdBN's γ at first."""

    rule: LIFRule = PAPERS
    spread: float = 1.0

    def behind(self, synapse: Synapse, alpha: float = 1.0) -> SpikingLayer:
        """A layer of them."""
        return SpikingLayer(synapse, alpha, self.rule, self.spread)


USUAL = Neurons()
"""The papers'."""


def smallest_map(image_size: int, widths: Sequence[int]) -> int:
    """Returns the side of the innermost feature map: image_size halved once per width."""
    factor = 1 << len(widths)
    if image_size < factor or image_size % factor:
        raise ConfigError(
            f"image_size {image_size} cannot be halved {len(widths)} times, once per width in "
            f"{tuple(widths)}: use a multiple of {factor} or fewer widths"
        )
    return image_size // factor


class Encoder(nn.ModuleDict):
    """Image → latent spikes. One Conv k3 s2 p1 per width, then Linear → L; each tdBN + LIF."""

    def __init__(
        self,
        image_size: int,
        channels: int,
        widths: Sequence[int],
        latent: int,
        neurons: Neurons = USUAL,
    ) -> None:
        super().__init__()
        side = smallest_map(image_size, widths)
        for i, (fan_in, fan_out) in enumerate(zip((channels, *widths), widths)):
            conv = nn.Conv2d(fan_in, fan_out, 3, stride=2, padding=1)
            self[str(i)] = neurons.behind(conv)
        self["latent"] = neurons.behind(nn.Linear(widths[-1] * side * side, latent))

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


class Decoder(nn.ModuleDict):
    """Latent spikes → currents of the readout.

    Linear L → C·h·w (tdBN + LIF), viewed as a map; ConvTranspose k3 s2 p1 op1 from width to width
    (each tdBN + LIF); ConvTranspose to the image's channels, k3 s1 p1, no tdBN, no spikes.
    """

    def __init__(
        self,
        image_size: int,
        channels: int,
        widths: Sequence[int],
        latent: int,
        neurons: Neurons = USUAL,
    ) -> None:
        """widths: channels of each map, the innermost first, one more than there are stages."""
        super().__init__()
        side = smallest_map(image_size, widths[1:])
        self.map = (widths[0], side, side)
        self["input"] = neurons.behind(nn.Linear(latent, widths[0] * side * side))
        for i, (fan_in, fan_out) in enumerate(pairwise(widths)):
            up = nn.ConvTranspose2d(fan_in, fan_out, 3, stride=2, padding=1, output_padding=1)
            self[str(i)] = neurons.behind(up)
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

    def __init__(
        self, inputs: int, latent: int, k: int, hidden: Sequence[int] = (), neurons: Neurons = USUAL
    ) -> None:
        super().__init__()
        sizes = (inputs, *(hidden or (2 * latent, 4 * latent)), latent * k)
        for i, (fan_in, fan_out) in enumerate(pairwise(sizes)):
            self[str(i)] = neurons.behind(nn.Linear(fan_in, fan_out), alpha=2.0)
        self.candidates = k

    def add_identity(self, weight: float) -> None:
        """Adds `weight` where it lets each candidate spike follow the input of its latent, as far
        as the hidden layers are wide enough.

        Hidden neuron i listens to neuron i modulo their number before it; the candidates of latent
        l to hidden neurons that follow input l, in turn. tdBN takes the scale away, so that what
        counts is the ratio to the random weights, of variance 1/(3·inputs). An identity to begin
        with lets deep networks learn through it (Le et al., arXiv 1504.00941).
        """
        *hidden, last = (
            layer.synapse
            for layer in self.values()
            if isinstance(layer, SpikingLayer) and isinstance(layer.synapse, nn.Linear)
        )
        followed = list(range(hidden[0].in_features))
        with torch.no_grad():
            for synapse in hidden:
                before = [unit % synapse.in_features for unit in range(synapse.out_features)]
                synapse.weight[range(synapse.out_features), before] += weight
                followed = [followed[unit] for unit in before]
            for latent in range(last.out_features // self.candidates):
                followers = [unit for unit, its in enumerate(followed) if its == latent]
                for turn in range(self.candidates if followers else 0):
                    candidate = latent * self.candidates + turn
                    last.weight[candidate, followers[turn % len(followers)]] += weight

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
