"""Sizes of memory, as people write them."""

from __future__ import annotations

import re
from typing import Any, ClassVar

import click


class Size(click.ParamType):
    """Bytes, as 500MB, 2GB or 1.5GiB."""

    name = "size"
    units = re.compile(r"(\d+(?:\.\d+)?) ?([kmgt]i?)?b?")
    factors: ClassVar = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12} | {
        "ki": 2**10, "mi": 2**20, "gi": 2**30, "ti": 2**40
    }  # fmt: skip
    remedy = "is no size; write it as 500MB or 2GiB"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> int | None:
        """Text → bytes."""
        if isinstance(value, int):
            return value
        match = self.units.fullmatch(value.strip().lower())
        size = int(float(match[1]) * self.factors[match[2] or ""]) if match else 0
        if size < 1:
            self.fail(f"{value!r} {self.remedy}", param, ctx)
        return size


class MemorySize(Size):
    """Bytes of a chip, as its data sheet writes them: 264K or 2M are 1024 and 1024² bytes."""

    units = re.compile(r"(\d+(?:\.\d+)?) ?([km]?)(?:i?b)?")
    factors: ClassVar = {"": 1, "k": 1 << 10, "m": 1 << 20}
    remedy = "is no size of memory; write it as 264K or 2M"
