"""The ways into and out of the time axis of a traced value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import nir
import numpy as np
import torch

from snnvae.errors import UnsupportedError
from snnvae.export.norse.value import Value, alias, find, plain, zeros_like


def unbind(x: Any, dim: int = 0) -> Any:
    """Returns all time steps of a value."""
    if not isinstance(x, Value) or x.lead != 2 or dim != 0:
        hint = x.tracer.hint() if isinstance(x, Value) else ""
        raise UnsupportedError(f"takes a value apart along an axis that is not time{hint}")
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
    if len(plain(x)) < steps and step not in x.origin:
        raise UnsupportedError(f"reads time step {index} of a value that has not all of them")
    x.owned = False
    # Nothing but copy_() may take a step of a buffer that nothing has written.
    origin = {t: ids for t, ids in x.origin.items() if t == step}
    found = Value.of(plain(x)[step], x.tracer, origin, 1, spikes=x.spikes)
    found.place = (x, step)
    return found


def check_written(*tree: Any) -> None:
    """UnsupportedError for a time step of a buffer that is read before it is written."""
    for value in find(Value, tree):
        if not value.origin and value.place is not None:
            raise UnsupportedError(
                f"reads time step {value.place[1]} of a buffer before it is written"
            )


def with_time(x: Value) -> Value:
    """``x[None]``, ``x.unsqueeze(0)``: a time step behind an axis of time."""
    if len(x.origin) != 1 or x.lead != 1:
        raise UnsupportedError("puts an axis before that of time or the batch")
    return alias(x, plain(x)[None], 2)


def joined(values: Sequence[Value]) -> Value:
    """Parts of the axis of time, one after another, as one value."""
    steps = [t for v in values for t in v.origin]
    if steps != list(range(len(steps))) or len({v.sample_shape for v in values}) > 1:
        raise UnsupportedError("joins what are not the time steps of one value, in order")
    origin = {t: ids for v in values for t, ids in v.origin.items()}
    out = torch.cat([plain(v) for v in values])
    return Value.of(out, values[0].tracer, origin, 2, spikes=all(v.spikes for v in values))


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
    if not fits or not isinstance(index, int) or not all(is_all(r) for r in rest):
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


def copy_(place: Any, x: Any, non_blocking: bool = False) -> Any:
    """``buffer[t].copy_(x)``, the same as ``buffer[t] = x``."""
    buffer, step = place.place or (None, 0) if isinstance(place, Value) else _step_of_base(place)
    if buffer is None:
        raise UnsupportedError(
            "copies a value into a tensor that is no time step of another; write out[t] = x, "
            "into a tensor of (time, batch, …)"
        )
    setitem(buffer, step, x)
    return at(buffer, step)


def _step_of_base(view: torch.Tensor) -> tuple[Any, int]:
    """The tensor of which another is a step, and which; None if it is none."""
    base: Any = view._base
    if base is None or base.ndim == 0 or plain(base).shape[1:] != view.shape:
        return None, 0
    steps = [step.data_ptr() for step in plain(base)]
    return (base, steps.index(view.data_ptr())) if view.data_ptr() in steps else (None, 0)


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


def is_all(key: Any) -> bool:
    """Tells whether an index takes the whole axis."""
    return key is Ellipsis or (isinstance(key, slice) and key == slice(None))


def getitem_of_time(x: Value, index: Any, rest: Sequence[Any]) -> Value:
    """``x[t]``, ``x[t, :]``, ``x[:]`` of a value that holds all time steps."""
    if not all(is_all(r) for r in rest):
        raise UnsupportedError("picks a part of a value of all time steps; pick it step by step")
    if is_all(index):
        return alias(x, plain(x))
    if not isinstance(index, int):
        raise UnsupportedError("picks some time steps of a value, which has no form in NIR")
    return at(x, index)
