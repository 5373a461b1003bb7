"""Constants in C: an array in the smallest integers that hold it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from snnvae.deploy.c.text import WIDTH

_SIGNED = (np.int8, np.int16, np.int32, np.int64)
_UNSIGNED = (np.uint8, np.uint16, np.uint32, np.uint64)


def integer_type(values: np.ndarray) -> type:
    """The smallest integers of NumPy that hold all values, unsigned where none is negative."""
    low, high = int(values.min(initial=0)), int(values.max(initial=0))
    kinds = _SIGNED if low < 0 else _UNSIGNED
    return next(k for k in kinds if np.iinfo(k).min <= low and high <= np.iinfo(k).max)


@dataclass(frozen=True, eq=False)
class Table:
    """A const array `name` (N,) with a comment; signed where its values may be negative.

    index: what leads to a value, such as "[source][target]".
    """

    name: str
    values: np.ndarray
    index: str
    comment: str
    signed: bool = False

    @property
    def kind(self) -> str:
        """Its type in C, such as int8_t."""
        if not self.signed:
            return f"{np.dtype(integer_type(self.values)).name}_t"
        return f"{np.dtype(integer_type(np.append(self.values, -1))).name}_t"

    @property
    def size(self) -> int:
        """Bytes of flash."""
        return self.values.size * np.dtype(self.kind[:-2]).itemsize

    def text(self) -> str:
        """Its definition."""
        suffix = {"uint64_t": "u", "uint32_t": "u"}.get(self.kind, "")
        words, lines, line = (f"{int(v)}{suffix}" for v in self.values.reshape(-1)), [], ""
        for word in words:
            if len(line) + len(word) + 2 > WIDTH:
                lines.append(line)
                line = ""
            line += f"{word}, " if line else f"    {word}, "
        lines.append(line)
        body = "\n".join(each.rstrip() for each in lines)
        return (
            f"/* {self.name}{self.index}: {self.comment}; {self.size:,} bytes. */\n"
            f"static const {self.kind} {self.name}[{self.values.size}] = {{\n{body}\n}};\n"
        )
