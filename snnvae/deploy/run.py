"""One way to run a program, whichever backend: `simulate` and `run-lava` are this function."""

from __future__ import annotations

from typing import Literal

from snnvae.errors import ConfigError
from snnvae.hardware_sim import reference
from snnvae.program import Program
from snnvae.progress import Progress
from snnvae.recording import Recording
from snnvae.stimulus import Stimulus

Backend = Literal["reference", "lava-batched", "lava-stock"]
BACKENDS: tuple[Backend, ...] = ("reference", "lava-batched", "lava-stock")


def run(
    program: Program,
    stimulus: Stimulus,
    backend: Backend = "reference",
    *,
    membranes: bool = False,
    progress: Progress | None = None,
) -> Recording:
    """Run `program` on `stimulus`; the recording is the same whatever the backend."""
    if backend == "reference":
        return reference.run(program, stimulus, membranes=membranes, progress=progress)
    from snnvae.deploy import lava

    if backend == "lava-batched":
        return lava.run(program, stimulus, mode="batched", membranes=membranes, progress=progress)
    if backend == "lava-stock":
        return lava.run(program, stimulus, mode="stock", membranes=membranes, progress=progress)
    raise ConfigError(f"no backend {backend!r}: choose from {', '.join(BACKENDS)}")
