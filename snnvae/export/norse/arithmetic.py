"""Sums and multiples of traced values: several edges into one node, and Scale nodes."""

from __future__ import annotations

from collections import Counter
from typing import Any

import torch

from snnvae.errors import UnsupportedError
from snnvae.export import weights
from snnvae.export.norse.value import Value, plain, zeros_like

SUM = "a sum over time is torch.stack(outputs).sum(0)"


def add(a: Any, b: Any, *, alpha: Any = 1) -> Value:
    """a + alpha·b; adding the number 0, as Python's sum() does, changes nothing."""
    if not isinstance(a, Value):
        a, b, alpha = (b, a, 1) if alpha == 1 else (a, b, alpha)
    if isinstance(b, (int, float)) and b == 0:
        return _renamed(a)
    if not isinstance(b, Value) or not isinstance(a, Value):
        raise UnsupportedError(
            "adds a constant, which NIR cannot say; make it the bias of a layer or a cell's "
            f"v_leak; {SUM}"
        )
    if alpha != 1:
        b = mul(b, alpha)
    if a.sample_shape != b.sample_shape or a.lead != b.lead:
        raise UnsupportedError(
            f"adds {a.sample_shape} and {b.sample_shape}; NIR adds only what has one shape"
        )
    if a.origin.keys() != b.origin.keys():
        raise UnsupportedError(
            f"adds values of different time steps; {SUM}; else only Norse's cells may remember, "
            "such as LIFRecurrentCell"
        )
    origin = {t: _once(a, t, (*a.origin[t], *b.origin[t])) for t in a.origin}
    return Value.of(zeros_like(a, a.sample_shape), a.tracer, origin, a.lead, owned=True)


def add_(a: Any, b: Any, *, alpha: Any = 1) -> Value:
    """a += alpha·b, where nobody else holds a's memory."""
    if not isinstance(a, Value):
        raise UnsupportedError(f"adds to a tensor in place; write a = a + b; {SUM}")
    if not a.owned:
        raise UnsupportedError("changes a value in place that others hold; write a = a + b")
    total = add(a, b, alpha=alpha)
    a.origin, a.spikes = total.origin, False
    return a


def sub(a: Any, b: Any, *, alpha: Any = 1) -> Value:
    """a − alpha·b."""
    if not isinstance(b, Value):
        return add(a, -b)
    return add(a, mul(b, -1 * alpha))


def rsub(a: Any, b: Any) -> Value:
    """b − a."""
    return sub(b, a)


def neg(a: Value) -> Value:
    """Returns −a."""
    return mul(a, -1)


def div(a: Any, b: Any, *, rounding_mode: str | None = None) -> Value:
    """a / b for a number b."""
    if not isinstance(a, Value) or not isinstance(b, (int, float)) or rounding_mode or b == 0:
        raise UnsupportedError("divides by what is not a number, which NIR cannot say")
    return mul(a, 1 / b)


def mul(a: Any, b: Any) -> Value:
    """a·b for a number or a parameter b: a Scale node."""
    if not isinstance(a, Value):
        a, b = b, a
    if isinstance(b, Value):
        raise UnsupportedError("multiplies two values, which NIR cannot say")
    if not isinstance(b, (int, float, torch.nn.Parameter)):
        raise UnsupportedError("multiplies by a tensor that is not a parameter; make it one")
    factor = weights.array(b)
    while factor.ndim > len(a.sample_shape) and len(factor) == 1:
        factor = factor[0]
    return scaled(a, factor)


def scaled(a: Value, factor: Any) -> Value:
    """A Scale node behind a value."""
    origin = a.tracer.place(a.origin, weights.scale(factor, a.sample_shape), "scale")
    return Value.of(zeros_like(a, a.sample_shape), a.tracer, origin, a.lead, owned=True)


def _once(value: Value, step: int, ids: tuple[int, ...]) -> tuple[int, ...]:
    """NIR has one edge between two nodes: what is added n times is scaled by n."""
    counts = Counter(ids)
    network, names = value.tracer.steps[step], value.tracer.called("scale")
    return tuple(
        i if n == 1 else network.add(weights.scale(n, value.sample_shape), (i,), names)
        for i, n in counts.items()
    )


def _renamed(a: Value) -> Value:
    return Value.of(plain(a), a.tracer, a.origin, a.lead, spikes=a.spikes)
