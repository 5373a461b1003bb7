"""The origin of a network, as its file says: labels, which decide no result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True)
class Origin:
    """model: "esvae" or "fsvae". part: of it, as `snnvae export` names them. dataset: trained on.

    None where the file does not say.
    """

    model: str | None = None
    part: str | None = None
    dataset: str | None = None

    @classmethod
    def read(cls, stated: Mapping[str, Any]) -> Origin:
        """Reads the origin from the metadata; anything but text says nothing."""
        said = {f.name: stated.get(f.name) for f in fields(cls)}
        return cls(**{key: value for key, value in said.items() if isinstance(value, str)})
