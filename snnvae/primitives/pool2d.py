"""Pooling (NIR SumPool2d and AvgPool2d): a convolution of each channel with one weight."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import ClassVar

import nir
import numpy as np

from snnvae.errors import GraphError
from snnvae.primitive import Shape
from snnvae.primitives.convolution import (
    Convolution,
    check_geometry,
    check_numbers,
)
from snnvae.primitives.numbers import whole_numbers

MAX_WEIGHTS = 1 << 24
"""Most values that the windows of a layer may have: a file of a few bytes may claim any number."""


@dataclass(frozen=True, eq=False)
class _Pool2d(Convolution):
    average: ClassVar[bool]

    @classmethod
    def from_nir(cls, node: nir.NIRNode, in_shape: Shape) -> tuple[_Pool2d, np.ndarray | None]:
        """Reads the node; windows that do not fit at the end are left out, as in torch."""
        kernel, stride = whole_numbers(node.kernel_size, 2), whole_numbers(node.stride, 2)
        padding, channels = whole_numbers(node.padding, 2), in_shape[0]
        if min(kernel) < 1 or channels * prod(kernel) > MAX_WEIGHTS:
            raise GraphError(f"has a window {kernel} of no use; export the file again")
        weight = np.full((channels, 1, *kernel), 1 / prod(kernel) if cls.average else 1.0)
        check_numbers(weight, stride, padding, (1, 1))
        space = (
            (n + 2 * p - k) // s + 1 for n, p, k, s in zip(in_shape[1:], padding, kernel, stride)
        )
        out_shape = (channels, *space)
        check_geometry(in_shape, channels, out_shape, channels)
        return cls(in_shape, out_shape, weight, stride, padding, (1, 1), channels), None


@dataclass(frozen=True, eq=False)
class SumPool2d(_Pool2d):
    """``I[c, y, x] = Σ_j in[c, y·s − p + j_y, x·s − p + j_x]``."""

    nir_types = (nir.SumPool2d,)
    average = False


@dataclass(frozen=True, eq=False)
class AvgPool2d(_Pool2d):
    """``I[c, y, x] = 1/(k_y·k_x) · Σ_j in[c, y·s − p + j_y, x·s − p + j_x]``, padding included."""

    nir_types = (nir.AvgPool2d,)
    average = True
