"""Transposed convolution (our NIR node ConvTranspose2d)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import nir
import numpy as np

from snnvae.primitive import Shape
from snnvae.primitives.convolution import Convolution, channel_bias, check_geometry, check_numbers
from snnvae.primitives.nir_nodes import ConvTranspose2d as Node


@dataclass(frozen=True, eq=False)
class ConvTranspose2d(Convolution):
    """``I[o, y·s − p + d·j_y, x·s − p + d·j_x] += Σ_i w[o, i, j_y, j_x] · in[i, y, x]``.

    The weight has Conv2d's order, output channels first; NIR's and torch's node has them second.
    """

    nir_types = (Node,)
    transposed: ClassVar[bool] = True

    @classmethod
    def from_nir(
        cls, node: nir.NIRNode, in_shape: Shape
    ) -> tuple[ConvTranspose2d, np.ndarray | None]:
        """Reads our node; output_padding shows in the output's shape only."""
        stored, groups = np.asarray(node.weight, np.float64), int(node.groups)
        check_numbers(stored, node.stride, node.padding, node.dilation)
        out_shape = tuple(int(n) for n in node.output_type["output"])
        check_geometry(in_shape, stored.shape[0], out_shape, groups)
        c_in, c_group, *kernel = stored.shape
        by_group = stored.reshape(groups, c_in // groups, c_group, *kernel)
        weight = by_group.swapaxes(1, 2).reshape(groups * c_group, c_in // groups, *kernel)
        geometry = (node.stride, node.padding, node.dilation, groups)
        return cls(in_shape, out_shape, weight, *geometry), channel_bias(node.bias, out_shape)
