"""The result that a command hands back to be printed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Result:
    """Text for people, data for `--json`, and the exit code."""

    text: str
    data: Mapping[str, Any] = field(default_factory=dict)
    exit_code: int = 0
    as_json: bool = False
