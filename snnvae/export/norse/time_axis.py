"""The ways into and out of the time axis of a traced value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import nir
import numpy as np
import torch

from snnvae.errors import UnsupportedError
from snnvae.export.norse.value import Value, alias, plain, zeros_like


def unbind(x: Any, dim: int = 0) -> Any:
    """Returns all time steps of a value."""
    if not isinstance(x, Value) or x.lead != 2 or dim != 0:
        raise UnsupportedError(
            "takes a value apart along an axis that is not time; if forward() takes "
            "(time, batch, …), say over_time"
        )
    return iter([at(x, t) for t in range(len(x.tracer.steps))])


def at(x: Value, index: int) -> Value:
    """One time step of a value that holds them all."""
    steps = len(x.tracer.steps)
    if not -steps <= index < steps:
        raise UnsupportedError(
            f"reads time step {index}, but a sample has {steps}; loop over the steps that the "
            "input has: range(x.shape[0])"
        )
    step = index % steps
    if step not in x.origin:
        raise UnsupportedError(f"reads time step {index} of a buffer before it is written")
    x.owned = False
    origin = {step: x.origin[step]}
    return Value.of(plain(x)[step], x.tracer, origin, 1, spikes=x.spikes)


def stack(tensors: Sequence[Any], dim: int = 0) -> Value:
    """Time steps, in order, as one value."""
    values = [v for v in tensors if isinstance(v, Value)]
    steps = [tuple(v.origin) for v in values]
    whole = [(t,) for t in range(len(values[0].tracer.steps))]
    if len(values) != len(tensors) or any(v.lead != 1 for v in values) or steps != whole:
        if len(values) == len(tensors) and steps and steps == whole[: len(steps)]:
            raise UnsupportedError(
                f"stops after {len(steps)} of {len(whole)} time steps; loop over the steps that "
                "the input has: range(x.shape[0])"
            )
        raise UnsupportedError("stacks what are not the time steps of one value, in order")
    if dim != 0:
        raise UnsupportedError(f"stacks time steps along axis {dim}; Norse's time is axis 0")
    origin = {t: ids for v in values for t, ids in v.origin.items()}
    out = torch.stack([plain(v) for v in values])
    return Value.of(out, values[0].tracer, origin, 2, spikes=all(v.spikes for v in values))


def setitem(buffer: Any, key: Any, x: Any) -> None:
    """``buffer[t] = x``: a fresh tensor becomes a value as its time steps are written."""
    index, *rest = key if isinstance(key, tuple) else (key,)
    if not isinstance(x, Value):
        raise UnsupportedError("writes a constant into a value, which has no form in NIR")
    steps, shape = len(x.tracer.steps), tuple(plain(x).shape)
    fits = tuple(plain(buffer).shape) == (steps, *shape)
    if not fits or not isinstance(index, int) or not all(_is_all(r) for r in rest):
        raise UnsupportedError(
            "writes into a part of a tensor that is no time step; write whole steps, out[t] = x, "
            "into a tensor of (time, batch, …)"
        )
    if plain(buffer).dtype not in (torch.float32, torch.float64):
        raise UnsupportedError(
            f"writes into a buffer of {plain(buffer).dtype}, which rounds; stay with float32"
        )
    step = index % steps
    if x.lead != 1 or tuple(x.origin) != (step,):
        raise UnsupportedError(f"writes what is not time step {index} of a value there")
    if not isinstance(buffer, Value):
        # Whoever holds the buffer holds the value from now on, as in torch.
        buffer.__class__ = Value
        buffer.tracer, buffer.origin, buffer.lead = x.tracer, {}, 2
        buffer.spikes, buffer.owned = True, False
    elif step in buffer.origin:
        raise UnsupportedError(f"writes time step {index} a second time")
    buffer.origin = {**buffer.origin, step: x.origin[step]}
    buffer.spikes = buffer.spikes and x.spikes
    x.owned = False


def total(x: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Value:
    """The sum over all time steps: an I whose membrane, after the last step, is that sum."""
    return _integrated(x, dim, keepdim, dtype, 1.0, "sum")


def mean(x: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Value:
    """The mean over all time steps: an I that adds 1/steps of its input in each."""
    if isinstance(x, Value) and x.tracer.alone:
        raise UnsupportedError("takes the mean over a single time step; leave it out")
    return _integrated(x, dim, keepdim, dtype, None, "mean")


def amax(x: Any, dim: Any = None, keepdim: bool = False) -> Value:
    """The maximum over all time steps of spikes: whether, after the last, there was any."""
    if not isinstance(x, Value) or not x.spikes or x.lead != 2:
        raise UnsupportedError(
            "takes a maximum, which no node of NIR keeps but of spikes over time; return what it "
            "is taken of, and take it from the recording"
        )
    count = _integrated(x, dim, keepdim, None, 1.0, "max")
    node = nir.Threshold(np.full(x.sample_shape, 0.5))
    origin = x.tracer.place(count.origin, node, "any")
    return Value.of(plain(count), x.tracer, origin, 1, spikes=True)


class Maximum(NamedTuple):
    """What torch.max returns; nothing knows at which step it was."""

    values: Value
    indices: None


def maximum(x: Any, dim: Any = None, keepdim: bool = False) -> Maximum:
    """`amax`, as torch.max gives it."""
    return Maximum(amax(x, dim, keepdim), None)


def _integrated(
    x: Any, dim: Any, keepdim: bool, dtype: Any, gain: float | None, part: str
) -> Value:
    axes = (dim,) if isinstance(dim, int) else tuple(dim or ())
    timed = isinstance(x, Value) and x.lead == 2
    if not timed or [a % plain(x).ndim for a in axes] != [0]:
        raise UnsupportedError(f"takes the {part} over axes other than time, which NIR cannot say")
    if keepdim or dtype not in (None, torch.float32, torch.float64):
        raise UnsupportedError(f"takes a {part} with keepdim or of another type; leave them out")
    steps = len(x.tracer.steps)
    if len(x.origin) < steps:
        raise UnsupportedError(f"takes the {part} over {len(x.origin)} of {steps} time steps")
    node = nir.I(np.full(x.sample_shape, 1 / steps if gain is None else gain))
    # It is there at every step, so far; what comes out after the last is the module's.
    origin = x.tracer.place(x.origin, node, part)
    return Value.of(zeros_like(x, x.sample_shape)[0], x.tracer, origin, 1)


def _is_all(key: Any) -> bool:
    return key is Ellipsis or (isinstance(key, slice) and key == slice(None))


def getitem_of_time(x: Value, index: Any, rest: Sequence[Any]) -> Value:
    """``x[t]``, ``x[t, :]``, ``x[:]`` of a value that holds all time steps."""
    if not all(_is_all(r) for r in rest):
        raise UnsupportedError("picks a part of a value of all time steps; pick it step by step")
    if _is_all(index):
        return alias(x, plain(x))
    if not isinstance(index, int):
        raise UnsupportedError("picks some time steps of a value, which has no form in NIR")
    return at(x, index)
