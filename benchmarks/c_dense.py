"""The fixed-point generator as C beside the emulator, dense loops in C, and Rust."""

from __future__ import annotations

import re
import subprocess
import tempfile
from functools import partial
from pathlib import Path

from benchmarks import networks
from benchmarks.result import Aim, DiffersError, Result, same_spikes
from benchmarks.setup import Setup
from benchmarks.timing import best_of
from snnvae.deploy import c, rust
from snnvae.deploy.c import compiler, package
from snnvae.deploy.microcontroller.network import Network
from snnvae.deploy.microcontroller.sizes import additions
from snnvae.deploy.run import run
from snnvae.hardware_sim import reference
from snnvae.hardware_sim.fast import engine

WALK = re.compile(
    r"for \(uint32_t bits = (.*?); bits != 0u; bits &= bits - 1u\) \{\s*"
    r"const uint32_t source = word \* 32u \+ lowest_bit\(bits\);"
)
ADD = re.compile(r"\+= (-?\w+(?:\[[^\]]*\])?);")
CLOCK = """
#include <stdint.h>
#include <time.h>
/* Tenths of a microsecond. */
uint32_t net_clock(void);
uint32_t net_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint32_t)((uint64_t)now.tv_sec * 10000000u + (uint64_t)now.tv_nsec / 100u);
}
"""
TICK = 1e-7


def c_emulator(setup: Setup) -> Result:
    """The generator of the benchmark network as C, one thread, beside the emulator with one."""
    program = networks.program(setup, "fixed")
    stimulus = networks.stimulus(program, setup.samples)
    few = networks.stimulus(program, 4)
    same = same_spikes(c.run(program, few).spikes, reference.run(program, few).spikes)
    network = Network.of(program)
    with tempfile.TemporaryDirectory() as folder:
        at = Path(folder)
        events, out = _steps(at, package.code(network, draws_itself=True), setup)
        loops, dense_out = _steps(at, dense(network), setup)
        in_rust, rust_out = _in_rust(at, network, setup)
    if out != dense_out:
        raise DiffersError("the dense loops give another output")
    if rust_out not in ([], out):
        raise DiffersError("Rust gives another output")
    times = best_of({"emulator": partial(engine.run, program, stimulus, threads=1)}, setup.repeats)
    ours = events * 1e3
    emulator = times["emulator"] / setup.samples * 1e3
    counted = sum(additions(network, run(program, few)).values())
    return Result(
        "c_emulator",
        "C, -O3 -march=native, a sample after another",
        ours,
        f"emulator, one thread, {setup.samples} samples at once",
        emulator,
        "ms/sample",
        emulator / ours,
        Aim(0.2),
        f"{same}, as the reference",
        {
            "dense loops in C, ms/sample": loops * 1e3,
            "times as fast as dense loops": loops / events,
            "additions per second, 1e9": counted * program.steps / events / 1e9,
            **({"Rust, ms/sample": in_rust * 1e3} if rust_out else {}),
        },
    )


def _steps(folder: Path, code: dict[str, str], setup: Setup) -> tuple[float, list[bytes]]:
    """Seconds in net_step for one sample, the best of some runs; and the outputs."""
    path = compiler.build(
        folder, {**code, "clock.c": CLOCK}, compiler.require(),
        ("-std=gnu99", "-O3", "-march=native", "-DNET_CLOCK"),
    )  # fmt: skip
    return _timed(path, "ticks", TICK, setup)


def _in_rust(folder: Path, network: Network, setup: Setup) -> tuple[float, list[bytes]]:
    """The same of Rust; no outputs where there is no compiler."""
    if rust.DIALECT.lacking() is not None:
        return float("inf"), []
    code = rust.package.code(network, draws_itself=True)
    flags = ("-C", "opt-level=3", "-C", "target-cpu=native")
    path = rust.compiler.build(folder, code, rust.DIALECT.command(), flags)
    return _timed(path, "ns in its steps", 1e-9, setup)


def _timed(program: Path, unit: str, seconds: float, setup: Setup) -> tuple[float, list[bytes]]:
    """Seconds of a sample's steps, of which the harness tells so many units; and the outputs."""
    best = float("inf")
    samples = 4 if setup.small else 16
    for _ in range(setup.repeats):
        ran = subprocess.run(
            [program, "-n", str(samples), "-o", "."],
            cwd=program.parent,
            capture_output=True,
            text=True,
            check=True,
        )
        best = min(best, int(ran.stdout.split(unit)[0].split()[-1]) * seconds / samples)
    return best, [file.read_bytes() for file in sorted(program.parent.glob("*.npy"))]


def dense(network: Network) -> dict[str, str]:
    """The same network without events: every source is visited, and its weights are multiplied
    with its spike, 0 or 1."""
    code = package.code(network, draws_itself=True)
    text = code["net.c"]
    for part in network.parts:
        for wire in part.wires:
            if wire.graded:
                continue
            begin = text.index(f"static void add_{wire.name}(")
            end = text.index("\n}\n", begin)
            every = (
                f"for (uint32_t bit = 0u; (bit < 32u) && (word * 32u + bit < {wire.neurons}u); "
                r"bit++) { const uint32_t source = word * 32u + bit; "
                r"const int32_t value = (int32_t)(((\1) >> bit) & 1u);"
            )
            walked = WALK.sub(every, text[begin:end])
            text = text[:begin] + ADD.sub(r"+= \1 * value;", walked) + text[end:]
    return {**code, "net.c": text}
