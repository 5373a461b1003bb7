"""NIR's nodes as plain torch modules in float64, from its equations: nothing of our primitives.

Tensors have a batch axis, (B, *shape). A module that remembers takes and gives a state, None before
the first step.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import nir
import numpy as np
import torch
import torch.nn.functional as F  # torch's own habit
from torch import Tensor, nn

from snnvae.conventions import Conventions
from snnvae.primitives import NirConvTranspose2d, NirRelay, NirReshape, NirSparseAffine
from snnvae.primitives.parameters import as_meant

State = tuple[Tensor, Tensor]


class Weights(nn.Module):
    """A map without memory."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        """(B, *in_shape) → (B, *out_shape)."""
        return self.function(x)


class Neuron(nn.Module):
    """``i += a·(w_in·x − i)``, ``v += b·(v_leak − v + r·i)``, spike, reset; state (v, i).

    a = dt/τ_syn, b = dt/τ_mem or their exponential forms; without τ_syn i is x, without τ nothing
    leaks and r or r·dt is what a step adds.
    """

    def __init__(self, node: nir.NIRNode, conventions: Conventions) -> None:
        super().__init__()
        self.node, self.conventions = node, conventions
        zero = torch.zeros(tuple(np.atleast_1d(node.output_type["output"]).astype(int)))
        self.zero = zero.double()
        self.leak = tensor(getattr(node, "v_leak", 0.0)) + self.zero
        self.rest = tensor(getattr(node, "v_reset", 0.0)) + self.zero
        threshold = getattr(node, "v_threshold", None)
        self.threshold = None if threshold is None else tensor(threshold)
        tau_syn = getattr(node, "tau_syn", None)
        self.synapse = None if tau_syn is None else self._rates(tau_syn, node.w_in, True)
        tau = getattr(node, "tau_mem", getattr(node, "tau", None))
        self.membrane = (
            (self.zero, self._gain(node.r))
            if tau is None
            else self._rates(tau, node.r, isinstance(node, nir.LI))
        )

    def _rates(self, tau: np.ndarray, gain: np.ndarray, current: bool) -> tuple[Tensor, Tensor]:
        """Returns what a step forgets, and what it makes of an input of 1."""
        euler = np.asarray(self.conventions.dt / np.asarray(tau, np.float64))
        exact = 1 - np.exp(-euler)
        forgets = euler if self.conventions.integrator == "euler" else exact
        takes = exact if self.conventions.integrator == "exponential" else euler
        if self.conventions.gain != "stated":
            left = (
                1 - forgets if current and self.conventions.gain == "decayed" else 1 + 0 * forgets
            )
            return tensor(as_meant(forgets)), tensor(left)
        return tensor(as_meant(forgets)), tensor(as_meant(takes * np.asarray(gain, np.float64)))

    def _gain(self, r: np.ndarray) -> Tensor:
        per_step = self.conventions.dt if self.conventions.if_gain == "dt" else 1.0
        return tensor(as_meant(np.asarray(r, np.float64) * per_step))

    def _first(self, x: Tensor) -> State:
        starts = {"v_reset": self.rest, "v_leak": self.leak, "zero": self.zero}
        if isinstance(self.node, nir.IF):
            starts["v_leak"] = self.rest  # it has no leak
        start = starts[self.conventions.initial or "v_leak"]
        none = torch.zeros((len(x), *self.zero.shape), dtype=torch.float64)
        return start + none, none

    def _fires(self, v: Tensor) -> Tensor:
        assert self.threshold is not None
        reached = self.conventions.spike == "reached"
        return v >= self.threshold if reached else v > self.threshold

    def forward(self, x: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """(B, *shape) → spikes or membranes, and the state after any reset."""
        before, i = self._first(x) if state is None else state
        if self.synapse is not None:
            forgets, takes = self.synapse
            x = i = i - forgets * i + takes * x
        forgets, takes = self.membrane
        v = before + forgets * (self.leak - before) + takes * x
        if self.threshold is None:
            return v, (v, i)
        if self.conventions.reset in ("subtract-delayed", "subtract-ahead"):
            owed = self._fires(before).double()
            v = v - self.threshold * owed
            fires = self._fires(v).double()
            after = v - self.threshold * (fires - owed)
            return fires, (after if self.conventions.reset == "subtract-ahead" else v, i)
        fires = self._fires(v)
        after = self.rest if self.conventions.reset == "zero" else v - self.threshold
        return fires.double(), (torch.where(fires, after, v), i)


class Delay(nn.Module):
    """``y(t) = x(t − τ)``; the state is what came in, the newest first."""

    def __init__(self, node: nir.Delay, conventions: Conventions) -> None:
        super().__init__()
        self.steps = torch.tensor(np.rint(np.asarray(node.delay) / conventions.dt).astype(int))

    def forward(self, x: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """(B, *shape) → (B, *shape)."""
        size = int(self.steps.max()) + 1
        past = x.new_zeros(size, *x.shape) if state is None else state
        past = torch.cat([x[None], past[:-1]])
        return past.gather(0, self.steps.expand(1, *x.shape))[0], past


def module_for(node: nir.NIRNode, conventions: Conventions) -> nn.Module:
    """The module of a node. KeyError for a node that NIR and snnvae do not know."""
    if isinstance(node, NEURONS):
        return Neuron(node, conventions)
    if isinstance(node, nir.Delay):
        return Delay(node, conventions)
    if isinstance(node, nir.Threshold):
        threshold, reached = tensor(node.threshold), conventions.spike == "reached"
        return Weights(lambda x: (x >= threshold if reached else x > threshold).double())
    return Weights(_FUNCTIONS[type(node)](node))


NEURONS = (nir.LIF, nir.LI, nir.IF, nir.I, nir.CubaLIF, nir.CubaLI)


def tensor(values: Any) -> Tensor:
    """A copy in float64."""
    return torch.tensor(np.array(values, np.float64))


def _same(node: nir.NIRNode) -> Callable[[Tensor], Tensor]:
    return lambda x: x


def _linear(node: Any) -> Callable[[Tensor], Tensor]:
    weight = tensor(node.weight)
    bias = tensor(node.bias) if isinstance(node, nir.Affine) else None
    return lambda x: F.linear(x, weight, bias)


def _scale(node: nir.Scale) -> Callable[[Tensor], Tensor]:
    scale = tensor(node.scale)
    return lambda x: x * scale


def _conv(node: Any) -> Callable[[Tensor], Tensor]:
    function = F.conv1d if isinstance(node, nir.Conv1d) else F.conv2d
    weight, bias, groups = tensor(node.weight), tensor(node.bias), int(node.groups)
    named = isinstance(node.padding, (str, bytes))
    padding = node.padding if named else whole(node.padding)
    padding = padding.decode() if isinstance(padding, bytes) else padding
    stride, dilation = whole(node.stride), whole(node.dilation)
    return lambda x: function(x, weight, bias, stride, padding, dilation, groups)


def _conv_transpose(node: Any) -> Callable[[Tensor], Tensor]:
    weight, bias, groups = tensor(node.weight), tensor(node.bias), int(node.groups)
    stride, padding = whole(node.stride), whole(node.padding)
    more, dilation = whole(node.output_padding), whole(node.dilation)
    return lambda x: F.conv_transpose2d(x, weight, bias, stride, padding, more, groups, dilation)


def _pool(node: Any) -> Callable[[Tensor], Tensor]:
    kernel, stride, padding = (whole(a) for a in (node.kernel_size, node.stride, node.padding))
    divisor = 1 if isinstance(node, nir.SumPool2d) else None
    return lambda x: F.avg_pool2d(x, kernel, stride, padding, divisor_override=divisor)


def _reshape(node: nir.NIRNode) -> Callable[[Tensor], Tensor]:
    shape = tuple(int(n) for n in np.atleast_1d(node.output_type["output"]))
    return lambda x: x.reshape(len(x), *shape)


def _sparse(node: Any) -> Callable[[Tensor], Tensor]:
    weight, bias = tensor(node.weight), tensor(node.bias)
    columns = torch.tensor(np.asarray(node.indices, np.int64))
    rows = torch.tensor(np.repeat(np.arange(len(node.indptr) - 1), np.diff(node.indptr)))
    reshape = _reshape(node)
    return lambda x: reshape(
        bias.repeat(len(x), 1).index_add(1, rows, x.reshape(len(x), -1)[:, columns] * weight)
    )


def whole(value: Any) -> Any:
    """Returns whole numbers as torch takes them."""
    numbers = np.atleast_1d(value).astype(int)
    return tuple(numbers.tolist()) if numbers.size > 1 else int(numbers[0])


_FUNCTIONS: dict[type, Callable[[Any], Callable[[Tensor], Tensor]]] = {
    nir.Input: _same,
    nir.Output: _same,
    NirRelay: _same,
    nir.Linear: _linear,
    nir.Affine: _linear,
    nir.Scale: _scale,
    nir.Conv1d: _conv,
    nir.Conv2d: _conv,
    NirConvTranspose2d: _conv_transpose,
    nir.SumPool2d: _pool,
    nir.AvgPool2d: _pool,
    nir.Flatten: _reshape,
    NirReshape: _reshape,
    NirSparseAffine: _sparse,
}
NODES = (*NEURONS, nir.Delay, nir.Threshold, *_FUNCTIONS)
"""Every node that has a module."""
