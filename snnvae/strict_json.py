"""JSON that every reader takes: RFC 8259 knows no number that is not finite."""

from __future__ import annotations

import json
from math import isfinite
from typing import Any


def json_text(data: Any, indent: int | None = None) -> str:
    """The data as JSON, where null stands for a number that is not finite, and text for what JSON
    does not know."""
    return json.dumps(_finite(data), indent=indent, allow_nan=False, default=str)


def _finite(data: Any) -> Any:
    if isinstance(data, float):
        return data if isfinite(data) else None
    if isinstance(data, dict):
        return {key: _finite(value) for key, value in data.items()}
    return [*map(_finite, data)] if isinstance(data, (list, tuple)) else data
