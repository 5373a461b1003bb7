"""Synapses on a device: spikes to currents by sums of products and nothing else.

A tap j of a kernel joins the input positions x and output positions y of `Axis.taps`. With
channels last, for each row n of spikes s:

    convolution:  I[n, y, o] = Σ_(j, i) copies[n, y, j, i] · w[j, i, o],  copies[n, y, j] = s[n, x],
    transposed:   I[n, y, o] = Σ_j products[n, x, j, o],  products[n, x] = Σ_i s[n, x, i] · w[i],

so that a strided kernel multiplies no more than it joins, in one product of matrices per group.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from math import prod

import numpy as np
import torch

from snnvae.errors import BackendError, UnsupportedError
from snnvae.hardware_sim.torch_engine.devices import tensor
from snnvae.primitive import Synapse
from snnvae.primitives import Linear
from snnvae.primitives.convolution import Axis, Convolution
from snnvae.program import Connection, Precision

WORK_BYTES = 1 << 28
"""Of what one product of matrices reads and writes."""
FLOAT32_LIMIT, FLOAT64_LIMIT = 2.0**24, 2.0**53
"""Integers whose magnitude is below are exact."""

Positions = tuple[slice, slice, slice]
"""Of all rows, some positions along each of two axes."""


class Sums(ABC):
    """The sums that rows of spikes give to a layer: (N, *shape) bool → (N, n_out) in `dtype`."""

    def __init__(self, synapse: Synapse, dtype: torch.dtype, device: torch.device) -> None:
        self.synapse, self.dtype, self.device = synapse, dtype, device
        self.n_in, self.n_out = prod(synapse.in_shape), prod(synapse.out_shape)

    def __call__(self, spikes: torch.Tensor) -> torch.Tensor:
        """Sums as many rows at a time as `WORK_BYTES` allow."""
        rows = max(1, WORK_BYTES // (self.numbers * self.dtype.itemsize))
        parts = [self._rows(part.reshape(len(part), -1)) for part in spikes.split(rows)]
        return parts[0] if len(parts) == 1 else torch.cat(parts)

    @property
    def numbers(self) -> int:
        """The count of numbers that a row needs at once."""
        return self.n_in + self.n_out

    @abstractmethod
    def _rows(self, spikes: torch.Tensor) -> torch.Tensor:
        """(N, n_in) → (N, n_out)."""

    def _weights(self, weight: np.ndarray) -> torch.Tensor:
        return tensor(weight, self.device).to(self.dtype)


class LinearSums(Sums):
    """A full matrix."""

    def __init__(self, synapse: Linear, dtype: torch.dtype, device: torch.device) -> None:
        super().__init__(synapse, dtype, device)
        self._matrix = self._weights(synapse.weight.T)

    def _rows(self, spikes: torch.Tensor) -> torch.Tensor:
        return spikes.to(self.dtype) @ self._matrix


class SparseSums(Sums):
    """Synapse by synapse: whatever has no faster way."""

    def __init__(self, synapse: Synapse, dtype: torch.dtype, device: torch.device) -> None:
        super().__init__(synapse, dtype, device)
        matrix = synapse.matrix().tocoo()
        at = tensor(np.stack([matrix.row, matrix.col]).astype(np.int64), device)
        values, shape = self._weights(matrix.data), (self.n_out, self.n_in)
        made = torch.sparse_coo_tensor(at, values, shape, check_invariants=False)
        self._matrix = made.coalesce()

    def _rows(self, spikes: torch.Tensor) -> torch.Tensor:
        return torch.sparse.mm(self._matrix, spikes.T.to(self.dtype)).T


class KernelSums(Sums):
    """A kernel that moves over a map of one or two axes, in groups, strided on either side."""

    def __init__(self, synapse: Convolution, dtype: torch.dtype, device: torch.device) -> None:
        super().__init__(synapse, dtype, device)
        y, x = synapse.axes if len(synapse.axes) == 2 else (_POINT, *synapse.axes)
        groups, (c_out, c_in) = synapse.groups, synapse.weight.shape[:2]
        self._taps, self._transposed = list(_taps(y, x)), synapse.transposed
        self._tap_count = y.kernel * x.kernel
        self._input = (groups, c_in, y.n_in, x.n_in)
        self._output = (y.n_out, x.n_out, groups, c_out // groups)
        weight = synapse.weight.reshape(groups, c_out // groups, c_in, self._tap_count)
        if self._transposed:
            matrix = weight.transpose(0, 2, 3, 1).reshape(groups, c_in, -1)
        else:
            matrix = weight.transpose(0, 3, 2, 1).reshape(groups, -1, c_out // groups)
        self._matrix = self._weights(matrix)

    @property
    def numbers(self) -> int:
        """The count of numbers that a row needs at once, with the products or copies of all taps,
        twice: a product of groups rearranges them."""
        y, x, *_ = self._output
        of_a_tap = self.n_in // self._input[1] * self._output[3]
        if not self._transposed:
            of_a_tap = y * x * self._input[0] * self._input[1]
        return super().numbers + 2 * self._tap_count * of_a_tap

    def _rows(self, spikes: torch.Tensor) -> torch.Tensor:
        split = spikes.reshape(-1, *self._input).permute(0, 3, 4, 1, 2).to(self.dtype)
        out = self._scattered(split) if self._transposed else self._gathered(split)
        return out.permute(0, 3, 4, 1, 2).reshape(len(spikes), -1)

    def _gathered(self, source: torch.Tensor) -> torch.Tensor:
        """Copies first: (N, y, x, group, c_in) → (N, y', x', group, c_out)."""
        y, x, groups, _ = self._output
        copies = self._zeros(len(source), y, x, groups, self._tap_count, source.shape[-1])
        for j, at, to in self._taps:
            copies[(*to, slice(None), j)] = source[at]
        return self._product(copies.reshape(*copies.shape[:4], -1))

    def _scattered(self, source: torch.Tensor) -> torch.Tensor:
        """Computes the products first."""
        products = self._product(source).reshape(*source.shape[:4], self._tap_count, -1)
        out = self._zeros(len(source), *self._output)
        for j, at, to in self._taps:
            out[to] += products[(*at, slice(None), j)]
        return out

    def _product(self, values: torch.Tensor) -> torch.Tensor:
        """(N, y, x, group, k) times the kernel's (group, k, o)."""
        return torch.einsum("nyxgk,gko->nyxgo", values, self._matrix)

    def _zeros(self, *shape: int) -> torch.Tensor:
        return torch.zeros(shape, dtype=self.dtype, device=self.device)


_POINT = Axis(1, 1, 1, 0, 1, 1)
"""The axis that a kernel over one axis lacks."""


def _taps(y: Axis, x: Axis) -> Iterator[tuple[int, Positions, Positions]]:
    """(number of the tap, input positions, output positions), of taps that join any."""
    for j, (a, b) in enumerate(np.ndindex(y.kernel, x.kernel)):
        (y_in, y_out), (x_in, x_out) = y.taps(a), x.taps(b)
        if len(y_in) and len(x_in):
            yield j, (slice(None), _run(y_in), _run(x_in)), (slice(None), _run(y_out), _run(x_out))


def _run(positions: np.ndarray) -> slice:
    """Evenly spaced positions."""
    step = int(positions[1] - positions[0]) if len(positions) > 1 else 1
    return slice(int(positions[0]), int(positions[-1]) + 1, step)


def sums(c: Connection, precision: Precision, device: torch.device) -> Sums:
    """Makes the sums of a connection with spikes.
    UnsupportedError where its integers do not fit."""
    synapse, dtype = c.synapse, torch.float64
    if precision == "fixed":
        largest = synapse.largest_sum()
        if largest >= FLOAT64_LIMIT:
            raise UnsupportedError(
                f"the weights of '{c.name}' sum beyond 53 bits; leave out `device`"
            )
        dtype = torch.float32 if largest < FLOAT32_LIMIT else torch.float64
    if isinstance(synapse, Linear):
        return LinearSums(synapse, dtype, device)
    if isinstance(synapse, Convolution):
        return KernelSums(synapse, dtype, device)
    return SparseSums(synapse, dtype, device)


def check(c: Connection, made: Sums) -> None:
    """BackendError unless the device's sums are those of `apply`: of all spikes, of half of them.

    They would differ where a library multiplies in another way than by sums of products.
    """
    half = np.random.default_rng(0).random(c.synapse.in_shape) < 0.5
    spikes = np.stack([np.ones_like(half), half])
    found = made(tensor(spikes, made.device)).double().cpu().numpy()
    # The numbers that programs run with; integers of fixed point are exact in either.
    wanted = c.synapse.apply(spikes.astype(np.float64)).reshape(found.shape)
    if not np.array_equal(found, wanted):
        raise BackendError(
            f"the sums of '{c.name}' on {made.device} are not exact; leave out `device`"
        )
