"""How a user's forward() is called step by step: what wraps it, and how it hands its state on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from inspect import Parameter, signature
from itertools import takewhile
from typing import Any

from torch import nn

from snnvae.errors import UnsupportedError
from snnvae.export.norse.value import State, Value, find

REQUIRED = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)


def unwrapped(module: Any) -> Any:
    """The module in what torch.compile, DataParallel and the like wrap around it."""
    while True:
        parallel = (nn.DataParallel, nn.parallel.DistributedDataParallel)
        if isinstance(module, parallel):
            module = module.module
        elif isinstance(getattr(module, "_orig_mod", None), nn.Module):
            module = module._orig_mod
        else:
            return module


@dataclass
class StateProtocol:
    """Calls a module step by step and hands on the states that it returns.

    forward(x, state), forward(x, one, two), with names only, or forward(*given): whatever may be
    None at first behind the input takes a state. count: how many of its results are states, the
    last ones; it is found in the first step and holds for the others.
    """

    module: nn.Module
    count: int | None = None

    def outputs(self, inputs: Iterable[Any]) -> Iterator[Any]:
        """What comes out for each input, without the states."""
        slots = _slots(self.module)
        states: Sequence[Any] = [None for p in slots if p.kind is not Parameter.VAR_POSITIONAL]
        for x in inputs:
            named = [p.name for p in slots if p.kind is Parameter.KEYWORD_ONLY]
            here = len(states) - len(named)
            result = self.module(x, *states[:here], **dict(zip(named, states[here:])))
            if self.count is None:
                self.count = _states_in(result, slots)
            if self.count:
                handed = result[len(result) - self.count :]
                states = [*handed, *states[len(handed) :]]
                result = result[: -self.count]
            yield result


def _slots(module: nn.Module) -> list[Parameter]:
    """The parameters that take states: behind the input, those that may be None at first."""
    parameters = list(signature(module.forward).parameters.values())
    if not parameters or parameters[0].kind is not Parameter.VAR_POSITIONAL:
        parameters = parameters[1:]
    takes = [p for p in parameters if p.kind is not Parameter.VAR_KEYWORD]
    return list(takewhile(lambda p: p.default in (None, Parameter.empty), takes))


def _states_in(result: Any, slots: Sequence[Parameter]) -> int:
    """How many results are states: from the last on, those that hold one, or no value."""
    if not slots:
        return 0
    if not isinstance(result, (tuple, list)) or len(result) < 2:
        if any(p.default is Parameter.empty and p.kind in REQUIRED for p in slots):
            raise UnsupportedError(
                "forward(x, state) returns no state; return (output, state) so that the next step "
                "can go on from it"
            )
        return 0
    many = any(p.kind is Parameter.VAR_POSITIONAL for p in slots)
    behind = list(result[1:] if many else result[1:][-len(slots) :])
    states = list(takewhile(lambda r: _has(State, r) or not _has(Value, r), reversed(behind)))
    # A value alone in the place of a state is one that the next step would be given.
    states = states or behind[-1:]
    if _has(Value, states):
        raise UnsupportedError(
            "forward(x, state) hands a value to the next step in its state; only Norse's cells "
            "may remember: use a recurrent cell such as LIFRecurrentCell"
        )
    return len(states)


def _has(kind: type, tree: Any) -> bool:
    return next(find(kind, tree), None) is not None
