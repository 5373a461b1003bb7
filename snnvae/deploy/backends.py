"""Where a program can run, and with what. Imports nothing: the command line lists it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

Backend = Literal["emulator", "reference", "lava-batched", "lava-stock", "loihi2"]
BACKENDS: tuple[Backend, ...] = get_args(Backend)
CHECKED: tuple[Backend, ...] = ("emulator", "lava-batched", "lava-stock")
"""Those that `snnvae check` compares with the reference."""
Peer = Literal["nirtorch", "norse"]
PEERS: tuple[Peer, ...] = get_args(Peer)
"""Other interpreters of NIR that it compares with."""


@dataclass(frozen=True)
class Means:
    """What a run may use. device: of torch, for the emulator there (None: this machine's cores).

    dask: address of a cluster that the samples are shared out on. max_memory: bytes.
    """

    device: str | None = None
    dask: str | None = None
    max_memory: int | None = None
