"""A model's layers in fixed point: the parameters stay real, what is computed is whole numbers."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call

from snnvae.layers.constants import DT, READOUT_TAU_INV
from snnvae.layers.fixed.kernels import UNIT
from snnvae.layers.fixed.lif import FixedLIF
from snnvae.layers.fixed.rounding import WholeBias, WholeCurrent, WholeWeight
from snnvae.layers.lif_rule import PAPERS, LIFRule
from snnvae.layers.neuron import LIF, Readout
from snnvae.layers.output import LinearOutput, Output
from snnvae.layers.spiking import SpikingLayer, Synapse
from snnvae.primitives import fixed_point
from snnvae.primitives.parameters import fixed_decay

AnyOutput = TypeVar("AnyOutput", Output, LinearOutput)

APART = 1 / 3
"""Membrane units by which the float form's threshold lies above the whole one: no sum of whole
numbers over 64·4^n meets it exactly, so that no rounding decides whether a neuron fires."""

READOUT_DV = int(fixed_decay(np.asarray(DT * READOUT_TAU_INV)))


class FixedLayer(SpikingLayer):
    """synapse → LIF in the compiler's whole numbers; tdBN is folded into the synapse before.

    `scale`: weight units per unit of membrane. on_host: driven by an image, whose currents the host
    computes with real weights and rounds.
    """

    lif: FixedLIF

    def __init__(
        self, synapse: Synapse, scale: float, on_host: bool, rule: LIFRule = PAPERS
    ) -> None:
        super().__init__(synapse)
        self.norm, self.on_host = nn.Identity(), on_host
        self.lif = FixedLIF(scale, rule)

    @property
    def is_folded(self) -> bool:
        """False: these are not Norse's neurons."""
        return False

    @property
    def scale(self) -> float:
        """Weight units per unit of membrane."""
        return self.lif.scale.item()

    @property
    def gain(self) -> float:
        """By which the compiler multiplies weights and biases: dt/τ·R of a LIF."""
        return self.lif.rule.c

    def whole_weight(self) -> Tensor:
        """The synapse's weights as the program has them."""
        whole: Tensor = WholeWeight.apply(self.synapse.weight, self.gain * self.scale)
        return whole

    def whole_bias(self) -> Tensor:
        """The neurons' biases as the program has them, in membrane units."""
        bias = self.synapse.bias
        assert bias is not None
        if self.on_host:
            return torch.zeros_like(bias)
        whole: Tensor = WholeBias.apply(bias * self.gain, self.scale)
        return whole

    def deployed(self) -> SpikingLayer:
        """Returns the layer in real numbers, with the values that rounding left;
        its neurons are Norse's."""
        layer = SpikingLayer(copy.deepcopy(self.synapse))
        layer.norm = nn.Identity()
        layer.lif = LIF(self.lif.rule, (self.lif.threshold + APART) / (UNIT * self.scale))
        if not self.on_host:
            weight = self.whole_weight().double() / (self.gain * self.scale)
            bias = self.whole_bias().double() / (self.gain * UNIT * self.scale)
            kind = self.synapse.weight.dtype
            layer.synapse.weight = nn.Parameter(weight.detach().to(kind))
            layer.synapse.bias = nn.Parameter(bias.detach().to(kind))
        return layer

    def advance(self, current: Tensor, v: Tensor | None) -> tuple[Tensor, Tensor]:
        """Advances as `SpikingLayer` does; v in membrane units."""
        v = torch.zeros_like(current[0]) if v is None else v
        spikes, after = self.lif(current, self.whole_bias(), len(current), None, v)
        return spikes, after

    def current(self, x: Tensor) -> Tensor:
        """Returns what the synapse makes of x (B, …), in membrane units."""
        with torch.autocast(x.device.type, enabled=False):
            x = x.to(self.synapse.weight.dtype)
            if self.on_host:  # in float64, as the host
                real = {name: p.double() for name, p in self.synapse.named_parameters()}
                current = functional_call(self.synapse, real, (x.double(),))
                sent: Tensor = WholeCurrent.apply(self.gain * current, self.scale)
                return sent.to(x.dtype)
            return without_bias(self.synapse, self.whole_weight(), x)

    def fire(self, current: Tensor, steps: int, weights: Sequence[float] | None = None) -> Tensor:
        """Fires as `SpikingLayer` does."""
        spikes: Tensor = self.lif(current, self.whole_bias(), steps, weights)[0]
        return spikes


def without_bias(synapse: Synapse, weight: Tensor, x: Tensor) -> Tensor:
    """The synapse with other weights and no bias."""
    assert synapse.bias is not None
    zero = torch.zeros_like(synapse.bias)
    current: Tensor = functional_call(synapse, {"weight": weight, "bias": zero}, (x,))
    return current


class _WholeOutput(nn.Module):
    """The last synapse: spikes → currents in membrane units, bias included."""

    weight: Any
    bias: Any
    scale: Tensor

    def _whole(self) -> tuple[Tensor, Tensor]:
        scale = self.scale.item()
        return WholeWeight.apply(self.weight, scale), WholeBias.apply(self.bias, scale)

    def _sum(self, x: Tensor, weight: Tensor) -> Tensor:
        """Returns what the synapse makes of x with these weights and no bias."""
        raise NotImplementedError

    def _currents(self, x: Tensor, biases: float) -> Tensor:
        with torch.autocast(x.device.type, enabled=False):
            weight, bias = self._whole()
            y = self._sum(x.to(weight.dtype), weight)
            return UNIT * y + biases * bias.view(-1, *(1,) * (y.ndim - 2))

    def weighted(self, total: Tensor, weights: Sequence[float]) -> Tensor:
        """Returns, in the output's units, what a readout without rounding would hold: as of
        `Output.weighted`."""
        return self._currents(total, sum(weights)) / (UNIT * self.scale.item())

    def _real(self, output: AnyOutput) -> AnyOutput:
        """`output` with the values that rounding left."""
        weight, bias = self._whole()
        scale, kind = self.scale.item(), self.weight.dtype
        output.weight = nn.Parameter((weight.double() / scale).detach().to(kind))
        output.bias = nn.Parameter((bias.double() / (UNIT * scale)).detach().to(kind))
        return output

    def _take(self, output: Output | LinearOutput, scale: float) -> None:
        self.weight, self.bias = output.weight, output.bias
        self.register_buffer("scale", torch.tensor(scale, dtype=torch.float64))


class FixedOutput(_WholeOutput, Output):
    """The output of a map."""

    def __init__(self, output: Output, scale: float) -> None:
        super().__init__(output.in_channels, output.out_channels)
        self._take(output, scale)

    def _sum(self, x: Tensor, weight: Tensor) -> Tensor:
        return nn.functional.conv_transpose2d(x, weight, padding=1)

    def forward(self, x: Tensor, output_size: list[int] | None = None) -> Tensor:
        """Spikes (B, C, H, W) → membrane units."""
        return self._currents(x, 1.0)

    def deployed(self) -> Output:
        """Returns the output in real numbers."""
        return self._real(Output(self.in_channels, self.out_channels))


class FixedLinearOutput(_WholeOutput, LinearOutput):
    """The output of a vector."""

    def __init__(self, output: LinearOutput, scale: float) -> None:
        super().__init__(output.in_features, output.out_features)
        self._take(output, scale)

    def _sum(self, x: Tensor, weight: Tensor) -> Tensor:
        return nn.functional.linear(x, weight)

    def forward(self, x: Tensor) -> Tensor:
        """Spikes (B, N) → membrane units."""
        return self._currents(x, 1.0)

    def deployed(self) -> LinearOutput:
        """Returns the output in real numbers."""
        return self._real(LinearOutput(self.in_features, self.out_features))


def fixed_output(output: Output | LinearOutput, scale: float) -> FixedOutput | FixedLinearOutput:
    """An output in fixed point."""
    if isinstance(output, LinearOutput):
        return FixedLinearOutput(output, scale)
    return FixedOutput(output, scale)


class FixedReadout(Readout):
    """v[t] = trunc(v[t−1]·(4096 − dv)/4096) + y[t], y in membrane units at `scale`; real out."""

    scale: Tensor

    def __init__(self, scale: float) -> None:
        super().__init__()
        self.register_buffer("scale", torch.tensor(scale, dtype=torch.float64))

    def forward(self, y: Tensor) -> Tensor:
        """(T, B, …) membrane units → membranes (T, B, …) in the image's units, float64."""
        v, membranes = torch.zeros_like(y[0], dtype=torch.float64), []
        whole = 1 << fixed_point.DECAY_BITS
        for current in y.double():
            v = torch.trunc(v * (whole - READOUT_DV) / whole) + current
            membranes.append(v)
        return torch.stack(membranes) / (UNIT * self.scale.item())

    @staticmethod
    def weights(steps: int) -> list[float]:
        """Returns what each step counts in the last membrane, by the decay of 12 bits."""
        decay = 1 - READOUT_DV / (1 << fixed_point.DECAY_BITS)
        return [decay ** (steps - 1 - t) for t in range(steps)]
