"""A program of its own: time and memory of one run of the emulator, as JSON.

    python -m benchmarks.memory_probe NETWORK.nir SAMPLES STEPS RATE

In place of a file, `conv:SIDE` is one convolution of 16 maps of SIDE × SIDE.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

from snnvae.recording import Recording


def probe(
    network: Path | str,
    samples: int,
    *,
    steps: int | None = None,
    rate: float = 0.4,
    jit_cache: Path | None = None,
) -> dict[str, Any]:
    """Run it in a Python of its own: seconds, megabytes and a digest of all spikes.

    jit_cache: where numba keeps what it compiles, if not where it usually does.
    """
    command = [sys.executable, "-m", "benchmarks.memory_probe", str(network), str(samples)]
    command += [str(steps or 0), str(rate)]
    own = {} if jit_cache is None else {"NUMBA_CACHE_DIR": str(jit_cache)}
    environment = {**os.environ, **own}
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def main(network: str, samples: str, steps: str, rate: str) -> None:
    """Warm up with one sample, then count what a run adds to the memory in use before."""
    from benchmarks.conv_nets import conv_chain
    from benchmarks.networks import stimulus
    from benchmarks.timing import best_of
    from snnvae.deploy.compile import compile_graph
    from snnvae.deploy.run import run
    from snnvae.export.nir_file import read_nir

    kind, _, side = network.partition(":")
    graph = conv_chain(16, int(side), 1) if kind == "conv" else read_nir(Path(network))
    program = compile_graph(graph).program
    length = int(steps) or None
    began = time.perf_counter()
    run(program, stimulus(program, 1, steps=1, rate=float(rate)))
    first = time.perf_counter() - began
    given = stimulus(program, int(samples), steps=length, rate=float(rate))
    before = restart_peak()
    began = time.perf_counter()
    recording = run(program, given)
    took = time.perf_counter() - began
    found = {"seconds": took, "megabytes": peak() - before, "first": first}
    found |= {"digest": digest(recording), "neurons": sum(n.size for n in program.layers)}
    del recording
    repeats = max(1, min(10, int(2 / took)))
    found["seconds"] = min(took, best_of({"run": partial(run, program, given)}, repeats)["run"])
    print(json.dumps(found))


def restart_peak() -> float:
    """Forget the peak so far; the megabytes in use now."""
    Path("/proc/self/clear_refs").write_text("5")
    return _status("VmRSS")


def peak() -> float:
    """The most megabytes in use since then."""
    return _status("VmHWM")


def digest(recording: Recording) -> str:
    """SHA-256 of all spikes."""
    hasher = hashlib.sha256()
    for name in sorted(recording.spikes):
        hasher.update(recording.spikes[name].tobytes())
    return hasher.hexdigest()


def _status(field: str) -> float:
    found = re.search(rf"{field}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(found[1]) / 1000 if found else float("nan")


if __name__ == "__main__":
    main(*sys.argv[1:])
