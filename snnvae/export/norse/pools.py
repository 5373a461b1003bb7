"""torch's pools, and their opposite, in a traced forward pass."""

from __future__ import annotations

from typing import Any

import nir
import numpy as np
from torch.nn import functional as F

from snnvae.errors import UnsupportedError
from snnvae.export import weights
from snnvae.export.norse.linear import check_layout, own_part, placed
from snnvae.export.norse.value import Value, plain, zeros_like


def avg_pool(
    x: Value,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Value:
    """→ AvgPool2d, which counts the padding; along one axis, a convolution with its weights."""
    if not count_include_pad and np.any(np.asarray(padding) != 0):
        raise UnsupportedError("AvgPool(count_include_pad=False) has no form in NIR")
    if divisor_override is not None:
        raise UnsupportedError("AvgPool2d(divisor_override=…) has no form in NIR")
    return _pool(nir.AvgPool2d, x, kernel_size, stride, padding, ceil_mode)


def adaptive_avg_pool(x: Value, output_size: Any) -> Value:
    """→ `avg_pool`, where all windows are alike."""
    check_layout(x)
    sizes = x.sample_shape[1:]
    wanted = (output_size,) * len(sizes) if isinstance(output_size, int) else output_size
    out = [n if w is None else int(w) for n, w in zip(sizes, wanted)]
    if any(n % w for n, w in zip(sizes, out)):
        raise UnsupportedError(f"AdaptiveAvgPool from {sizes} to {tuple(out)}: not a multiple")
    return avg_pool(x, [n // w for n, w in zip(sizes, out)])


def lp_pool2d(
    x: Value, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False
) -> Value:
    """→ SumPool2d, which norm 1 is."""
    if norm_type != 1:
        raise UnsupportedError(f"LPPool2d with norm {norm_type} has no form in NIR; norm 1 has")
    return _pool(nir.SumPool2d, x, kernel_size, stride, 0, ceil_mode)


def max_pool(
    x: Value,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Value:
    """The maximum of spikes is whether there is one: their sum, then Threshold at 1/2."""
    if not isinstance(x, Value) or not x.spikes:
        raise UnsupportedError("MaxPool has a form in NIR only for spikes; put it behind a cell")
    if np.any(np.asarray(dilation) != 1) or return_indices:
        raise UnsupportedError("MaxPool with dilation or indices has no form in NIR")
    total = _pool(nir.SumPool2d, x, kernel_size, stride, padding, ceil_mode)
    node = nir.Threshold(np.full(total.sample_shape, 0.5))
    part = "maxpool" if own_part(x, node) else "threshold"
    return placed(total, node, plain(total), part, spikes=True)


def interpolate(
    x: Value,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    *_: Any,
    **__: Any,
) -> Value:
    """Repeated rows and columns: our ConvTranspose2d of each channel, with kernels of ones."""
    check_layout(x)
    if mode not in ("nearest", "nearest-exact") or len(x.sample_shape) != 3:
        raise UnsupportedError(f"interpolate with mode '{mode}' has no form in NIR; nearest has")
    out = F.interpolate(plain(x), size, scale_factor, mode)
    channels, *sizes = x.sample_shape
    factors = [after // before for before, after in zip(sizes, out.shape[2:])]
    if [n * f for n, f in zip(sizes, factors)] != list(out.shape[2:]) or min(factors) < 1:
        raise UnsupportedError(f"interpolate from {tuple(sizes)} to {tuple(out.shape[2:])}")
    ones = np.ones((channels, 1, *factors), np.float32)
    node = weights.conv_transpose2d(ones, None, x.sample_shape, factors, groups=channels)
    return placed(x, node, out, spikes=x.spikes)


def _pool(kind: Any, x: Value, kernel: Any, stride: Any, padding: Any, ceil_mode: bool) -> Value:
    check_layout(x)
    axes = len(x.sample_shape) - 1
    if axes not in (1, 2):
        raise ValueError("it pools (channels, length) or (channels, height, width)")
    # NIR has no pool along one axis, but this convolution is one.
    make = weights.pool2d if axes == 2 else weights.pool1d
    node = make(kind, x.sample_shape, kernel, stride or None, padding)
    shape = tuple(int(n) for n in node.output_type["output"])
    if ceil_mode and shape != _with_ceil(x, kernel, stride, padding):
        raise UnsupportedError("ceil_mode pools windows that leave the map; NIR has none")
    return placed(x, node, zeros_like(x, shape))


def _with_ceil(x: Value, kernel: Any, stride: Any, padding: Any) -> tuple[int, ...]:
    pool = F.avg_pool1d if len(x.sample_shape) == 2 else F.avg_pool2d
    out = pool(plain(x), kernel, stride or kernel, padding, ceil_mode=True)
    return tuple(out.shape[1:])
