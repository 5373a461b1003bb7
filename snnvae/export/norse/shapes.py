"""Reshapes of traced values, and what keeps them as they are."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import nir
import numpy as np
import torch

from snnvae.errors import UnsupportedError
from snnvae.export.norse.linear import own_part, placed
from snnvae.export.norse.time_axis import with_time
from snnvae.export.norse.value import Value, alias, plain
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


def dropout(x: Value, p: float = 0.5, training: bool = True, inplace: bool = False) -> Value:
    """Changes nothing in evaluation; UnsupportedError in training."""
    if training:
        raise UnsupportedError("drops at random even in evaluation; pass training=self.training")
    return alias(x, plain(x))


def relu(x: Any, inplace: bool = False) -> Value:
    """Changes nothing of spikes, which are 0 or 1."""
    if not isinstance(x, Value) or not x.spikes:
        raise UnsupportedError(
            "relu has no exact form in NIR here but of spikes, which it leaves as they are"
        )
    return x if inplace else alias(x, plain(x))


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
    if x.lead == 1 and tuple(out.shape) == (1, *plain(x).shape):
        return with_time(x)
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
    steps, rows = len(x.tracer.steps), prod(plain(x).shape[: x.lead])
    if rows == steps * x.tracer.batch and shape[:2] == (steps, x.tracer.batch):
        return 2
    if shape[:1] == (rows,):
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
