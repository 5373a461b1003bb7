"""torch's functions in a traced forward pass: what each means in NIR, or that it means nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from snnvae.errors import UnsupportedError
from snnvae.export.norse import arithmetic, linear, pools, shapes
from snnvae.export.norse.value import Value, find

Function = Callable[..., Any]

_ASKED = "shape dtype device ndim layout requires_grad is_leaf is_sparse is_cuda is_nested"
_METHODS = (
    "size dim ndimension numel __len__ is_floating_point is_complex is_contiguous stride "
    "get_device __repr__ __format__ new_zeros new_ones new_full"
)
QUERIES: frozenset[Any] = frozenset(
    {
        *(getattr(Tensor, name).__get__ for name in _ASKED.split()),
        *(getattr(Tensor, name) for name in _METHODS.split()),
        *(torch.numel, torch.is_floating_point, torch.is_complex),
        *(torch.zeros_like, torch.ones_like, torch.full_like),
    }
)
"""What asks for no values of a tensor, or makes constants in its shape."""

HANDLERS: dict[Any, Function] = {
    F.linear: linear.linear,
    torch.conv1d: linear.conv1d,
    torch.conv2d: linear.conv2d,
    torch.conv_transpose2d: linear.conv_transpose2d,
    F.batch_norm: linear.batch_norm,
    F.avg_pool2d: pools.avg_pool2d,
    F.adaptive_avg_pool2d: pools.adaptive_avg_pool2d,
    F.lp_pool2d: pools.lp_pool2d,
    F.interpolate: pools.interpolate,
    **dict.fromkeys((torch.matmul, Tensor.matmul, Tensor.__matmul__, torch.mm), linear.matmul),
    **dict.fromkeys((torch.cat, torch.concat, torch.concatenate), shapes.cat),
    F.max_pool2d: pools.max_pool2d,
    torch.max_pool2d: pools.max_pool2d,
    **dict.fromkeys((F.dropout, F.dropout1d, F.dropout2d, F.dropout3d), shapes.dropout),
    **dict.fromkeys((F.alpha_dropout, F.feature_alpha_dropout), shapes.dropout),
    F.pad: shapes.pad,
    Tensor.__getitem__: shapes.getitem,
    **dict.fromkeys((torch.unbind, Tensor.unbind, Tensor.__iter__), shapes.unbind),
    torch.stack: shapes.stack,
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
    "Linear, Conv1d, Conv2d, ConvTranspose2d, BatchNorm, AvgPool2d, LPPool2d with norm 1, "
    "MaxPool2d of spikes, Upsample (nearest), Flatten, sums, cat, reshapes and Norse's cells"
)


def call(func: Function, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    """Apply a torch function to stand-ins; UnsupportedError if it is unknown."""
    if func in QUERIES:
        with torch._C.DisableTorchFunctionSubclass():
            result = func(*args, **kwargs)
        return result.as_subclass(Tensor) if isinstance(result, Tensor) else result
    value = next(find(Value, [args, kwargs]))
    if not hasattr(value, "tracer"):
        raise UnsupportedError("a value has lost its origin in code that torch cannot follow")
    try:
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
        where = value.tracer.where()
        raise UnsupportedError(
            message if message.startswith("module '") else f"{where}: {message}"
        ) from None
