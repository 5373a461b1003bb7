"""The emulator's peak memory, in a process of its own."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import networks
from benchmarks.memory_probe import digest, probe
from benchmarks.result import Aim, DiffersError, Result
from benchmarks.setup import Setup
from snnvae.deploy.run import run


def memory(setup: Setup) -> Result:
    """What a batch adds to the memory of a process that has compiled the program."""
    program = networks.program(setup)
    found = probe(networks.graph_file(setup), setup.samples)
    recording = run(program, networks.stimulus(program, setup.samples))
    if found["digest"] != digest(recording):
        raise DiffersError("the run whose memory was measured gave other spikes")
    with TemporaryDirectory() as folder:
        compiling = probe(networks.graph_file(setup), 1, jit_cache=Path(folder))
    held = sum(s.nbytes for s in recording.spikes.values()) / 1e6
    return Result(
        "memory",
        f"emulator, {setup.samples} samples",
        found["megabytes"],
        "the recording it returns",
        held,
        "MB",
        found["megabytes"],
        Aim(600, at_least=False, unit="MB"),
        "spikes of two processes, by digest",
        {
            "seconds of a process's first run": found["first"],
            "seconds of the first run ever, which compiles": compiling["first"],
        },
    )
