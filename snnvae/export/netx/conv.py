"""netx's convolutions as NIR nodes that NIR can type.

NIR 1.0.8 infers a wrong shape for groups and for kernels that are not square. So groups become a
block-diagonal kernel, and the shorter side of a kernel gets zeros on both ends, with as much more
padding: the same sums.
"""

from __future__ import annotations

import nir
import numpy as np

from snnvae.errors import GraphError, UnsupportedError
from snnvae.export.netx.layer import Geometry
from snnvae.primitive import Shape
from snnvae.primitives.convolution import check_geometry

MAX_WEIGHTS = 1 << 26
"""Most weights that spreading groups and kernels may give."""


def conv2d(in_shape: Shape, out_shape: Shape, weight: np.ndarray, given: Geometry) -> nir.Conv2d:
    """A Conv2d without bias; weight (C_out, C_in/groups, k_y, k_x).

    GraphError where the shapes do not fit, UnsupportedError where NIR cannot write the kernel.
    """
    check_geometry(in_shape, weight.shape[1] * given.groups, weight.shape, given.groups)
    spatial = (
        (n + 2 * p - d * (k - 1) - 1) // s + 1
        for n, p, d, k, s in zip(
            in_shape[1:], given.padding, given.dilation, weight.shape[2:], given.stride
        )
    )
    expected = (weight.shape[0], *spatial)
    if expected != out_shape:
        raise GraphError(f"has the shape {out_shape}, but its convolution gives {expected}")
    longest = max(weight.shape[2:])
    if len(weight) * in_shape[0] * longest**2 > MAX_WEIGHTS:
        raise UnsupportedError(
            f"has {given.groups} groups and a kernel {weight.shape[2:]}, too many to spread over "
            "all channels, as NIR 1.0.8 needs it"
        )
    kernel, padding = _square(_ungrouped(weight, given.groups), given)
    return nir.Conv2d(
        tuple(in_shape[1:]),
        kernel.astype(np.float64),
        given.stride,
        padding,
        given.dilation,
        1,
        np.zeros(len(weight)),
    )


def _ungrouped(weight: np.ndarray, groups: int) -> np.ndarray:
    """Block-diagonal: (C_out, C_in, k_y, k_x)."""
    c_out, c_group = weight.shape[:2]
    full = np.zeros((c_out, groups, *weight.shape[1:]), weight.dtype)
    full[np.arange(c_out), np.arange(c_out) // (c_out // groups)] = weight
    return full.reshape(c_out, groups * c_group, *weight.shape[2:])


def _square(weight: np.ndarray, given: Geometry) -> tuple[np.ndarray, tuple[int, int]]:
    """The kernel with zeros around its shorter side, and the padding that undoes their effect."""
    missing = [max(weight.shape[2:]) - k for k in weight.shape[2:]]
    if any(n % 2 for n in missing):
        raise UnsupportedError(
            f"has a kernel {weight.shape[2:]} with one odd and one even side, whose shape NIR "
            "1.0.8 infers wrongly; make both odd or both even"
        )
    y, x = (n // 2 for n in missing)
    kernel = np.pad(weight, ((0, 0), (0, 0), (y, y), (x, x)))
    return kernel, (
        given.padding[0] + given.dilation[0] * y,
        given.padding[1] + given.dilation[1] * x,
    )
