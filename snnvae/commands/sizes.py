"""Sizes of a chip's memory, as its data sheet writes them."""

from __future__ import annotations

import re
from typing import Any

import click

_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20}


class MemorySize(click.ParamType):
    """Bytes, as 264K or 2M: 1024 and 1024² bytes."""

    name = "size"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> int | None:
        """Text → bytes."""
        if isinstance(value, int):
            return value
        match = re.fullmatch(r"(\d+(?:\.\d+)?) ?([km]?)(?:i?b)?", value.strip().lower())
        size = int(float(match[1]) * _UNITS[match[2]]) if match else 0
        if size < 1:
            self.fail(f"{value!r} is no size of memory; write it as 264K or 2M", param, ctx)
        return size
