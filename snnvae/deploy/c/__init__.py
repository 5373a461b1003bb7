"""Fixed-point programs as self-contained C99, for any microcontroller; docs/c.md says what it is."""

from __future__ import annotations

from snnvae.deploy.c.network import Network
from snnvae.deploy.c.runner import run

__all__ = ["Network", "run"]
