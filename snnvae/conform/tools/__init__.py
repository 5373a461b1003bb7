"""Readers of NIR, a file each: a graph and its input in, what the tool puts out."""

from __future__ import annotations

from importlib.util import find_spec

TOOLS = {
    "snnvae": "snnvae",
    "snnvae-reference": "snnvae",
    "snnvae-lava-batched": "lava",
    "snnvae-lava-stock": "lava",
    "nirtorch": "nirtorch",
    "norse": "norse",
    "snntorch": "snntorch",
    "sinabs": "sinabs",
    "spikingjelly": "spikingjelly",
    "rockpool": "rockpool",
    "spyx": "spyx",
}
"""The package that each needs."""


def installed() -> list[str]:
    """The tools whose package is here."""
    return [name for name, package in TOOLS.items() if find_spec(package)]
