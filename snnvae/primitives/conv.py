"""Convolution (NIR Conv1d and Conv2d): a cross-correlation, as torch defines it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import nir
import numpy as np

from snnvae.errors import GraphError
from snnvae.primitive import Shape
from snnvae.primitives.convolution import (
    Convolution,
    channel_bias,
    check_geometry,
    check_numbers,
)
from snnvae.primitives.numbers import whole_numbers


@dataclass(frozen=True, eq=False)
class _Conv(Convolution):
    spatial: ClassVar[int]

    @classmethod
    def from_nir(cls, node: nir.NIRNode, in_shape: Shape) -> tuple[_Conv, np.ndarray | None]:
        """Reads the node, padding 'same' and 'valid' included; shapes are worked out here.

        NIR 1.0.8's own inference is wrong for kernels that are not square and for groups. With
        'same', an odd rest of the padding stands behind the last position, as in torch.
        """
        weight, n = np.asarray(node.weight, np.float64), cls.spatial
        stride, dilation = whole_numbers(node.stride, n), whole_numbers(node.dilation, n)
        (groups,) = whole_numbers(node.groups, 1)
        named = isinstance(node.padding, (str, bytes))
        before = (0,) * n if named else whole_numbers(node.padding, n)
        check_numbers(weight, stride, before, dilation)
        check_geometry(
            in_shape, weight.shape[1] * groups, (weight.shape[0], *weight.shape[2:]), groups
        )
        span = [d * (k - 1) for d, k in zip(dilation, weight.shape[2:], strict=True)]
        total = [2 * p for p in before]
        if node.padding in ("same", b"same") if named else False:
            if any(step != 1 for step in stride):
                raise GraphError("padding 'same' has no meaning with a stride; give numbers")
            before, total = tuple(s // 2 for s in span), span
        space = (
            (size + t - s - 1) // step + 1
            for size, t, s, step in zip(in_shape[1:], total, span, stride, strict=True)
        )
        out_shape = (weight.shape[0], *space)
        check_geometry(in_shape, weight.shape[1] * groups, out_shape, groups)
        conv = cls(in_shape, out_shape, weight, stride, before, dilation, groups)
        return conv, channel_bias(node.bias, out_shape)


@dataclass(frozen=True, eq=False)
class Conv1d(_Conv):
    """``I[o, x] = Σ_{i, j} w[o, i, j] · in[i, x·s − p + d·j]``."""

    nir_types = (nir.Conv1d,)
    spatial = 1


@dataclass(frozen=True, eq=False)
class Conv2d(_Conv):
    """``I[o, y, x] = Σ_{i, j} w[o, i, j_y, j_x] · in[i, y·s − p + d·j_y, x·s − p + d·j_x]``."""

    nir_types = (nir.Conv2d,)
    spatial = 2
