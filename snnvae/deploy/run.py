"""One way to run a program, whichever backend: `simulate` and the `run-…` are this function."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Literal

from snnvae.deploy.backends import DIALECTS, Backend, RunResources, backend_named
from snnvae.deploy.dialects import dialect_named
from snnvae.deploy.scale_out import check_address, run_shared
from snnvae.deploy.timing import check_stock
from snnvae.errors import ConfigError
from snnvae.hardware_sim import reference
from snnvae.hardware_sim.fast import engine
from snnvae.hardware_sim.fast.memory import kept, portion
from snnvae.machine import bytes_text, cores, memory
from snnvae.program import Program
from snnvae.progress import Progress
from snnvae.recording import Recording
from snnvae.stimulus import Stimulus


def check_backend(
    program: Program, stimulus: Stimulus, backend: Backend, resources: RunResources | None = None
) -> None:
    """Raise what a run would raise before it computes anything, where that is known."""
    resources, backend = resources or RunResources(), backend_named(backend)
    if resources.dask is not None:
        check_address(resources.dask)
    if resources.device is not None:
        if backend != "emulator":
            raise ConfigError(f"`device` {resources.device} is for the fast emulator; leave it out")
        if resources.dask is None:
            from snnvae.hardware_sim.torch_engine.devices import chosen

            chosen(resources.device)
    if backend.startswith("lava") and resources.dask is None:
        from snnvae.deploy import lava

        lava.check_installed()
    if backend == "lava-stock":
        check_stock(program)
    if backend in DIALECTS:
        from snnvae.deploy.microcontroller import runner

        runner.check(dialect_named(backend), program)
    if backend == "loihi2":
        from snnvae.deploy import lava

        lava.check_loihi2(program, stimulus)


def samples_at_once(
    program: Program, steps: int, samples: int, resources: RunResources, membranes: bool = False
) -> int:
    """Returns how many samples a run may hold: all, or what `max_memory` allows.

    ConfigError where that is not one, or without `max_memory` more than the machine's memory.
    """
    if resources.max_memory is None:
        size = samples * kept(program, steps, membranes)
        if size > memory():
            raise ConfigError(
                f"{samples:,} sample{'s' * (samples > 1)} of {steps:,} steps would take "
                f"{bytes_text(size)} at once, and this machine has {bytes_text(memory())}: give "
                "`max_memory` 2GB, or fewer `samples` or `steps`"
            )
    return portion(
        program,
        steps,
        samples,
        threads=cores(),
        max_memory=resources.max_memory,
        membranes=membranes,
    ).block


def run(
    program: Program,
    stimulus: Stimulus,
    backend: Backend | Literal["lava"] = "emulator",
    *,
    membranes: bool = False,
    progress: Progress | None = None,
    resources: RunResources | None = None,
) -> Recording:
    """Run a program; the recording is the same, spike for spike, whatever it runs on.

    backend: "emulator" (the fast engine), "reference" (the definition, slow), "lava" (one process
    of ours on Lava, "lava-batched" in full), "lava-stock" (Lava's own processes), "loihi2", "c"
    or "rust" (for microcontrollers, built by this machine's compiler; fixed point only).
    membranes: record them after each step, (B, T, *shape). resources: a torch device, a Dask
    cluster, a bound on memory.

    DataError for a stimulus that does not fit, UnsupportedError for what a backend cannot do,
    BackendError where Lava or a compiler is missing or fails.

    >>> import snnvae as sv
    >>> program = sv.compile(sv.read(sv.zoo.path("digits-esvae")))
    >>> stimulus = sv.make_stimulus(program, samples=2)
    >>> one, other = sv.run(program, stimulus), sv.run(program, stimulus, "lava")
    >>> all((one.spikes[name] == other.spikes[name]).all() for name in one.spikes)
    True
    """
    resources, backend = resources or RunResources(), backend_named(backend)
    if resources.dask is not None:
        share = partial(_run_share, backend=backend, membranes=membranes, resources=resources)
        return run_shared(resources.dask, program, stimulus, share, progress)
    if backend == "emulator":
        if resources.device is not None:
            from snnvae.hardware_sim.torch_engine import engine as torch_engine

            return torch_engine.run(
                program, stimulus, device=resources.device, membranes=membranes, progress=progress
            )
        return engine.run(
            program,
            stimulus,
            membranes=membranes,
            progress=progress,
            max_memory=resources.max_memory,
        )
    if backend == "reference":
        return reference.run(program, stimulus, membranes=membranes, progress=progress)
    if backend in DIALECTS:
        from snnvae.deploy.microcontroller import runner

        dialect = dialect_named(backend)
        return runner.run(dialect, program, stimulus, membranes=membranes, progress=progress)
    from snnvae.deploy import lava

    return lava.run(
        program,
        stimulus,
        mode="batched" if backend == "lava-batched" else "stock",
        target="loihi2" if backend == "loihi2" else "cpu",
        membranes=membranes,
        progress=progress,
    )


def _run_share(
    program: Program,
    stimulus: Stimulus,
    threads: int,
    *,
    backend: Backend,
    membranes: bool,
    resources: RunResources,
) -> Recording:
    """One share, on a worker with so many threads."""
    if backend == "emulator" and resources.device is None:
        memory = resources.max_memory
        return engine.run(
            program, stimulus, membranes=membranes, max_memory=memory, threads=threads
        )
    return run(
        program, stimulus, backend, membranes=membranes, resources=replace(resources, dask=None)
    )
