"""Convolution (NIR Conv2d): a cross-correlation, as torch defines it."""

from __future__ import annotations

from dataclasses import dataclass

import nir
import numpy as np

from snnvae.errors import GraphError
from snnvae.primitive import Shape
from snnvae.primitives.convolution import (
    Convolution,
    channel_bias,
    check_geometry,
    check_numbers,
    pair,
    whole,
)


@dataclass(frozen=True, eq=False)
class Conv2d(Convolution):
    """``I[o, y, x] = Σ_{i, j} w[o, i, j_y, j_x] · in[i, y·s − p + d·j_y, x·s − p + d·j_x]``."""

    nir_types = (nir.Conv2d,)

    @classmethod
    def from_nir(cls, node: nir.NIRNode, in_shape: Shape) -> tuple[Conv2d, np.ndarray | None]:
        """From Conv2d, padding 'same' and 'valid' included; shapes are worked out here.

        NIR 1.0.8's own inference is wrong for kernels that are not square and for groups.
        """
        weight = np.asarray(node.weight, np.float64)
        stride, dilation, groups = pair(node.stride), pair(node.dilation), whole(node.groups)
        named = isinstance(node.padding, (str, bytes))
        given = (0, 0) if named else pair(node.padding)
        check_numbers(weight, stride, given, dilation)
        check_geometry(in_shape, weight.shape[1] * groups, weight.shape, groups)
        span = [d * (k - 1) for d, k in zip(dilation, weight.shape[2:], strict=True)]
        if named:
            same = node.padding in ("same", b"same")
            if same and stride != (1, 1):
                raise GraphError("padding 'same' has no meaning with a stride; give numbers")
            before = (span[0] // 2, span[1] // 2) if same else (0, 0)
            total = span if same else [0, 0]
        else:
            before = given
            total = [2 * p for p in before]
        height, width = (
            (n + t - s - 1) // step + 1
            for n, t, s, step in zip(in_shape[1:], total, span, stride, strict=True)
        )
        out_shape = (weight.shape[0], height, width)
        check_geometry(in_shape, weight.shape[1] * groups, out_shape, groups)
        conv = cls(in_shape, out_shape, weight, stride, before, dilation, groups)
        return conv, channel_bias(node.bias, out_shape)
