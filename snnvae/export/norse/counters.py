"""The numbers that a module keeps: whether it counts on after the steps followed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import nn

from snnvae.export.norse.loan import CHANGEABLE, is_users
from snnvae.export.norse.value import Value, is_norse_state

Numbers = dict[str, Any]


class Counters:
    """Looks at a module's numbers after each step.

    Attributes, buffers, and what lists, dicts and a user's own objects in them hold; not what lies
    in closures and in other modules of Python's.
    """

    def __init__(self, names: Mapping[nn.Module, tuple[str, ...]]) -> None:
        self._names = names
        self._seen: list[Numbers] = []

    def look(self) -> None:
        """Take the numbers down."""
        found: Numbers = {}
        visited: set[int] = set()
        for module, (name, *_) in self._names.items():
            prefix = f"{name}." if name else ""
            # As Python looks them up: the last class is the base, the module's own hide them all.
            for cls in filter(is_users, reversed(type(module).__mro__)):
                found |= _numbers(dict(vars(cls)), prefix, visited)
            found |= _numbers(vars(module), prefix, visited)
        self._seen.append(found)

    def changing(self) -> str | None:
        """The name of a number that steps to come may see another than any step has seen.

        None where all are as they were after an earlier step: from there on everything repeats.
        """
        if len(self._seen) < 2:
            return None
        *earlier, before, now = self._seen
        if any(now == other for other in (before, *earlier)):
            return None
        return next(name for name in {**now, **before} if now.get(name) != before.get(name))


def _numbers(tree: Any, name: str, visited: set[int]) -> Numbers:
    return dict(_walk(tree, name, visited))


def _walk(
    tree: Any, name: str, visited: set[int], *, objects: bool = True
) -> Iterator[tuple[str, Any]]:
    """Names and values; with `objects`, also what a user's objects in there hold themselves."""
    if isinstance(tree, (Value, nn.Parameter, nn.Module, type)) or is_norse_state(tree):
        return
    if isinstance(tree, (bool, int, float)):
        yield name, repr(tree)
    elif isinstance(tree, torch.Tensor):
        if tree.layout is torch.strided and not tree.is_meta and not tree.is_quantized:
            real = tree.double() if tree.is_floating_point() else tree
            yield name, _content(real.detach().cpu().numpy())
    elif isinstance(tree, (np.ndarray, np.generic)):
        yield name, _content(np.asarray(tree))
    elif id(tree) in visited:
        return
    elif isinstance(tree, dict):
        visited.add(id(tree))
        for key, item in tuple(tree.items()):
            own = key in ("_buffers", "_parameters", "_modules")
            at = f"{name}{key}" if not name or name.endswith(".") else f"{name}[{key!r}]"
            yield from _walk(item, name if own else at, visited, objects=objects)
    elif type(tree) in CHANGEABLE or isinstance(tree, tuple):
        visited.add(id(tree))
        for place, item in enumerate(tree):
            yield from _walk(item, f"{name}[{place}]", visited, objects=objects)
    elif objects and is_users(type(tree)):
        visited.add(id(tree))
        yield from _walk(getattr(tree, "__dict__", None), f"{name}.", visited, objects=False)


def _content(numbers: np.ndarray) -> tuple[tuple[int, ...], bytes]:
    return numbers.shape, numbers.tobytes()
