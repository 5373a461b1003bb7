"""Reading TOML files that users write: every mistake gets one line that says what and where."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any, NoReturn

from snnvae.errors import ConfigError
from snnvae.text_file import read_text

INTEGER_BITS = 64
"""TOML 1.0.0: integers of 64 bits are handled losslessly, and for others an error is due."""
MAX_DEPTH = 16
"""Of tables and lists in each other."""
MAX_COUNT = 1 << 53
"""Whole numbers up to here are exact in floating point too."""


class TomlTable:
    """A table of a file, and where it stands in it: `name` as in "profile mine.toml"."""

    def __init__(self, name: str, data: dict[str, Any], at: str = "") -> None:
        self.name, self.data, self.at = name, data, at

    @classmethod
    def parse(cls, name: str, text: str) -> TomlTable:
        """The whole of a file's text."""
        try:
            data = tomllib.loads(text)
        except (ValueError, RecursionError) as error:
            raise ConfigError(f"{name} is not TOML: {' '.join(str(error).split())}") from None
        _check_values(name, data)
        return cls(name, data)

    @classmethod
    def read(cls, name: str, path: Path) -> TomlTable:
        """The whole of a file."""
        return cls.parse(name, read_text(path, name, ConfigError))

    def __contains__(self, key: str) -> bool:
        return key in self.data

    def __iter__(self) -> Iterable[str]:
        return iter(self.data)

    def table(self, key: str) -> TomlTable:
        """The table of that name; an empty one if there is none."""
        value = self.data.get(key, {})
        if not isinstance(value, dict):
            self.fail(key, "must be a table")
        return TomlTable(self.name, value, f"{self.at}{key}.")

    def text(self, key: str, *, optional: bool = False) -> str:
        """A text, empty only where it is optional."""
        value = self.data.get(key, "" if optional else None)
        if not isinstance(value, str) or not (value.strip() or optional):
            self.fail(key, "must be a text" if key in self.data else "is missing")
        return value

    def texts(self) -> dict[str, str]:
        """Reads every entry, all of them texts."""
        return {key: self.text(key) for key in self.data}

    def choice(self, key: str, allowed: Iterable[str], default: str | None = None) -> str:
        """A text out of `allowed`."""
        if default is not None and key not in self.data:
            return default
        value, allowed = self.text(key), tuple(allowed)
        if value not in allowed:
            self.fail(key, f"is '{value}'; use one of: {', '.join(allowed)}")
        return value

    def number(self, key: str, default: float | None = None) -> float:
        """A number of 0 or more."""
        value = self.data.get(key, default)
        if value is None:
            self.fail(key, "is missing")
        return self.amount(key, value)

    def amount(self, key: str, value: Any) -> float:
        """`value`, found under a key, if it is a number of 0 or more."""
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 1e30:
            self.fail(key, f"is {value!r}; give a number that is 0 or more")
        return float(value)

    def whole(self, key: str) -> int:
        """A whole number of 0 or more."""
        return self._count(key, self.data.get(key))

    def wholes(self, key: str) -> list[int]:
        """Reads a list of whole numbers of 0 or more."""
        values = self.data.get(key)
        if not isinstance(values, list) or not values:
            self.fail(key, "must be a list of whole numbers")
        return [self._count(key, value) for value in values]

    def _count(self, key: str, value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_COUNT:
            self.fail(key, f"is {value!r}, must be a whole number from 0 to 2^53")
        return value

    def flag(self, key: str) -> bool:
        """True or false; false if it is not there."""
        value = self.data.get(key, False)
        if not isinstance(value, bool):
            self.fail(key, "must be true or false")
        return value

    def only(self, allowed: Collection[str]) -> None:
        """Allows no keys but these."""
        for key in self.data:
            if key not in allowed:
                self.fail(key, f"is not known; use one of: {', '.join(sorted(allowed))}")

    def fail(self, key: str, problem: str) -> NoReturn:
        """ConfigError: what is wrong with a key."""
        raise ConfigError(" ".join(f"{self.name}: {self.at}{key} {problem}".split()))


def _check_values(name: str, data: dict[str, Any]) -> None:
    """ConfigError for numbers of any size and tables of any depth, which what follows could neither
    hold nor print."""
    level: list[Any] = [data]
    for _ in range(MAX_DEPTH):
        values = [v for held in level for v in (held.values() if isinstance(held, dict) else held)]
        for value in values:
            if isinstance(value, int) and value.bit_length() >= INTEGER_BITS:
                raise ConfigError(
                    f"{name} is not TOML: a whole number of {value.bit_length()} bits; it has at "
                    "most 63"
                )
        level = [value for value in values if isinstance(value, (dict, list))]
        if not level:
            return
    raise ConfigError(f"{name}: tables nest deeper than {MAX_DEPTH}; nothing here does")
