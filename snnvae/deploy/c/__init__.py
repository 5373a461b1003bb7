"""Fixed-point programs as self-contained C99, for any microcontroller: see docs/c.md."""

from __future__ import annotations

from snnvae.deploy.c.network import Network
from snnvae.deploy.c.runner import check, run

__all__ = ["Network", "check", "run"]
