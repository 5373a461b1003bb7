"""Samples shared out over a Dask cluster: the recording of one process, whatever happens."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from lost_worker import dies
from slow_share import slow

from snnvae.deploy import scale_out
from snnvae.deploy.backends import RunResources
from snnvae.deploy.run import run
from snnvae.deploy.scale_out import differences, run_shared, software
from snnvae.errors import BackendError, ConfigError
from snnvae.hardware_sim.fast import engine
from snnvae.program import Program
from snnvae.progress import NoProgress
from snnvae.recording import Recording
from snnvae.stimulus import Stimulus

pytestmark = pytest.mark.slow
distributed = pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None
    ) as made:
        yield made


@pytest.fixture
def case(nets: Any) -> tuple[Program, Stimulus]:
    program = nets.compiled(nets.small(), "fixed")
    stimulus = nets.spikes(program, steps=6)
    streams = {name: np.tile(s, (7, *(1,) * (s.ndim - 1))) for name, s in stimulus.streams.items()}
    return program, Stimulus(streams, tuple(range(len(streams["in"]))))


def assert_same(got: Recording, wanted: Recording) -> None:
    for part in ("spikes", "final", "outputs"):
        for name, values in getattr(wanted, part).items():
            np.testing.assert_array_equal(getattr(got, part)[name], values)
    assert dict(got.info) == dict(wanted.info)


def test_samples_counts_and_order_are_those_of_one_process(cluster: Any, case: Any) -> None:
    program, stimulus = case
    resources = RunResources(dask=cluster.scheduler_address)
    assert_same(run(program, stimulus, resources=resources), run(program, stimulus))


def test_what_a_lost_worker_had_is_run_again_and_counts_once(
    cluster: Any, case: Any, tmp_path: Path
) -> None:
    program, stimulus = case
    share = partial(dies, marker=tmp_path, times=1)
    got = run_shared(cluster.scheduler_address, program, stimulus, share)
    assert len(list(tmp_path.iterdir())) == 1
    assert_same(got, engine.run(program, stimulus))


def test_a_share_that_always_kills_its_worker_ends_the_run(
    cluster: Any, case: Any, tmp_path: Path
) -> None:
    program, stimulus = case
    share = partial(dies, marker=tmp_path, times=1000)
    with pytest.raises(BackendError, match="the workers die"):
        run_shared(cluster.scheduler_address, program, stimulus, share)


def test_an_address_without_a_cluster_is_said(case: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("snnvae.deploy.scale_out.CONNECT_SECONDS", 0.5)
    with pytest.raises(ConfigError, match="no cluster answers there"):
        run(*case, resources=RunResources(dask="tcp://127.0.0.1:1"))


@contextmanager
def stranger(kind: str) -> Iterator[str]:
    """The address of something that is no scheduler."""
    kept = []

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            if kind == "closes":
                connection.close()
                continue
            kept.append(connection)
            if kind == "another protocol":
                connection.sendall(b"SSH-2.0-OpenSSH_9.0\r\n" + b"x" * 100)
            elif kind == "a short message":
                connection.sendall((8).to_bytes(8, "little") + bytes(8))

    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"tcp://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)
    thread.join(10)
    for connection in kept:
        connection.close()


@pytest.mark.parametrize("kind", ["silent", "closes", "another protocol", "a short message"])
def test_something_else_that_answers_is_said_in_time(
    case: Any, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(scale_out, "CONNECT_SECONDS", 1)
    began = time.monotonic()
    with stranger(kind) as address, pytest.raises(ConfigError, match="no cluster answers there"):
        run(*case, resources=RunResources(dask=address))
    assert time.monotonic() - began < 10


def test_a_worker_s_address_is_no_scheduler_s(cluster: Any, case: Any) -> None:
    (worker, *_) = cluster.scheduler.workers
    with pytest.raises(ConfigError, match="no cluster answers there"):
        run(*case, resources=RunResources(dask=worker))


SCHEDULER = """
import asyncio
from distributed import Scheduler
async def main():
    async with Scheduler(port=0, dashboard=False, host="127.0.0.1") as scheduler:
        print(scheduler.address, flush=True)
        await scheduler.finished()
asyncio.run(main())
"""
WORKER = """
import asyncio, importlib.abc, sys
class Block(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "snnvae":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
if sys.argv[2] == "without":
    sys.meta_path.insert(0, Block())
elif sys.argv[2] == "other":
    import snnvae
    snnvae.__version__ = "9.9"
from distributed import Worker
async def main():
    async with Worker(sys.argv[1], nthreads=1) as worker:
        print(worker.address, flush=True)
        await worker.finished()
asyncio.run(main())
"""


@pytest.fixture
def start() -> Iterator[Any]:
    """Starts a script; gives the process and the first line that it prints."""
    processes = []

    def started(code: str, *arguments: str) -> tuple[subprocess.Popen[str], str]:
        path = os.pathsep.join(filter(None, sys.path))
        process = subprocess.Popen(
            [sys.executable, "-c", code, *arguments],
            env={**os.environ, "PYTHONPATH": path},
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        processes.append(process)
        assert process.stdout is not None
        return process, process.stdout.readline().strip()

    yield started
    for process in reversed(processes):
        process.kill()
        process.communicate()


class Notes(NoProgress):
    def __init__(self) -> None:
        self.said: list[str] = []

    def note(self, text: str) -> None:
        self.said.append(text)


def test_a_cluster_without_workers_is_said_at_once_and_given_up(
    case: Any, start: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scale_out, "WORKER_SECONDS", 1)
    _, address = start(SCHEDULER)
    notes = Notes()
    with pytest.raises(BackendError, match="has had no workers for 1 s; start some, by `dask wor"):
        run(*case, resources=RunResources(dask=address), progress=notes)
    assert notes.said == [f"the cluster at {address} has no workers; waiting 1 s for one"]


@pytest.mark.parametrize(
    ("kind", "says"),
    [("without", r"has no snnvae that answers \(.*No module named"), ("other", "has snnvae 9.9 ")],
)
def test_workers_with_other_software_are_refused(
    case: Any, start: Any, kind: str, says: str
) -> None:
    _, address = start(SCHEDULER)
    _, worker = start(WORKER, address, kind)
    with pytest.raises(BackendError, match=f"the worker {worker} {says}.*; install the same there"):
        run(*case, resources=RunResources(dask=address))


@pytest.mark.parametrize("gone", ["scheduler", "worker"])
def test_what_goes_away_is_named(
    case: Any, start: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gone: str
) -> None:
    monkeypatch.setattr(scale_out, "WORKER_SECONDS", 1)
    monkeypatch.setattr(scale_out, "CONNECT_SECONDS", 3)
    processes = {}
    processes["scheduler"], address = start(SCHEDULER)
    processes["worker"], _ = start(WORKER, address, "same")

    def end() -> None:
        while not (tmp_path / "begun").exists():
            time.sleep(0.05)
        processes[gone].send_signal(signal.SIGKILL)

    thread = threading.Thread(target=end)
    thread.start()
    says = "the scheduler went away" if gone == "scheduler" else "has had no workers for 1 s"
    with pytest.raises(BackendError, match=says):
        run_shared(address, *case, partial(slow, marker=tmp_path))
    thread.join()


def test_software_is_compared_by_name() -> None:
    here = software()
    assert differences(here, dict(here)) == ""
    assert {"snnvae", "python", "numpy", "numba"} <= here.keys()
    there = {**here, "numpy": "1.0"}
    del there["numba"]
    found = differences(here, there)
    assert f"numpy 1.0, here {here['numpy']}" in found
    assert f"numba none, here {here['numba']}" in found
