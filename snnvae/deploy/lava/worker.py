"""The process that runs Lava: builds a job's graph, runs it, reports in JSON lines on a pipe."""

from __future__ import annotations

import json
import os
import signal
import time
import traceback
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any

from snnvae.deploy.lava import leftovers, loihi2
from snnvae.deploy.lava.importing import require_lava
from snnvae.deploy.lava.job import Job
from snnvae.deploy.lava.watch import Watch, actors_of, die_with_this_process
from snnvae.errors import SnnvaeError
from snnvae.machine import cores
from snnvae.plain_text import words_of

_REPORT_EVERY = 0.3
"""Seconds of simulation between two reports."""


def main(folder: Path, status: int) -> None:
    """Run the job in `folder`; `status` is the descriptor to report on."""
    die_with_this_process(status)
    job = Job.read(folder)
    leftovers.claim(job.token)

    def send(**message: Any) -> None:
        with suppress(BrokenPipeError):  # the parent is gone, which the watch sees
            os.write(status, json.dumps(message).encode() + b"\n")

    def fail(problem: str) -> None:
        send(error="BackendError", message=problem)

    watch = Watch(job.parent, folder, job.token, fail)
    watch.start()
    try:
        _run(job, folder, watch, send)
    except SnnvaeError as error:
        send(error=type(error).__name__, message=str(error))
    except Exception as error:
        traceback.print_exc()
        fail(f"Lava failed: {type(error).__name__}: {words_of(error, 1000)}")
    else:
        send(done=True)
        return
    signal.pause()  # until the parent ends us and the processes that Lava would wait for


def _run(job: Job, folder: Path, watch: Watch, send: Any) -> None:
    graph, config = _build(job, folder)
    from lava.magma.core.run_conditions import RunSteps

    from snnvae.deploy.lava.graph import CHANNEL_SLOTS

    parts = graph.parts()
    actors = []
    on_hardware = loihi2.hardware_packages() if job.target == "loihi2" else nullcontext()
    with on_hardware:
        for part in parts:
            part.create_runtime(config, compile_config={"pypy_channel_size": CHANNEL_SLOTS})
            actors += actors_of(part.runtime)
    watch.expect(actors)
    done, chunk = 0, 1
    while done < graph.total:
        chunk = min(chunk, graph.total - done)
        started = time.monotonic()
        for part in parts:
            part.run(RunSteps(num_steps=chunk, blocking=False))
        for part in parts:
            part.wait()
        done += chunk
        send(advance=chunk)
        elapsed = max(time.monotonic() - started, 1e-6)
        chunk = max(1, min(4 * chunk, round(chunk * _REPORT_EVERY / elapsed)))
    watch.expect(())
    graph.stop()


def _build(job: Job, folder: Path) -> tuple[Any, Any]:
    require_lava()
    from snnvae.deploy.lava import network, stock

    if job.mode == "batched":
        one = network.build(
            job.program,
            job.stimulus,
            membranes=job.membranes,
            folder=job.folder(folder),
            shares=cores(),
        )
        return one, one.run_config
    with loihi2.hardware_packages():
        graph = stock.build(
            job.program,
            job.stimulus,
            membranes=job.membranes,
            folder=job.folder(folder),
            target=job.target,
        )
    if job.target == "loihi2":
        return graph, loihi2.run_config(graph.taps.model_map())
    return graph, graph.run_config
