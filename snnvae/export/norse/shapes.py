"""Reshapes of traced values, copies, and the ways into and out of the time axis."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import nir
import numpy as np
import torch

from snnvae.errors import UnsupportedError
from snnvae.export import weights
from snnvae.export.norse import arithmetic
from snnvae.export.norse.linear import own_part, placed
from snnvae.export.norse.value import BATCH, STEPS, Value, plain
from snnvae.primitives.nir_nodes import Reshape

Shape = tuple[int, ...]


def copy(function: Callable[..., Any], x: Any, *args: Any, **kwargs: Any) -> Value:
    """The same value; UnsupportedError where a type rounds it."""
    if not isinstance(x, Value):
        raise UnsupportedError(f"{function.__name__} to the type of a value")
    with torch._C.DisableTorchFunctionSubclass():
        out = function(plain(x), *(plain(a) if isinstance(a, Value) else a for a in args), **kwargs)
    if not isinstance(out, torch.Tensor) or out.dtype not in (torch.float32, torch.float64):
        kind = getattr(out, "dtype", type(out).__name__)
        raise UnsupportedError(f"turns a value into {kind}, which rounds it; stay with float32")
    return alias(x, out)


def alias(x: Value, out: torch.Tensor, lead: int | None = None) -> Value:
    """Another view of a value, from now on not to be changed in place."""
    x.owned = False
    return Value.of(out, x.tracer, x.origin, x.lead if lead is None else lead, spikes=x.spikes)


def dropout(x: Value, p: float = 0.5, training: bool = True, inplace: bool = False) -> Value:
    """Changes nothing in evaluation; UnsupportedError in training."""
    if training:
        raise UnsupportedError("drops at random even in evaluation; pass training=self.training")
    return alias(x, plain(x))


def pad(x: Any, pad: Any, mode: str = "constant", value: float | None = None) -> Value:
    """Raises UnsupportedError: only what a convolution pads itself has a form."""
    if mode != "constant" or value:
        raise UnsupportedError(f"pads with '{value or mode}'; NIR knows only zeros")
    raise UnsupportedError("pads by itself; give the padding to the convolution")


def reshape(function: Callable[..., Any], x: Any, *args: Any, **kwargs: Any) -> Value:
    """→ Flatten or our Reshape; nothing where only time and batch change."""
    if not isinstance(x, Value):
        raise UnsupportedError(f"{function.__name__} to the shape of a value")
    with torch._C.DisableTorchFunctionSubclass():
        out = function(plain(x), *(plain(a) if isinstance(a, Value) else a for a in args), **kwargs)
    if not isinstance(out, torch.Tensor) or out.dtype != plain(x).dtype:
        raise UnsupportedError("looks at a value's bits, which have no form in NIR")
    lead = _lead(x, tuple(out.shape))
    before, after = x.sample_shape, tuple(out.shape[lead:])
    if before == after:
        return alias(x, out, lead)
    node = _reshaping(before, after)
    value = placed(x, node, out, own_part(x, node), spikes=x.spikes)
    value.lead, value.owned = lead, False
    return value


def _lead(x: Value, shape: Shape) -> int:
    """Returns how many axes of time and batch a reshaped value has; they must stay in front."""
    steps = len(x.origin)
    if steps == STEPS and shape[:2] == (STEPS, BATCH):
        return 2
    if shape[:1] == (steps * BATCH,):
        return 1
    raise UnsupportedError(
        f"a reshape mixes batch or time with a sample's values {x.sample_shape}; "
        "keep the first axes, as flatten(1) does (flatten(2) with time)"
    )


def _reshaping(before: Shape, after: Shape) -> nir.NIRNode:
    """A Flatten, if neighbouring axes are joined; NIR counts them without the batch."""
    rank = len(before)
    for first in range(rank):
        for last in range(first + 1, rank):
            joined = prod(before[first : last + 1])
            if (*before[:first], joined, *before[last + 1 :]) == after:
                end = -1 if last == rank - 1 else last
                return nir.Flatten({"input": np.array(before)}, first, end)
    if not after:
        raise UnsupportedError("a reshape leaves a single number without an axis; keep one")
    return Reshape(before, after)


def getitem(x: Any, key: Any) -> Value:
    """One time step of a value that holds them all."""
    index, *rest = key if isinstance(key, tuple) else (key,)
    if not isinstance(x, Value):
        raise UnsupportedError("looks up a constant by a value, which has no form in NIR")
    untouched = all(r is Ellipsis or (isinstance(r, slice) and r == slice(None)) for r in rest)
    if untouched and (index is Ellipsis or index == slice(None)):
        return alias(x, plain(x))
    if x.lead != 2:
        hint = "" if len(x.origin) > 1 else "; if forward() takes (time, batch, …), say over_time"
        raise UnsupportedError(f"picks a part of a value, which has no form in NIR{hint}")
    if not untouched or not isinstance(index, int):
        raise UnsupportedError("picks a part of a value, which has no form in NIR")
    if not -STEPS <= index < STEPS:
        raise UnsupportedError(
            f"reads time step {index}, but a graph is made from {STEPS}; loop over the steps that "
            "the input has: range(x.shape[0])"
        )
    return _at(x, index % STEPS)


def cat(tensors: Sequence[Any], dim: int = 0) -> Value:
    """Values side by side along their first axis: each put into its place, then added."""
    first = tensors[0]
    if not all(isinstance(v, Value) for v in tensors):
        raise UnsupportedError("joins a value with a constant, which NIR cannot say")
    axis = dim % plain(first).ndim - first.lead
    sizes = [v.sample_shape[:1] for v in tensors]
    rests = {(v.lead, v.sample_shape[1:]) for v in tensors}
    if axis != 0 or len(rests) > 1 or first.lead != 1:
        raise UnsupportedError("joins values along an axis that is not their channels")
    out = torch.cat([plain(v) for v in tensors], dim)
    whole = np.eye(out.shape[1], dtype=np.float32)
    ends = np.cumsum([size for (size,) in sizes])
    parts = [
        placed(v, _selection(whole[:, end - size : end], v.sample_shape), out, "cat")
        for v, (size,), end in zip(tensors, sizes, ends)
    ]
    joined = parts[0]
    for part in parts[1:]:
        joined = arithmetic.add(joined, part)
    joined.spikes = all(v.spikes for v in tensors)
    return joined


def _selection(matrix: np.ndarray, shape: Shape) -> nir.NIRNode:
    """``y[o] = Σ_i m[o, i]·x[i]`` at every position."""
    if len(shape) == 1:
        return weights.affine(matrix)
    convolution = {2: weights.conv1d, 3: weights.conv2d}.get(len(shape))
    if convolution is None:
        raise UnsupportedError(f"joins values of shape {shape}, which has no form in NIR")
    return convolution(matrix.reshape(*matrix.shape, *[1] * (len(shape) - 1)), None, shape)


def unbind(x: Any, dim: int = 0) -> Any:
    """Returns all time steps of a value."""
    if not isinstance(x, Value) or x.lead != 2 or dim != 0:
        raise UnsupportedError(
            "takes a value apart along an axis that is not time; if forward() takes "
            "(time, batch, …), say over_time"
        )
    return iter([_at(x, t) for t in range(STEPS)])


def _at(x: Value, step: int) -> Value:
    x.owned = False
    origin = {step: x.origin[step]}
    return Value.of(plain(x)[step], x.tracer, origin, 1, spikes=x.spikes)


def stack(tensors: Sequence[Any], dim: int = 0) -> Value:
    """Time steps, in order, as one value."""
    values = [v for v in tensors if isinstance(v, Value)]
    steps = [tuple(v.origin) for v in values]
    whole = [(t,) for t in range(STEPS)]
    if len(values) != len(tensors) or steps != whole or any(v.lead != 1 for v in values):
        raise UnsupportedError("stacks what are not the time steps of one value, in order")
    if dim != 0:
        raise UnsupportedError(f"stacks time steps along axis {dim}; Norse's time is axis 0")
    origin = {t: ids for v in values for t, ids in v.origin.items()}
    out = torch.stack([plain(v) for v in values])
    return Value.of(out, values[0].tracer, origin, 2, spikes=all(v.spikes for v in values))
