"""Values side by side, and parts of values, in a traced forward pass.

Both are selections: linear maps of zeros and ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import nir
import numpy as np
import torch

from snnvae.errors import UnsupportedError
from snnvae.export import weights
from snnvae.export.norse import arithmetic, time_axis
from snnvae.export.norse.linear import placed
from snnvae.export.norse.value import Value, alias, plain

Shape = tuple[int, ...]


def cat(tensors: Sequence[Any], dim: int = 0) -> Value:
    """Values side by side along their first axis: each put into its place, then added.

    Along the axis of time: its steps, in order.
    """
    if not all(isinstance(v, Value) for v in tensors):
        raise UnsupportedError("joins a value with a constant, which NIR cannot say")
    first = tensors[0]
    if dim == 0 and all(v.lead == 2 for v in tensors):
        return time_axis.joined(tensors)
    axis = dim % plain(first).ndim - first.lead
    sizes = [v.sample_shape[:1] for v in tensors]
    rests = {(v.lead, v.sample_shape[1:]) for v in tensors}
    if axis != 0 or len(rests) > 1 or first.lead != 1:
        raise UnsupportedError("joins values along an axis that is not their channels")
    out = torch.cat([plain(v) for v in tensors], dim)
    whole = np.eye(out.shape[1], dtype=np.float32)
    ends = np.cumsum([size for (size,) in sizes])
    joined = [
        placed(v, _selection(whole[:, end - size : end], v.sample_shape), out, "cat")
        for v, (size,), end in zip(tensors, sizes, ends)
    ]
    result = joined[0]
    for part in joined[1:]:
        result = arithmetic.add(result, part)
    result.spikes = all(v.spikes for v in tensors)
    return result


def getitem(x: Any, key: Any) -> Value:
    """One time step of a value that holds them all, or a part of one that holds a step."""
    if not isinstance(x, Value):
        raise UnsupportedError("looks up a constant by a value, which has no form in NIR")
    index, *rest = key if isinstance(key, tuple) else (key,)
    if x.lead == 2:
        return time_axis.getitem_of_time(x, index, rest)
    if index is None and all(time_axis.is_all(r) for r in rest):
        return time_axis.with_time(x)
    keys = _spread([index, *rest], plain(x).ndim)
    if keys is None or keys[0] != slice(None):
        raise UnsupportedError(
            "picks a part of a value by what is no slice behind the batch, which has no form in "
            f"NIR{x.tracer.hint()}"
        )
    return part_of(x, keys[1:])


def split(x: Any, split_size_or_sections: Any, dim: int = 0) -> tuple[Value, ...]:
    """Parts of a value, one after another."""
    with torch._C.DisableTorchFunctionSubclass():
        parts = torch.split(plain(x), split_size_or_sections, dim)
    return _parts(x, parts, dim)


def chunk(x: Any, chunks: int, dim: int = 0) -> tuple[Value, ...]:
    """So many parts of a value, as equal as may be."""
    with torch._C.DisableTorchFunctionSubclass():
        parts = torch.chunk(plain(x), chunks, dim)
    return _parts(x, parts, dim)


def narrow(x: Any, dim: int, start: int, length: int) -> Value:
    """The part from `start` on, along an axis."""
    return _along(x, dim, slice(start, start + length))


def part_of(x: Value, keys: Sequence[slice]) -> Value:
    """The part of a value that slices of its own axes pick."""
    picked = [range(n)[key] for n, key in zip(x.sample_shape, keys, strict=True)]
    if all(len(p) == n for p, n in zip(picked, x.sample_shape)):
        return alias(x, plain(x))
    if any(len(p) == 0 for p in picked):
        raise UnsupportedError("picks a part of a value that holds nothing")
    channels, *places = picked
    matrix = np.eye(x.sample_shape[0], dtype=np.float32)[list(channels)]
    out = plain(x)[(slice(None), *keys)]
    return placed(x, _selection(matrix, x.sample_shape, places), out, "part", spikes=x.spikes)


def _parts(x: Any, parts: Sequence[torch.Tensor], dim: int) -> tuple[Value, ...]:
    sizes = [part.shape[dim] for part in parts]
    ends = np.cumsum(sizes)
    return tuple(_along(x, dim, slice(int(e - n), int(e))) for n, e in zip(sizes, ends))


def _along(x: Any, dim: int, key: slice) -> Value:
    if not isinstance(x, Value) or x.lead != 1 or dim % plain(x).ndim == 0:
        raise UnsupportedError("takes time or the batch apart, which has no form in NIR")
    keys = [slice(None)] * len(x.sample_shape)
    keys[dim % plain(x).ndim - 1] = key
    return part_of(x, keys)


def _spread(keys: list[Any], axes: int) -> list[slice] | None:
    """A slice for each axis; None where a key is something else."""
    if keys.count(Ellipsis) == 1:
        at = keys.index(Ellipsis)
        keys[at : at + 1] = [slice(None)] * (axes - len(keys) + 1)
    keys = keys + [slice(None)] * (axes - len(keys))
    return keys if len(keys) == axes and all(isinstance(key, slice) for key in keys) else None


def _selection(matrix: np.ndarray, shape: Shape, places: Sequence[range] = ()) -> nir.NIRNode:
    """``y[o] = Σ_i m[o, i]·x[i]`` at every position, or at those of `places`.

    Those come by a convolution whose kernel is as large as what it leaves out, with a single tap at
    the first place.
    """
    if len(shape) == 1:
        return weights.affine(matrix)
    convolution = {2: weights.conv1d, 3: weights.conv2d}.get(len(shape))
    if convolution is None:
        raise UnsupportedError(f"selects among values of shape {shape}, which has no form in NIR")
    places = places or [range(n) for n in shape[1:]]
    sizes = [n - (len(p) - 1) * p.step for n, p in zip(shape[1:], places)]
    kernels = np.zeros((*matrix.shape, *sizes), np.float32)
    first: tuple[Any, ...] = tuple(p.start for p in places)
    kernels[(..., *first)] = matrix
    return convolution(kernels, None, shape, tuple(p.step for p in places))
