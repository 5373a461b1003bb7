"""torch's functions in a traced forward pass: what each means in NIR, or that it means nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from snnvae.errors import UnsupportedError
from snnvae.export.norse import arithmetic, linear, parts, pools, shapes, time_axis
from snnvae.export.norse.tracer import Tracer

Function = Callable[..., Any]

_ASKED = "shape dtype device ndim layout requires_grad is_leaf is_sparse is_cuda is_nested"
_METHODS = (
    "size dim ndimension numel __len__ is_floating_point is_complex is_contiguous stride "
    "get_device __repr__ __format__ new_zeros new_ones new_full new_empty"
)
QUERIES: frozenset[Any] = frozenset(
    {
        *(getattr(Tensor, name).__get__ for name in _ASKED.split()),
        *(getattr(Tensor, name) for name in _METHODS.split()),
        *(torch.numel, torch.is_floating_point, torch.is_complex),
        *(torch.zeros_like, torch.ones_like, torch.full_like, torch.empty_like),
    }
)
"""What asks for no values of a tensor, or makes constants in its shape."""

HANDLERS: dict[Any, Function] = {
    F.linear: linear.linear,
    torch.conv1d: linear.conv1d,
    torch.conv2d: linear.conv2d,
    torch.conv_transpose2d: linear.conv_transpose2d,
    F.batch_norm: linear.batch_norm,
    **dict.fromkeys((F.avg_pool1d, F.avg_pool2d), pools.avg_pool),
    **dict.fromkeys((F.adaptive_avg_pool1d, F.adaptive_avg_pool2d), pools.adaptive_avg_pool),
    F.lp_pool2d: pools.lp_pool2d,
    F.interpolate: pools.interpolate,
    **dict.fromkeys((torch.matmul, Tensor.matmul, Tensor.__matmul__, torch.mm), linear.matmul),
    **dict.fromkeys((torch.cat, torch.concat, torch.concatenate), parts.cat),
    **dict.fromkeys((F.max_pool1d, torch.max_pool1d), pools.max_pool),
    **dict.fromkeys((F.max_pool2d, torch.max_pool2d), pools.max_pool),
    **dict.fromkeys((F.dropout, F.dropout1d, F.dropout2d, F.dropout3d), shapes.dropout),
    **dict.fromkeys((F.alpha_dropout, F.feature_alpha_dropout), shapes.dropout),
    F.pad: shapes.pad,
    Tensor.__getitem__: parts.getitem,
    **dict.fromkeys((torch.unbind, Tensor.unbind, Tensor.__iter__), time_axis.unbind),
    torch.stack: time_axis.stack,
    Tensor.__setitem__: time_axis.setitem,
    Tensor.copy_: time_axis.copy_,
    **dict.fromkeys((torch.sum, Tensor.sum), time_axis.total),
    **dict.fromkeys((torch.mean, Tensor.mean), time_axis.mean),
    **dict.fromkeys((torch.max, Tensor.max), time_axis.maximum),
    **dict.fromkeys((torch.amax, Tensor.amax), time_axis.amax),
    **dict.fromkeys((torch.split, Tensor.split), parts.split),
    **dict.fromkeys((torch.chunk, Tensor.chunk), parts.chunk),
    **dict.fromkeys((torch.narrow, Tensor.narrow), parts.narrow),
    **dict.fromkeys((F.relu, torch.relu, Tensor.relu), shapes.relu),
    **dict.fromkeys((torch.add, Tensor.add, Tensor.__add__, Tensor.__radd__), arithmetic.add),
    **dict.fromkeys((torch.sub, Tensor.sub, Tensor.__sub__), arithmetic.sub),
    **dict.fromkeys((Tensor.__rsub__, torch.rsub), arithmetic.rsub),
    **dict.fromkeys((torch.mul, Tensor.mul, Tensor.__mul__, Tensor.__rmul__), arithmetic.mul),
    **dict.fromkeys((torch.div, Tensor.div, Tensor.__truediv__), arithmetic.div),
    **dict.fromkeys((torch.neg, Tensor.neg, Tensor.__neg__), arithmetic.neg),
    **dict.fromkeys((Tensor.add_, Tensor.__iadd__), arithmetic.add_),
}

RESHAPES: frozenset[Any] = frozenset(
    {
        *(torch.flatten, torch.reshape, torch.unflatten, torch.squeeze, torch.unsqueeze),
        *(Tensor.flatten, Tensor.reshape, Tensor.view, Tensor.unflatten, Tensor.view_as),
        *(Tensor.squeeze, Tensor.unsqueeze, Tensor.reshape_as, torch.ravel, Tensor.ravel),
    }
)
"""What keeps all values in their order."""

COPIES: frozenset[Any] = frozenset(
    {
        *(Tensor.detach, Tensor.contiguous, Tensor.clone, torch.clone, torch.detach),
        *(Tensor.to, Tensor.float, Tensor.double, Tensor.type, Tensor.type_as, Tensor.cpu),
        *(Tensor.cuda, Tensor.requires_grad_),
    }
)
"""What keeps all values where they are."""

KNOWN = (
    "Linear, Conv1d, Conv2d, ConvTranspose2d, BatchNorm, AvgPool, LPPool2d with norm 1, MaxPool "
    "and relu of spikes, Upsample (nearest), Flatten, sums, means over time, cat, slices, reshapes "
    "and Norse's cells"
)


def call(tracer: Tracer, func: Function, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    """Apply a torch function to stand-ins; UnsupportedError if it is unknown."""
    if func in QUERIES:
        with torch._C.DisableTorchFunctionSubclass():
            return func(*args, **kwargs)
    try:
        if func is not Tensor.copy_:
            time_axis.check_written(args, kwargs)
        if func in HANDLERS:
            return HANDLERS[func](*args, **kwargs)
        if func in RESHAPES:
            return shapes.reshape(func, *args, **kwargs)
        if func in COPIES:
            return shapes.copy(func, *args, **kwargs)
        name = getattr(func, "__name__", str(func))
        if name == "__get__":
            name = getattr(getattr(func, "__self__", None), "__name__", name)
        raise UnsupportedError(f"{name} has no exact form in NIR here; known are {KNOWN}")
    except UnsupportedError as error:
        message = str(error)
        raise UnsupportedError(
            message if message.startswith("module '") else f"{tracer.where()}: {message}"
        ) from None
