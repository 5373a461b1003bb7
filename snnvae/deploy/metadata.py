"""Reads what a file says under our metadata key, checked: anybody may have written it.

Under `scales` a file whose numbers are fixed point already names layers and how many weight units
one unit of their membrane is; the quantiser then chooses none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

import nir
import numpy as np

from snnvae.errors import GraphError
from snnvae.program import LoopPasses

LARGEST = 1e30
"""Beyond any value that an input could have."""
INPUT_FLAGS = ("analog", "constant", "in_twin")


def check_metadata(metadata: Mapping[str, Any], graph: nir.NIRGraph) -> None:
    """GraphError unless what `metadata` says of the network is what its readers expect."""
    for name, rule in _members(metadata, "inputs"):
        where = f"metadata 'inputs' of '{name}'"
        _require(all(_is_flag(rule.get(k, False)) for k in INPUT_FLAGS), where)
        low, high = rule.get("low", -1.0), rule.get("high", 1.0)
        _require(_is_number(low) and _is_number(high) and -LARGEST < low < high < LARGEST, where)
    for name, rule in _members(metadata, "readouts"):
        where = f"metadata 'readouts' of '{name}'"
        _require(_is_flag(rule.get("tanh", False)), where)
        if "shape" in rule:
            shape = np.asarray(rule["shape"])
            whole = shape.dtype.kind in "iu" and shape.ndim <= 1
            _require(whole and bool((shape > 0).all()), where)
            size = _size(graph, name)
            _require(size in (None, shape.prod()), f"{where}: its shape {shape.tolist()}")
    passes = metadata.get("twin_passes", "once")
    _require(isinstance(passes, str) and passes in get_args(LoopPasses), "metadata 'twin_passes'")
    scales = metadata.get("scales", {})
    _require(isinstance(scales, dict), "metadata 'scales'")
    for name, scale in scales.items():
        _require(_is_scale(scale), f"metadata 'scales' of '{name}'")


def _members(metadata: Mapping[str, Any], key: str) -> list[tuple[str, dict[str, Any]]]:
    """The named groups within a group of the metadata."""
    group = metadata.get(key, {})
    whole = isinstance(group, dict) and all(isinstance(rule, dict) for rule in group.values())
    _require(whole, f"metadata '{key}'")
    return list(group.items())


def _size(graph: nir.NIRGraph, name: object) -> int | None:
    """Values of an input or output node; None if there is no such node."""
    node = graph.nodes.get(name) if isinstance(name, str) else None
    if not isinstance(node, (nir.Input, nir.Output)):
        return None
    return int(np.prod(next(iter(node.output_type.values()))))


def _is_flag(value: object) -> bool:
    return isinstance(value, (bool, int))


def _is_scale(value: object) -> bool:
    """One positive number, or one per channel."""
    numbers = np.asarray(value)
    if numbers.dtype.kind not in "iuf" or numbers.ndim > 1:
        return False
    return bool(np.isfinite(numbers).all() and (numbers > 0).all())


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and bool(np.isfinite(value))


def _require(good: bool, what: str) -> None:
    if not good:
        raise GraphError(f"{what} makes no sense; export the file again")
