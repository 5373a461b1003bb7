"""JSON that every reader takes: RFC 8259 knows no number that is not finite."""

from __future__ import annotations

import json
from math import isfinite
from typing import Any


def json_text(data: Any, indent: int | None = None) -> str:
    """The data as JSON: arrays and scalars of NumPy as numbers, null for a number that is not
    finite (as a key too), and text for what JSON does not know."""
    return json.dumps(_plain(data), indent=indent, allow_nan=False, default=str)


def _plain(data: Any) -> Any:
    if hasattr(data, "tolist"):  # what NumPy and torch hold
        data = data.tolist()
    if isinstance(data, float):
        return data if isfinite(data) else None
    if isinstance(data, dict):
        return {_plain(key): _plain(value) for key, value in data.items()}
    return [*map(_plain, data)] if isinstance(data, (list, tuple)) else data
