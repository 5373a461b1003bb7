"""A state dict as scripts leave it: inside other things, its names with words before them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from itertools import islice
from typing import Any

WRAPPERS = (
    "state_dict", "model_state_dict", "net_state_dict", "model_state", "model", "net", "network",
    "module", "weights", "params",
)  # fmt: skip
"""Keys under which scripts keep a state dict beside other things, the likeliest first; under any
other it is found after these."""
WITHIN = ("module", "_orig_mod")
"""What DataParallel, DDP and torch.compile put into a name, where a module of theirs stands."""
PREFIXES = (*(f"{name}." for name in WITHIN), "model.", "net.", "network.")
"""What stands before names where a script's or Lightning's module holds the network."""
DEPTH, FORMS = 4, 200
"""Wrappers in one another, and readings of one file, that are tried."""
SHOWN = 5
"""Names of a file that an error shows."""


def state_dict_in(content: Any, wanted: Collection[str]) -> Mapping[str, Any] | None:
    """The state dict in a file's content whose names are those wanted, or most of them.

    Under whatever key it lies, without words of WITHIN, and without those of PREFIXES in any order;
    the content itself comes first. Beside names with a prefix others are left out. None where there
    is none; its values may still be anything.
    """
    need = set(wanted)
    found = list(islice(_forms(content, DEPTH), FORMS))
    fitting = (each for each in found if need <= each.keys())
    if found:
        return next(fitting, None) or max(found, key=lambda each: len(need & each.keys()))
    return content if _is_named(content) else None


def names_in(tensors: Mapping[str, Any]) -> str:
    """The first names of a state dict, for errors."""
    shown = ", ".join(f"'{name}'" for name in islice(tensors, SHOWN))
    more = f" and {len(tensors) - SHOWN} more" if len(tensors) > SHOWN else ""
    return f"{shown}{more}" if tensors else "no names"


def _forms(content: Any, depth: int) -> Iterator[Mapping[str, Any]]:
    """All readings of a content, the likeliest first."""
    if not _is_named(content):
        return
    if any(hasattr(value, "shape") for value in content.values()):
        yield from _readings(content)
    if depth:
        ranks = {name: rank for rank, name in enumerate(WRAPPERS)}
        for key in sorted(content, key=lambda name: ranks.get(name, len(ranks))):
            yield from _forms(content[key], depth - 1)


def _readings(tensors: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The names as they are, without the words within, and without prefixes one by one."""
    plain = {
        ".".join(word for word in name.split(".") if word not in WITHIN): value
        for name, value in tensors.items()
    }
    todo: list[Mapping[str, Any]] = [tensors]
    if len(plain) == len(tensors) and plain.keys() != tensors.keys():
        todo.append(plain)
    for each in todo:
        yield each
        for prefix in PREFIXES:
            inner = {
                name.removeprefix(prefix): value
                for name, value in each.items()
                if name.startswith(prefix)
            }
            if inner:
                todo.append(inner)


def _is_named(content: Any) -> bool:
    return isinstance(content, Mapping) and all(isinstance(name, str) for name in content)
