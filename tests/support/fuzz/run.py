"""Damaged files against the readers: `make fuzz`, or `python -m fuzz.run --inputs 100000`.

Prints, for each reader, how many were read and refused, every other exception by the place that
raised it, and the most memory that a file took.
"""

from __future__ import annotations

import argparse
import faulthandler
import resource
import signal
import sys
import tempfile
import traceback
import warnings
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from fuzz.mutate import damaged
from fuzz.readers import READERS, Reader
from snnvae.errors import SnnvaeError

SECONDS = 20
"""Longest reading of a file that is no hang, of this process's own time: machines are busy."""
WAITING = 600
"""Seconds on the clock after which a reading that waits is a hang too."""
MEMORY = 3 << 30
"""Most bytes of address space that reading any of these files, of 200 kB at most, may take."""


@dataclass
class Outcome:
    """read and refused: numbers of files; faults: texts by how often; kept: the first of each."""

    read: int = 0
    refused: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    kept: dict[str, bytes] = field(default_factory=dict)


def mutants(name: str, folder: Path, count: int, seed: int) -> Iterator[bytes]:
    """Damaged files of a kind, the same for the same seed."""
    reader = READERS[name]
    good = reader.good(folder)
    for i in range(count):
        random = np.random.default_rng([seed, zlib.crc32(name.encode()), i])
        data = good[i % len(good)]
        mutation = reader.mutations[i // len(good) % len(reader.mutations)]
        try:
            yield mutation(data, random)
        except (ValueError, OSError, TypeError, KeyError, RuntimeError, OverflowError):
            yield damaged(data, random)  # HDF5 or torch cannot hold that value there


def fuzz(name: str, count: int, seed: int = 0) -> Outcome:
    """Reads `count` damaged files of a kind."""
    outcome, reader = Outcome(), READERS[name]
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        good = home / f"good{reader.suffix}"
        for data in reader.good(home):
            good.write_bytes(data)
            reader.read(good)  # a good file is read, and what it imports is in memory
        with Limits():
            for data in mutants(name, home, count, seed):
                path = home / f"file{reader.suffix}"
                path.write_bytes(data)
                _one(reader, path, data, outcome)
    return outcome


def _one(reader: Reader, path: Path, data: bytes, outcome: Outcome) -> None:
    faulthandler.dump_traceback_later(WAITING, exit=True)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            reader.read(path)
        outcome.read += 1
    except SnnvaeError:
        outcome.refused += 1
    except Exception as error:  # what the fuzz is for
        frames = traceback.extract_tb(error.__traceback__)
        ours = [frame for frame in frames if "/snnvae/" in frame.filename] or list(frames)
        place = f"{Path(ours[-1].filename).name}:{ours[-1].lineno}"
        _keep(outcome, f"{type(error).__name__} at {place}: {str(error)[:90]!r}", data)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        faulthandler.cancel_dump_traceback_later()


def _keep(outcome: Outcome, text: str, data: bytes) -> None:
    outcome.faults[text] += 1
    outcome.kept.setdefault(text, data)


class Limits:
    """Little memory, and an end of what hangs, for the time of a `with`."""

    def __enter__(self) -> None:
        self._old = resource.getrlimit(resource.RLIMIT_AS)
        now = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (now + MEMORY, self._old[1]))
        self._handler = signal.signal(signal.SIGPROF, self._hangs)

    def __exit__(self, *_: object) -> None:
        resource.setrlimit(resource.RLIMIT_AS, self._old)
        signal.signal(signal.SIGPROF, self._handler)

    @staticmethod
    def _hangs(*_: object) -> None:
        raise TimeoutError(f"more than {SECONDS} s")


def main() -> None:
    """Prints what became of the files; 1 if any was neither read nor refused."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=100_000, help="over all readers")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--keep", type=Path, help="folder for the files that a fault shows itself on"
    )
    parser.add_argument("names", nargs="*", choices=[*READERS, []], help="readers; without: all")
    given = parser.parse_args()
    names = given.names or list(READERS)
    total = 0
    for name in names:
        outcome = fuzz(name, given.inputs // len(names), given.seed)
        total += sum(outcome.faults.values())
        print(f"{name}: {outcome.read} read, {outcome.refused} refused", flush=True)
        for n, (text, times) in enumerate(outcome.faults.most_common()):
            print(f"  {times} × {text}", flush=True)
            if given.keep is not None:
                given.keep.mkdir(parents=True, exist_ok=True)
                suffix = READERS[name].suffix
                (given.keep / f"{name}-{n}{suffix}").write_bytes(outcome.kept[text])
    print(f"{total} faults")
    sys.exit(1 if total else 0)


if __name__ == "__main__":
    main()
