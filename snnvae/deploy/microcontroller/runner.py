"""Runs a fixed-point program on this machine in a chip's language: compiled, a process per core."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import numpy as np

from snnvae.deploy.microcontroller.bounds import HOST_LIMIT, INT32
from snnvae.deploy.microcontroller.dialect import Dialect
from snnvae.deploy.microcontroller.network import FLOAT, Network
from snnvae.errors import BackendError, ConfigError, UnsupportedError
from snnvae.files import said_of
from snnvae.hardware_sim.host import host_currents
from snnvae.hardware_sim.reference import assemble, check_steps
from snnvae.machine import cores
from snnvae.program import Program
from snnvae.progress import NoProgress, Progress
from snnvae.recording import Recording
from snnvae.stimulus import Stimulus
from snnvae.temporary import TemporaryFolder

MOST_TABLES = 1 << 23
"""Bytes of weights that a compiler here is given: it takes seconds for a million."""
KEPT = 4
"""Programs that stay built while this process lives, since blocks of samples follow each other."""


def check(dialect: Dialect, program: Program) -> None:
    """Raises what a run would raise before it computes anything, where that is known."""
    if program.precision != "fixed":
        raise ConfigError(f"{dialect.title} {FLOAT}")
    dialect.command()


def run(
    dialect: Dialect,
    program: Program,
    stimulus: Stimulus,
    *,
    membranes: bool = False,
    progress: Progress | None = None,
    flags: Sequence[str] | None = None,
) -> Recording:
    """Run all samples of the stimulus; arguments and recording are those of `reference.run`.

    flags: of the compiler, in place of the dialect's own.

    ``info["additions"]`` counts the weights that were added, ``info["state_bytes"]`` is the RAM
    that the network keeps. ConfigError for a program in float, UnsupportedError for what its
    integers do not hold, BackendError without a compiler or where what it made fails.
    """
    check(dialect, program)
    stimulus.check(program)
    check_steps(program, stimulus)
    progress = progress or NoProgress()
    currents = _by_layer(program, host_currents(program, stimulus))
    # What is delayed beyond the sample never arrives, and needs no memory of such length.
    kept = tuple(c for c in program.connections if c.on_host or c.delay < stimulus.steps)
    limit, command = _limit(dialect, currents), tuple(dialect.command())
    progress.start(dialect.title, stimulus.batch)
    shares = min(cores(), stimulus.batch)
    bounds = [stimulus.batch * i // shares for i in range(shares + 1)]
    with _system_errors(dialect), ExitStack() as stack:
        own = _ByDigest(replace(program, connections=kept), program.digest())
        built = _built(
            dialect, own, limit, command, tuple(dialect.flags if flags is None else flags)
        )
        runs = []
        for rows in (slice(a, b) for a, b in pairwise(bounds)):
            folder = stack.enter_context(TemporaryFolder())
            part = stimulus.select(rows)
            _write(folder, built.network, part, {n: c[rows] for n, c in currents.items()})
            runs.append(_Run(built, folder, part, membranes))
            stack.callback(runs[-1].stop)
        found = []
        for each in runs:
            found.append(each.result())
            progress.advance(each.stimulus.batch)
    progress.finish()
    joined = {
        kind: {
            name: np.concatenate([part[kind][name] for part in found]) for name in found[0][kind]
        }
        for kind in found[0]
    }
    info: dict[str, object] = {
        "backend": dialect.backend,
        "latency": 0,
        "compiler": " ".join(command),
        "state_bytes": built.network.ram,
        "additions": sum(each.additions for each in runs),
    }
    return assemble(program, stimulus, **joined, info=info)


@contextmanager
def _system_errors(dialect: Dialect) -> Iterator[None]:
    """BackendError where a temporary folder cannot be written, or what lies there not be run."""
    try:
        yield
    except OSError as error:
        raise BackendError(
            f"the network in {dialect.title} cannot be built or run in {tempfile.gettempdir()}: "
            f"{said_of(error)}; the variable TMPDIR names another folder"
        ) from error


@dataclass(frozen=True)
class _ByDigest:
    """A program, equal to those that compute the same."""

    program: Program
    digest: str

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ByDigest) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    @property
    def _key(self) -> tuple[str, int]:
        return self.digest, len(self.program.connections)


class _Built:
    """A program that is built, in a folder that goes when it does."""

    def __init__(
        self, dialect: Dialect, network: Network, command: Sequence[str], flags: Sequence[str]
    ) -> None:
        self.dialect, self.network = dialect, network
        self._folder = TemporaryFolder()
        self.path = dialect.build(self._folder.path, network, command, flags)


@lru_cache(maxsize=KEPT)
def _built(
    dialect: Dialect, of: _ByDigest, limit: int, command: tuple[str, ...], flags: tuple[str, ...]
) -> _Built:
    network = Network.of(of.program, limit)
    if network.flash > MOST_TABLES:
        raise UnsupportedError(
            f"{dialect.title}: {network.flash:,} bytes of weights are more than a compiler is "
            f"given to run here, {MOST_TABLES:,}; run it on another backend"
        )
    return _Built(dialect, network, command, flags)


def _by_layer(program: Program, host: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The host's currents into each layer, (B, T, *shape)."""
    found: dict[str, np.ndarray] = {}
    for c in program.connections:
        if c.on_host:
            found[c.target] = found.get(c.target, 0) + host[c.name]
    return found


def _limit(dialect: Dialect, currents: dict[str, np.ndarray]) -> int:
    """The largest current that is to be held; UnsupportedError beyond 32 bits."""
    largest = HOST_LIMIT
    for name, values in currents.items():
        most = max(int(values.max(initial=0)), -int(values.min(initial=0)))
        if most > INT32:
            raise UnsupportedError(
                f"{dialect.title}: the host gives '{name}' currents of up to {most:,} weight "
                f"units, and 32 bits hold {INT32:,}; scale the data"
            )
        largest = max(largest, most)
    return largest


def _write(
    folder: Path, network: Network, stimulus: Stimulus, currents: dict[str, np.ndarray]
) -> None:
    """What enters, as the harness reads it."""
    for port in network.spike_inputs:
        stream = stimulus.streams[port.name].astype(bool)
        np.save(folder / f"spikes_{network.names[port.name]}.npy", np.ascontiguousarray(stream))
    for part in network.host_driven:
        values = np.ascontiguousarray(currents[part.layer.name], "<i4")
        np.save(folder / f"current_{part.name}.npy", values)


class _Run:
    """A process that runs some samples."""

    def __init__(self, built: _Built, folder: Path, stimulus: Stimulus, membranes: bool) -> None:
        self.stimulus, self._built, self._folder = stimulus, built, folder
        self._membranes = membranes
        self.additions = 0
        inputs = [f"{path.stem}={path.name}" for path in sorted(folder.iterdir())]
        options = ["-t", str(stimulus.steps), "-n", str(stimulus.batch), "-o", ".", "-l"]
        every = ["-m"] if membranes else []
        self._process = subprocess.Popen(
            [str(built.path), *options, *every, *inputs],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        )

    def result(self) -> dict[str, dict[str, np.ndarray]]:
        """Waits for it: spikes, last membranes and, where asked for, all membranes, by layer."""
        told, said = self._process.communicate()
        if self._process.returncode:
            lines = said.strip().splitlines() or [f"exit code {self._process.returncode}"]
            raise BackendError(f"the network in {self._built.dialect.title} failed: {lines[0]}")
        self.additions = int(told.split("\n")[1].split()[0])
        spikes, final, membranes = {}, {}, {}
        for part in self._built.network.parts:
            name = part.layer.name
            if part.layer.neuron.spiking:
                spikes[name] = self._read(part.number, "spikes", part.layer.shape)
            else:
                final[name] = self._read(part.number, "final", part.layer.shape).astype(np.int64)
            if self._membranes:
                every = self._read(part.number, "membrane", part.layer.shape)
                membranes[name] = every.astype(np.int64)
        return {"spikes": spikes, "final": final, "membranes": membranes}

    def _read(self, number: int, kind: str, shape: tuple[int, ...]) -> np.ndarray:
        array: np.ndarray = np.load(self._folder / f"layer_{number}_{kind}.npy")
        return array.reshape(*array.shape[:-1], *shape)

    def stop(self) -> None:
        """Ends it if it still runs."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.communicate()
