"""Where a program can run, and with what. Imports nothing: the command line lists it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from snnvae.errors import ConfigError

Backend = Literal["emulator", "reference", "lava-batched", "lava-stock", "loihi2", "c", "rust"]
BACKENDS: tuple[Backend, ...] = get_args(Backend)
SHORT: dict[str, Backend] = {"lava": "lava-batched"}
"""Other names for them."""
CHECKED: tuple[Backend, ...] = ("emulator", "lava-batched", "lava-stock", "c", "rust")
"""Those that `snnvae check` compares with the reference."""
DIALECTS: tuple[Backend, ...] = ("c", "rust")
"""Languages of microcontrollers, which hold fixed-point programs alone."""
Peer = Literal["nirtorch", "norse"]
PEERS: tuple[Peer, ...] = get_args(Peer)
"""Other interpreters of NIR that it compares with."""


def backend_named(name: str) -> Backend:
    """The backend of that name; ConfigError if there is none."""
    found = SHORT.get(name, name)
    for backend in BACKENDS:
        if backend == found:
            return backend
    raise ConfigError(f"no backend {name!r}: choose from {', '.join(BACKENDS)}")


@dataclass(frozen=True)
class RunResources:
    """What a run has. device: of torch, for the emulator there (None: this machine's cores).

    dask: address of a cluster that the samples are shared out on. max_memory: bytes.
    """

    device: str | None = None
    dask: str | None = None
    max_memory: int | None = None
