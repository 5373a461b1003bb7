"""The sub-stream of random numbers that a draw takes, as metadata states it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from snnvae.draws.draw import whole
from snnvae.draws.random_numbers import CHOICE, MOST, RESERVED


def own_substream(substream: int) -> dict[str, Any]:
    """Returns the entry of one that is not the usual one."""
    return {} if substream == CHOICE else {"substream": substream}


def read_substream(stated: Mapping[str, Any]) -> int:
    """The number that is stated, or the usual one; ValueError for one that no draw may take."""
    substream = whole(stated.get("substream", CHOICE), 0)
    if substream in RESERVED or substream >= MOST:
        raise ValueError(f"sub-stream {substream}")
    return substream
