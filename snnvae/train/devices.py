"""The devices that a training runs on: CPU, one GPU, several, several machines."""

from __future__ import annotations

import ctypes
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from snnvae.errors import ConfigError

if TYPE_CHECKING:
    from lightning_fabric import Fabric

PRECISIONS = ("32-true", "bf16-mixed", "16-mixed")

_TRIM_THRESHOLD, _MMAP_MAX = -1, -4
"""glibc's names for mallopt."""


@dataclass(frozen=True)
class Hardware:
    """Lightning Fabric's settings. Several devices share each batch (data parallel, DDP).

    accelerator  'auto' takes a GPU where there is one
    devices      of this machine: a number, or 'auto' for all
    nodes        machines; each runs the same command with Fabric's environment (MASTER_ADDR, …)
    precision    '32-true', or 'bf16-mixed' and '16-mixed' (autocast)
    """

    accelerator: str = "cpu"
    devices: int | str = 1
    nodes: int = 1
    precision: str = "32-true"

    def fabric(self) -> Fabric:
        """Fabric, launched: with several devices this starts a process for each."""
        import warnings

        from lightning_fabric import Fabric

        several = self.devices != 1 or self.nodes > 1
        options: dict[str, Any] = {"strategy": "ddp"} if several else {}
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                fabric = Fabric(
                    accelerator=self.accelerator,
                    devices=self.devices,
                    num_nodes=self.nodes,
                    precision=self.precision,  # type: ignore[arg-type]
                    **options,
                )
        except Exception as error:
            first = str(error).split("\n")[0]
            raise ConfigError(
                f"cannot train on `accelerator` {self.accelerator} `devices` {self.devices}: "
                f"{first}; use what this machine has, or `accelerator` auto"
            ) from error
        if several:
            fabric.launch()
        return fabric


def keep_freed_memory() -> None:
    """Lets glibc keep what is freed: a training step asks for the same large tensors again and
    again, and fresh pages cost more than the arithmetic on them."""
    if sys.platform.startswith("linux"):
        libc = ctypes.CDLL(None)
        if hasattr(libc, "mallopt"):
            libc.mallopt(_MMAP_MAX, 0)
            libc.mallopt(_TRIM_THRESHOLD, 2**31 - 1)
