"""One way to run a program, whichever backend: `simulate` and `run-lava` are this function."""

from __future__ import annotations

from typing import Literal, get_args

from snnvae.errors import ConfigError
from snnvae.hardware_sim import reference
from snnvae.hardware_sim.fast import engine
from snnvae.program import Program
from snnvae.progress import Progress
from snnvae.recording import Recording
from snnvae.stimulus import Stimulus

Backend = Literal["emulator", "reference", "lava-batched", "lava-stock", "loihi2"]
BACKENDS: tuple[Backend, ...] = get_args(Backend)


def check_backend(program: Program, stimulus: Stimulus, backend: Backend) -> None:
    """Raise what a run would raise before it computes anything, where that is known."""
    if backend == "loihi2":
        from snnvae.deploy import lava

        lava.check_loihi2(program, stimulus)


def run(
    program: Program,
    stimulus: Stimulus,
    backend: Backend = "emulator",
    *,
    membranes: bool = False,
    progress: Progress | None = None,
) -> Recording:
    """Run `program` on `stimulus`; the recording is the same whatever the backend."""
    if backend == "emulator":
        return engine.run(program, stimulus, membranes=membranes, progress=progress)
    if backend == "reference":
        return reference.run(program, stimulus, membranes=membranes, progress=progress)
    from snnvae.deploy import lava

    if backend not in BACKENDS:
        raise ConfigError(f"no backend {backend!r}: choose from {', '.join(BACKENDS)}")
    return lava.run(
        program,
        stimulus,
        mode="batched" if backend == "lava-batched" else "stock",
        target="loihi2" if backend == "loihi2" else "cpu",
        membranes=membranes,
        progress=progress,
    )
