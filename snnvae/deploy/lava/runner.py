"""Run a program on Lava: the backend's front door."""

from __future__ import annotations

import os
import secrets

import numpy as np

from snnvae.deploy.lava import loihi2
from snnvae.deploy.lava.doctor import lava_version
from snnvae.deploy.lava.importing import check_installed, require_lava
from snnvae.deploy.lava.isolation import LavaProcess
from snnvae.deploy.lava.job import Job
from snnvae.deploy.lava.timetable import Mode, Target
from snnvae.errors import ConfigError
from snnvae.hardware_sim.reference import assemble, check_steps
from snnvae.program import Program
from snnvae.progress import NoProgress, Progress
from snnvae.recording import Recording
from snnvae.stimulus import Stimulus

TIMEOUT = 600.0
"""Seconds without any progress after which Lava is taken to hang."""


def check_loihi2(program: Program, stimulus: Stimulus, mode: Mode = "stock") -> None:
    """Everything about a run on Loihi 2 that can be checked: last of all, whether there is one.

    The program, its placement and its graph of processes, which is built. Raises ConfigError,
    UnsupportedError or BackendError in one line.
    """
    loihi2.check_job(program, mode)
    loihi2.check_placement(program)
    require_lava()
    from snnvae.deploy.lava import stock

    graph = stock.build(program, stimulus, target="loihi2", adapters=False)
    loihi2.require_hardware(f"its graph of {len(graph.processes())} processes is valid")


def run(
    program: Program,
    stimulus: Stimulus,
    *,
    mode: Mode = "batched",
    target: Target = "cpu",
    membranes: bool = False,
    progress: Progress | None = None,
    timeout: float = TIMEOUT,
) -> Recording:
    """Run all samples of the stimulus on Lava, in a process group of its own.

    Mode "batched": the program as one process of ours, all samples at once. Mode "stock": Lava's
    own processes, one sample after another without a gap, as on hardware. `membranes` records them
    after each step. The recording is in logical time; ``info["latency"]`` says by how many hardware
    steps Lava's lagged.

    Raises BackendError (Lava or Loihi 2 missing, failed, or silent for `timeout` seconds),
    UnsupportedError (no stock process does that), DataError (stimulus).
    """
    if mode not in ("batched", "stock"):
        raise ConfigError(f"mode = {mode!r}: choose `mode` batched or stock")
    if target not in ("cpu", "loihi2"):
        raise ConfigError(f"target = {target!r}: choose `target` cpu or loihi2")
    check_installed()
    stimulus.check(program)
    check_steps(program, stimulus)
    if target == "loihi2":
        check_loihi2(program, stimulus, mode)
    progress = progress or NoProgress()
    token = secrets.token_hex(4)
    job = Job(program, stimulus, mode, membranes, target, token, os.getpid())
    timetable = job.timetable
    progress.start(f"lava {mode}", timetable.total)
    with LavaProcess(job) as process:
        for message in process.messages(timeout):
            progress.advance(message["advance"])
        folder = job.folder(process.folder)
        traces: dict[str, dict[str, np.ndarray]] = {"spikes": {}, "final": {}, "membranes": {}}
        for kind, layer in job.kinds():
            shape = program.layer(layer).shape
            traces[kind][layer] = timetable.by_sample(kind, folder.read(kind, layer), shape)
    progress.finish()
    info: dict[str, object] = {
        "backend": "lava",
        "mode": mode,
        "target": target,
        "latency": timetable.latency,
        "lava": lava_version(),
    }
    return assemble(program, stimulus, **traces, info=info)
