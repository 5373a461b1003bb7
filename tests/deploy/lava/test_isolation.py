"""Whatever happens to Lava or to us: one line, and no process, shared memory or file is left."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import pickle
import signal
import subprocess
import sys
import time
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from snnvae import zoo
from snnvae.deploy import lava
from snnvae.deploy.lava import isolation, leftovers
from snnvae.deploy.lava.isolation import interrupts_wait
from snnvae.deploy.lava.job import Job
from snnvae.deploy.lava.watch import killed_by
from snnvae.errors import BackendError, DataError
from snnvae.progress import NoProgress
from snnvae.stimulus import Stimulus

# A parent of its own: runs a job long enough to be interrupted and says when Lava has begun.
PARENT = """
import json, pickle, secrets, sys, tempfile
sys.path[:] = json.loads(sys.argv[1])
token, tempfile.tempdir, job = sys.argv[2:]
secrets.token_hex = lambda n: token
from snnvae.deploy import lava
from snnvae.progress import NoProgress
class Say(NoProgress):
    def advance(self, n=1, **fields):
        print("running", flush=True)
program, stimulus = pickle.load(open(job, "rb"))
lava.run(program, stimulus, mode="stock", progress=Say())
"""


class OnAdvance(NoProgress):
    """Calls a function once, at the first step."""

    def __init__(self, function):
        self._function = function

    def advance(self, n=1, **fields):
        if self._function:
            function, self._function = self._function, None
            function()


@pytest.fixture
def long_job(make_program, make_stimulus):
    """About a minute of work."""
    program = make_program("analog")
    return program, make_stimulus(program, samples=2000, steps=16)


@pytest.fixture
def parent(long_job, traces, tmp_path, worker_of):
    """A running parent and the process group that it has started."""
    job = tmp_path / "job"
    job.write_bytes(pickle.dumps(long_job))
    arguments = [json.dumps(sys.path), traces.token, str(traces.folder), str(job)]
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout.readline() == b"running\n"
        yield process, worker_of(process.pid)
        process.kill()


def test_a_run_that_ends_well_leaves_nothing(make_program, make_stimulus, traces, worker_of):
    leaders = []
    watch = OnAdvance(lambda: leaders.append(worker_of(os.getpid())))
    program = make_program("analog")
    lava.run(program, make_stimulus(program), mode="stock", progress=watch)
    assert leaders
    assert traces.left(leaders[0]) == []


def test_our_shared_memory_bears_our_name(long_job, traces):
    seen = []

    def look():
        seen.extend(p for p in os.listdir("/dev/shm") if traces.token in p)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        lava.run(*long_job, mode="stock", progress=OnAdvance(look))
    assert len(seen) > 5
    assert traces.left() == []


def test_an_error_in_a_process_is_named_and_does_not_hang(make_program, make_stimulus, traces):
    program = make_program("convolutional", "float")
    first, *others = program.connections
    # The engine looks at a kernel only when it first adds it up.
    odd = first.synapse.with_weight(first.synapse.weight[..., None])
    program = replace(program, connections=(replace(first, synapse=odd), *others))
    failed = r"^Lava process 'network from sample \d+' failed: ValueError: .*"
    with pytest.raises(BackendError, match=failed) as caught:
        lava.run(program, make_stimulus(program))
    assert "\n" not in str(caught.value)
    assert "run_spk" in str(caught.value.__cause__)
    assert traces.left() == []


def test_a_dead_lava_process_is_noticed(long_job, traces, worker_of, children_of):
    leaders = []

    def kill():
        leaders.append(worker_of(os.getpid()))
        os.kill(children_of(leaders[0])[-1], signal.SIGKILL)

    with pytest.raises(BackendError, match=r"^Lava process '.+' was killed by SIGKILL$"):
        lava.run(*long_job, mode="stock", progress=OnAdvance(kill))
    assert traces.left(leaders[0]) == []


def test_a_killed_worker_is_noticed(long_job, traces, worker_of):
    leaders = []

    def kill():
        leaders.append(worker_of(os.getpid()))
        os.kill(leaders[0], signal.SIGKILL)

    with pytest.raises(BackendError, match=r"^Lava's process was killed by SIGKILL"):
        lava.run(*long_job, mode="stock", progress=OnAdvance(kill))
    assert traces.left(leaders[0]) == []


def test_silence_ends_the_run(long_job, traces):
    with pytest.raises(BackendError, match=r"^Lava gave no sign of life for 0\.05 s"):
        lava.run(*long_job, mode="stock", timeout=0.05)
    assert traces.left() == []


def test_ctrl_c_ends_the_run(parent, traces):
    process, leader = parent
    assert len(traces.group(leader)) > 5
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGINT
    assert errors.endswith(b"KeyboardInterrupt\n")
    assert traces.left(leader) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_in_a_row_leave_the_command_line_clean(tmp_path, traces, worker_of, number):
    """The second one must not break into the clean-up that the first began."""
    command = [sys.executable, "-m", "snnvae", "run-lava", str(zoo.path("digits-esvae"))]
    process = subprocess.Popen(
        [*command, "--mode", "stock", "--samples", "400", "-o", str(tmp_path / "out")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        # A second thread, to which the kernel may hand a signal that the first one blocks.
        env={**os.environ, "TMPDIR": str(traces.folder), "OPENBLAS_NUM_THREADS": "2"},
    )
    until = time.monotonic() + 300
    ours = replace(traces, token="")
    while not (ours.token and leftovers.remaining(ours.token)):
        assert process.poll() is None
        assert time.monotonic() < until
        time.sleep(0.05)
        with contextlib.suppress(ValueError, OSError, EOFError, pickle.UnpicklingError):
            (folder,) = traces.folder.iterdir()
            ours = replace(traces, token=Job.read(folder).token)
    time.sleep(1)  # past Lava's start, into its run
    leader = worker_of(process.pid)
    assert len(ours.group(leader)) > 5
    for _ in range(2):
        process.send_signal(number)
        time.sleep(0.005)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    *progress, last = errors.decode().splitlines()
    assert last == "snnvae: interrupted"
    assert all(line.startswith("lava stock: ") for line in progress)
    assert ours.left(leader) == []


@pytest.mark.parametrize(("target", "waits"), [("cpu", 0), ("loihi2", 1)])
def test_only_a_process_that_holds_a_chip_is_waited_for(target, waits, monkeypatch):
    waited = []
    process = isolation.LavaProcess(SimpleNamespace(target=target))
    monkeypatch.setattr(process, "_read", lambda timeout: b'{"done": true}\n')
    monkeypatch.setattr(process, "_let_end", lambda: waited.append(target))
    assert list(process.messages(1.0)) == []
    assert len(waited) == waits


@pytest.mark.parametrize("kill", [signal.SIGKILL, signal.SIGTERM])
def test_nothing_outlives_a_killed_parent(parent, traces, kill):
    process, leader = parent
    process.send_signal(kill)
    process.wait(60)
    assert traces.left(leader) == []


def test_lavas_processes_do_not_outlive_parent_and_worker(parent, traces):
    """No one is left to remove the folder; the kernel and Python's tracker do the rest."""
    process, leader = parent
    process.kill()
    os.kill(leader, signal.SIGKILL)
    process.wait(60)
    assert traces.left(leader, files=False) == []


def test_an_error_before_lava_starts_leaves_nothing(make_program, traces):
    program = make_program("convolutional")
    with pytest.raises(DataError, match="stimulus has streams"):
        lava.run(program, Stimulus({"other": np.zeros((1, 2, 3), bool)}, (0,)))
    assert traces.left() == []


def test_a_temporary_folder_too_deep_for_sockets_is_named(
    make_program, make_stimulus, tmp_path, monkeypatch
):
    deep = tmp_path / ("d" * 80)
    deep.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(deep))
    program = make_program("analog")
    with pytest.raises(BackendError, match="too long for Lava's sockets; set TMPDIR"):
        lava.run(program, make_stimulus(program))
    assert list(deep.iterdir()) == []


def test_an_interrupt_waits_for_the_end_of_a_clean_up():
    done = []

    def clean_up():
        with interrupts_wait():
            signal.raise_signal(signal.SIGINT)
            done.append("all of it")

    with pytest.raises(KeyboardInterrupt):
        clean_up()
    assert done == ["all of it"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_full_temporary_folder_is_named(make_program, make_stimulus, traces, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Job, "write", full)
    program = make_program("analog")
    with pytest.raises(BackendError, match=r"temporary folder .*: No space left .* or set TMPDIR"):
        lava.run(program, make_stimulus(program))
    assert traces.left() == []


def test_shared_memory_without_room_is_named():
    assert "/dev/shm, shared memory, is full" in killed_by(signal.SIGBUS)
    assert killed_by(signal.SIGKILL) == "was killed by SIGKILL"
