"""How a user's forward() is called step by step: what wraps it, and how it hands its state on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from inspect import Parameter, signature
from itertools import takewhile
from typing import Any

from torch import nn

from snnvae.errors import UnsupportedError
from snnvae.export.norse.populations import StartsAnewError
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
    None at first behind the input, or a tuple, list or dict of Nones, takes a state. States that
    are returned as one dict by name are given by name, to forward(x, **states) too. count: how many
    of its results are states, the last ones; it is found in the first step and holds for the
    others.
    """

    module: nn.Module
    count: int | None = None

    def outputs(self, inputs: Iterable[Any]) -> Iterator[Any]:
        """What comes out for each input, without the states."""
        slots, rest = _slots(self.module)
        states: Sequence[Any] = [_empty(p) for p in slots if p.kind is not Parameter.VAR_POSITIONAL]
        named = [p.name for p in slots if p.kind is Parameter.KEYWORD_ONLY]
        by_name: dict[str, Any] = {}
        unnamed = False
        for x in inputs:
            here = len(states) - len(named)
            given = by_name or dict(zip(named, states[here:]))
            try:
                result = self.module(x, *states[:here], **given)
            except StartsAnewError as error:
                if not unnamed:
                    raise
                raise UnsupportedError(
                    f"forward() takes its states from **{rest}, and returns them without their "
                    "names; return (output, {name: state, …}), or name them in forward()"
                ) from error
            if self.count is None:
                self.count = _states_in(result, slots, rest)
                unnamed = not self.count and not slots and bool(rest) and _has(State, result)
            if self.count:
                handed = result[len(result) - self.count :]
                result = result[: -self.count]
                if _are_named(handed, slots, rest):
                    states, named, by_name = [], [], handed[0]
                else:
                    states = [*handed, *states[len(handed) :]]
            yield result


def _slots(module: nn.Module) -> tuple[list[Parameter], str]:
    """The parameters that take states, and the name of what takes any by name, if there is one.

    They stand behind the input, and may be None at first.
    """
    parameters = list(signature(module.forward).parameters.values())
    if not parameters or parameters[0].kind is not Parameter.VAR_POSITIONAL:
        parameters = parameters[1:]
    takes = [p for p in parameters if p.kind is not Parameter.VAR_KEYWORD]
    rest = next((p.name for p in parameters if p.kind is Parameter.VAR_KEYWORD), "")
    return list(
        takewhile(lambda p: p.default is Parameter.empty or _is_none(p.default), takes)
    ), rest


def _is_none(form: Any) -> bool:
    """Tells whether it is None, or holds nothing but None: the form of states to be filled."""
    if isinstance(form, (tuple, list, dict)) and form:
        return all(map(_is_none, form.values() if isinstance(form, dict) else form))
    return form is None


def _empty(slot: Parameter) -> Any:
    """What a slot is given at first: a copy of its default, which forward() may fill."""
    return None if slot.default is Parameter.empty else deepcopy(slot.default)


def _are_named(handed: Sequence[Any], slots: Sequence[Parameter], rest: str) -> bool:
    """Tells whether states are one dict, of the names that forward() takes."""
    if len(handed) != 1 or not isinstance(handed[0], dict) or len(slots) == 1:
        return False
    names = {p.name for p in slots}
    return bool(handed[0].keys() >= names if rest else handed[0].keys() == names)


def _states_in(result: Any, slots: Sequence[Parameter], rest: str) -> int:
    """How many results are states: from the last on, those that hold one, or no value."""
    several = isinstance(result, (tuple, list)) and len(result) > 1
    if not slots:
        named = several and isinstance(result[-1], dict) and all(map(_is_name, result[-1]))
        return int(bool(rest) and named and _has(State, result[-1]) and not _has(Value, result[-1]))
    if not several:
        if any(p.default is Parameter.empty and p.kind in REQUIRED for p in slots):
            raise UnsupportedError(
                "forward(x, state) returns no state; return (output, state) so that the next step "
                "can go on from it"
            )
        return 0
    if _has(State, result[0]) and not _has(Value, result[0]) and not _has(State, result[1:]):
        raise UnsupportedError(
            "forward(x, state) returns its state before its output; return (output, state)"
        )
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


def _is_name(key: Any) -> bool:
    return isinstance(key, str)


def _has(kind: type, tree: Any) -> bool:
    return next(find(kind, tree), None) is not None
