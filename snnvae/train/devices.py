"""The devices that a training runs on: CPU, one GPU, several, several machines."""

from __future__ import annotations

import ctypes
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from snnvae.errors import ConfigError
from snnvae.machine import cores

if TYPE_CHECKING:
    from lightning_fabric import Fabric

FULL_PRECISION = "32-true"
PRECISIONS = (FULL_PRECISION, "bf16-mixed", "16-mixed")

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
    precision: str = FULL_PRECISION

    def fabric(self) -> Fabric:
        """Fabric, launched: with several devices this starts a process for each.

        ConfigError for what the machine has not: devices, more processes than cores, or float16 on
        a CPU, for which Fabric would take another precision in silence.
        """
        import warnings

        from lightning_fabric import Fabric

        several = self.devices != 1 or self.nodes > 1
        options: dict[str, Any] = {"strategy": "ddp"} if several else {}
        try:
            with warnings.catch_warnings(), quiet("lightning_fabric"):
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
        if fabric.device.type == "cpu":
            self._check_cpu()
        if several:
            fabric.launch()
        return fabric

    def _check_cpu(self) -> None:
        if self.precision == "16-mixed":
            raise ConfigError(
                "`precision` 16-mixed is for GPUs, and this is a CPU: use bf16-mixed or 32-true"
            )
        if isinstance(self.devices, int) and self.devices > cores():
            raise ConfigError(
                f"`devices` {self.devices}: each is a process of its own, and there are {cores()} "
                "cores: use no more than these"
            )


@contextmanager
def quiet(name: str) -> Iterator[None]:
    """A library's logger says nothing but warnings meanwhile."""
    logger = logging.getLogger(name)
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(level)


def keep_freed_memory() -> None:
    """Lets glibc keep what is freed: a training step asks for the same large tensors again and
    again, and fresh pages cost more than the arithmetic on them."""
    if sys.platform.startswith("linux"):
        libc = ctypes.CDLL(None)
        if hasattr(libc, "mallopt"):
            libc.mallopt(_MMAP_MAX, 0)
            libc.mallopt(_TRIM_THRESHOLD, 2**31 - 1)
