"""Stand-ins for what flows through a forward pass: values that know their origin, opaque states."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NoReturn

import torch

from snnvae.errors import UnsupportedError
from snnvae.export.norse.tracer import Origin, Tracer


class Value(torch.Tensor):
    """Zeros in the shape of a layer's output, behind `lead` axes of time and batch.

    Every torch function of one comes to `__torch_function__`: nothing escapes unrecorded.
    """

    tracer: Tracer
    origin: Origin
    lead: int
    spikes: bool
    """Whether it is 0 or 1 everywhere."""
    owned: bool
    """Whether nobody else holds its memory, so that it may be changed in place."""
    place: tuple[Value, int] | None
    """The value of all time steps of which it is one, and which."""

    @classmethod
    def of(
        cls,
        zeros: torch.Tensor,
        tracer: Tracer,
        origin: Origin,
        lead: int,
        *,
        spikes: bool = False,
        owned: bool = False,
    ) -> Value:
        """A value of the tensor's shape."""
        value = zeros.detach().as_subclass(cls)
        value.tracer, value.origin, value.lead = tracer, dict(origin), lead
        value.spikes, value.owned, value.place = spikes, owned, None
        return value

    @property
    def sample_shape(self) -> tuple[int, ...]:
        """The value's shape without time and batch."""
        return tuple(plain(self).shape[self.lead :])

    @classmethod
    def __torch_function__(
        cls,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Hand a torch function to the recorder."""
        values = find(Value, [args, kwargs or {}])
        tracer = next((v.tracer for v in values if hasattr(v, "tracer")), None)
        if tracer is None:
            raise UnsupportedError("a value has lost its origin in code that torch cannot follow")
        return tracer.call(tracer, func, args, dict(kwargs or {}))


class State:
    """The state of a Norse cell: it can be handed back to the cell, and nothing else."""

    __slots__ = ("_ids", "_owner")

    def __init__(self, owner: str, ids: Mapping[int, int]) -> None:
        self._owner = owner
        self._ids = dict(ids)

    def _refuse(self) -> NoReturn:
        raise UnsupportedError(
            f"the network computes with the state of '{self._owner}', which NIR cannot express; "
            "only the cell itself may use it"
        )

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        self._refuse()

    def __iter__(self) -> Iterator[Any]:
        self._refuse()

    def __getitem__(self, key: Any) -> Any:
        self._refuse()

    def __len__(self) -> int:
        self._refuse()

    def __bool__(self) -> bool:
        return True


def ids_of(state: State) -> Mapping[int, int]:
    """Returns, per time step, the id of the population that returned the state."""
    ids: Mapping[int, int] = object.__getattribute__(state, "_ids")
    return ids


def plain(tensor: torch.Tensor) -> torch.Tensor:
    """The tensor itself, recorded by nobody."""
    with torch._C.DisableTorchFunctionSubclass():
        return tensor.as_subclass(torch.Tensor)


def is_norse_state(value: Any) -> bool:
    """Tells whether it is the state of one of Norse's cells, as they return it."""
    module, name = type(value).__module__, type(value).__name__
    return isinstance(value, tuple) and module.startswith("norse.") and name.endswith("State")


def find(kind: type, tree: Any) -> Iterator[Any]:
    """Everything of a kind in nested tuples, lists and dicts, but not in Norse's states."""
    if isinstance(tree, kind):
        yield tree
    elif is_norse_state(tree):
        return
    elif isinstance(tree, Mapping):
        for item in tree.values():
            yield from find(kind, item)
    elif isinstance(tree, (tuple, list)):
        for item in tree:
            yield from find(kind, item)


def zeros_like(value: Value, shape: tuple[int, ...]) -> torch.Tensor:
    """Zeros behind the value's time and batch axes."""
    like = plain(value)
    return torch.zeros((*like.shape[: value.lead], *shape), dtype=like.dtype, device=like.device)


def alias(x: Value, out: torch.Tensor, lead: int | None = None) -> Value:
    """Another view of a value, from now on not to be changed in place."""
    x.owned = False
    return Value.of(out, x.tracer, x.origin, x.lead if lead is None else lead, spikes=x.spikes)
