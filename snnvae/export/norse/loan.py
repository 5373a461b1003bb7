"""A user's module while we run it, and everything of it as it was afterwards."""

from __future__ import annotations

import random
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import nn

from snnvae.export.norse.value import is_norse_state

Forward = Callable[..., Any]
CHANGEABLE = (dict, OrderedDict, defaultdict, list, set, deque)
OWN = ("torch", "norse", "numpy", "builtins")
"""Packages whose classes keep nothing of a module's in themselves."""


@contextmanager
def on_loan(
    modules: Iterable[nn.Module],
    forward_of: Callable[[nn.Module], Forward],
    *,
    dtype: torch.dtype | None = None,
    forget: bool = True,
) -> Iterator[Callable[[], bool]]:
    """While it lasts, modules evaluate, and run `forward_of` each; nothing they do stays.

    What they change in attributes, lists, dicts and buffers, and what they draw at random, is put
    back. `dtype` converts weights and buffers meanwhile. `forget`: states of Norse's cells that
    attributes keep from an earlier call are None at first; the function given tells whether
    forward() has since written them all (if not, they are where it starts).
    """
    modules = list(modules)
    roots = [value for m in modules for value in (vars(m), *_class_values(type(m)))]
    containers = list(_containers(roots, set()))
    saved = [(c, c.copy()) for c in containers]
    generators = torch.get_rng_state(), random.getstate(), np.random.get_state()
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else []
    try:
        kept = _forget_states(containers) if forget else []
        _take_copies(containers, dtype)
        for module in modules:
            vars(module).update(
                forward=forward_of(module), training=False, _compiled_call_impl=None
            )

        def written() -> bool:
            held = {id(container) for container in _containers(roots, set())}
            return not any(id(c) in held and c[key] is empty for c, key, empty in kept)

        yield written
    finally:
        for container, content in saved:
            container.clear()
            (container.extend if isinstance(container, (list, deque)) else container.update)(
                content
            )
        torch.set_rng_state(generators[0])
        random.setstate(generators[1])
        np.random.set_state(generators[2])
        if cuda:
            torch.cuda.set_rng_state_all(cuda)


def _class_values(cls: type) -> list[Any]:
    """What a user's classes hold themselves, where a module may keep its states too."""
    own = filter(is_users, cls.__mro__)
    return [value for c in own for value in vars(c).values() if type(value) in CHANGEABLE]


def _containers(tree: Any, seen: set[int], *, objects: bool = True) -> Iterator[Any]:
    """Everything nested in tuples, lists, dicts and sets that can be changed, but for modules.

    With `objects`, also what a user's objects in there hold themselves, such as a counter.
    """
    if id(tree) in seen or is_norse_state(tree):
        return
    seen.add(id(tree))
    if type(tree) in CHANGEABLE:
        yield tree
    if type(tree) in CHANGEABLE or isinstance(tree, tuple):
        for item in tuple(tree.values() if isinstance(tree, dict) else tree):
            yield from _containers(item, seen, objects=objects)
    elif objects and is_users(type(tree)) and not isinstance(tree, (nn.Module, type)):
        yield from _containers(getattr(tree, "__dict__", {}), seen, objects=False)


def is_users(cls: type) -> bool:
    """Tells whether a class is neither Python's own nor that of torch, Norse or NumPy."""
    return cls.__module__.partition(".")[0] not in OWN


def _forget_states(containers: Iterable[Any]) -> list[tuple[Any, Any, Any]]:
    """Put None where Norse's states are; returns these places and what now stands there."""
    places = []
    for container in containers:
        if not isinstance(container, (dict, list)):
            continue
        keys = list(container) if isinstance(container, dict) else range(len(container))
        for key in keys:
            if _holds_state(container[key]):
                container[key] = empty = _without_states(container[key])
                places.append((container, key, empty))
    return places


def _holds_state(value: Any) -> bool:
    return is_norse_state(value) or (isinstance(value, tuple) and any(map(_holds_state, value)))


def _without_states(value: Any) -> Any:
    if is_norse_state(value):
        return None
    return tuple(map(_without_states, value)) if isinstance(value, tuple) else value


def _take_copies(containers: Iterable[Any], dtype: torch.dtype | None) -> None:
    """Put copies in place of tensors, shared ones once, and of NumPy's arrays.

    Parameters only if they change.
    """
    copies: dict[int, torch.Tensor] = {}

    def copied(value: Any) -> Any:
        if isinstance(value, np.ndarray):
            return value.copy()
        is_weight = isinstance(value, nn.Parameter)
        if not isinstance(value, torch.Tensor) or (is_weight and dtype is None):
            return value
        if id(value) not in copies:
            copy = value.detach().clone()
            if dtype is not None and copy.is_floating_point():
                copy = copy.to(dtype)
            copies[id(value)] = nn.Parameter(copy, False) if is_weight else copy
        return copies[id(value)]

    for container in containers:
        if isinstance(container, (dict, list, deque)):
            keys = list(container) if isinstance(container, dict) else range(len(container))
            for key in keys:
                container[key] = copied(container[key])
