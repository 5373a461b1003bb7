"""Signals to a process of ours: the first ends its work, the second the process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from snnvae.interrupts import NUMBERS

WORK = {
    "ends": "time.sleep(60)",
    "loses it": """
try:
    time.sleep(60)
except KeyboardInterrupt:
    pass
""",
    "cleans up": """
class Held:
    def __del__(self):
        time.sleep(60)
held = Held()
del held
""",
    "loses it and fails": """
try:
    time.sleep(60)
except KeyboardInterrupt:
    raise ImportError("cannot import name 'x' from partially initialized module")
""",
    "loses it and goes on": """
while True:
    try:
        time.sleep(60)
    except KeyboardInterrupt:
        pass
""",
    "looks at no signal": "hashlib.pbkdf2_hmac('sha256', b'a', b'b', 2**31 - 1)",
    "does not end its clean-up": """
try:
    time.sleep(60)
finally:
    time.sleep(60)
""",
    "writes": """
with write_aside(Path('a.txt')) as aside:
    aside.write_text('half')
    time.sleep(60)
""",
}
SCRIPT = """
import hashlib, sys, time
from pathlib import Path
from snnvae import cli, zoo
from snnvae.files import write_aside
def work():
    print('working', flush=True)
    {}
    return []
zoo.entries = work
sys.argv[1:] = ['zoo']
cli.main()
"""


def begun(work: str, folder: Path, *before: str) -> subprocess.Popen[str]:
    code = SCRIPT.format("\n    ".join(WORK[work].strip().split("\n")))
    process = subprocess.Popen(
        [*before, sys.executable, "-c", code],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "working\n"
    time.sleep(0.1)
    return process


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("work", ["ends", "loses it", "loses it and fails", "cleans up", "writes"])
def test_the_first_ends_the_work(work: str, number: int, tmp_path: Path) -> None:
    """An interrupted command never ends as if all were done, and leaves nothing half-written."""
    process = begun(work, tmp_path)
    process.send_signal(number)
    _, said = process.communicate(timeout=20)
    assert (process.returncode, said) == (130, "snnvae: interrupted\n")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize(
    "work", ["loses it and goes on", "looks at no signal", "does not end its clean-up"]
)
def test_the_second_ends_the_process(work: str, number: int, tmp_path: Path) -> None:
    process = begun(work, tmp_path)
    process.send_signal(number)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.6)
    process.send_signal(number)
    _, said = process.communicate(timeout=10)
    assert (process.returncode, said) == (130, "snnvae: interrupted\n")


@pytest.mark.parametrize("number", NUMBERS)
def test_one_that_comes_while_python_takes_itself_apart(number: int, tmp_path: Path) -> None:
    """It changes nothing: Python would give it its default action, which kills."""
    code = f"""
import os, signal, time
class Held:
    def __init__(self):
        self.work = os.kill, os.getpid(), time.sleep
    def __del__(self):
        kill, process, sleep = self.work
        kill(process, {int(number)})
        sleep(0.1)
held = Held()
import sys
sys.held = held  # until the last
from snnvae import cli
sys.argv[1:] = ["zoo", "no-such"]
cli.main()
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "no-such" in done.stderr


ITSELF = "import os, signal, time; os.kill(os.getpid(), signal.SIGINT); time.sleep(20)"


@pytest.mark.parametrize("module", ["click", "snnvae.cli"])
def test_one_that_comes_while_the_command_line_begins(module: str, tmp_path: Path) -> None:
    """While Python itself begins nothing of ours is there yet; from our first line on it is."""
    (tmp_path / "begin.py").write_text(
        f"""
import runpy, sys
class Interrupted:
    def find_spec(self, name, *_):
        if name == {module!r}:
            {ITSELF}
sys.meta_path.insert(0, Interrupted())
sys.argv[1:] = ["zoo"]
runpy.run_module("snnvae", run_name="__main__", alter_sys=True)
"""
    )
    command = [sys.executable, tmp_path / "begin.py"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=15)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "snnvae: interrupted\n")


def test_one_that_comes_when_all_is_done(tmp_path: Path) -> None:
    """What is printed is whole, and Python's own end shows no traceback."""
    code = f"""
import atexit, sys
from snnvae import interrupts
from snnvae.__main__ import main
def late():
    {ITSELF}
interrupts.take_charge()
atexit.register(late)  # as a library does, which a command imports
sys.argv[1:] = ["--version"]
main()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=15)
    assert (done.returncode, done.stderr) == (130, "snnvae: interrupted\n")
    assert done.stdout.startswith("snnvae 0.1.0 (Python ")


def test_one_that_is_ignored_stays_so(tmp_path: Path) -> None:
    process = begun("ends", tmp_path, "nohup")
    process.send_signal(signal.SIGHUP)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.5)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)
    assert process.returncode == 130
