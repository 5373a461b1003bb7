"""Small networks that use all the Lava backend knows, and ways to see what a run leaves."""

from __future__ import annotations

import secrets
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import nir
import numpy as np
import pytest

from snnvae.deploy.compile import compile_graph
from snnvae.options import Options
from snnvae.primitives import NirConvTranspose2d
from snnvae.program import Precision, Program
from snnvae.stimulus import Stimulus

DT = 1e-3


def lif(shape: tuple[int, ...], threshold: float = 0.2, tau: float = DT / 0.75) -> nir.LIF:
    """The VAEs' LIF: decay 0.75, gain 1."""
    ones = np.ones(shape)
    return nir.LIF(tau * ones, ones * tau / DT, 0 * ones, threshold * ones, v_reset=0 * ones)


def li(shape: tuple[int, ...]) -> nir.LI:
    """The VAEs' readout: decay 0.2, gain 1."""
    ones = np.ones(shape)
    return nir.LI(5 * DT * ones, 5 * ones, 0 * ones)


def chain(nodes: dict[str, nir.NIRNode]) -> nir.NIRGraph:
    """One node after another."""
    names = list(nodes)
    return nir.NIRGraph(nodes, list(pairwise(names)))


def convolutional(analog: bool = False) -> nir.NIRGraph:
    """conv stride 2 + bias → LIF → transposed conv → LIF → Flatten → Affine → LI."""
    rng = np.random.default_rng(1)
    conv = nir.Conv2d((6, 6), rng.normal(0, 0.4, (4, 2, 3, 3)), 2, 1, 1, 1, np.full(4, 0.05))
    up = NirConvTranspose2d(
        (3, 3), rng.normal(0.05, 0.3, (4, 3, 3, 3)), 2, 1, 1, 1, 1, rng.normal(0, 0.02, 3)
    )
    nodes = {
        "in": nir.Input(np.array([2, 6, 6])),
        "conv": conv,
        "first": lif((4, 3, 3)),
        "up": up,
        "second": lif((3, 6, 6), threshold=0.3, tau=4 * DT),
        "flat": nir.Flatten({"input": np.array([3, 6, 6])}, 0, 2),
        "weights": nir.Affine(rng.normal(0, 0.2, (5, 108)), rng.normal(0, 0.1, 5)),
        "readout": li((5,)),
        "out": nir.Output(np.array([5])),
    }
    graph = chain(nodes)
    if analog:
        graph.metadata = {
            "snnvae": {"version": 1, "dt": DT, "inputs": {"in": {"analog": True, "constant": True}}}
        }
    return graph


def looped() -> nir.NIRGraph:
    """As FSVAE's: z → Delay → Affine → LIF → Affine → LIF p → (p + choice > 1.5) → z → decoder."""
    rng = np.random.default_rng(2)
    nodes = {
        "latent": nir.Input(np.array([6])),
        "choice": nir.Input(np.array([8])),
        "encode": nir.Linear(rng.normal(0, 0.6, (6, 6))),
        "x": lif((6,)),
        "mix": nir.Affine(rng.normal(0.1, 0.4, (10, 6)), rng.normal(0.05, 0.1, 10)),
        "back": nir.Delay(np.full(4, DT)),
        "recur": nir.Linear(rng.normal(0, 0.5, (10, 4))),
        "hidden": lif((10,), tau=4 * DT / 3),
        "propose": nir.Affine(rng.normal(0.1, 0.5, (8, 10)), np.full(8, 0.1)),
        "p": lif((8,)),
        "select": nir.Threshold(np.full(8, 1.5)),
        "merge": nir.Linear(np.kron(np.eye(4), np.ones((1, 2)))),
        "z": nir.Threshold(np.full(4, 0.5)),
        "decode": nir.Affine(rng.normal(0.1, 0.5, (12, 4)), np.zeros(12)),
        "d": lif((12,), tau=4 * DT),
        "image": nir.Linear(rng.normal(0, 0.3, (3, 12))),
        "readout": li((3,)),
        "out": nir.Output(np.array([3])),
    }
    edges = [
        ("latent", "encode"),
        ("encode", "x"),
        ("x", "mix"),
        ("mix", "hidden"),
        ("z", "back"),
        ("back", "recur"),
        ("recur", "hidden"),
        ("hidden", "propose"),
        ("propose", "p"),
        ("p", "select"),
        ("choice", "select"),
        ("select", "merge"),
        ("merge", "z"),
        ("z", "decode"),
        ("decode", "d"),
        ("d", "image"),
        ("image", "readout"),
        ("readout", "out"),
    ]
    return nir.NIRGraph(nodes, edges)


GRAPHS: dict[str, Callable[[], nir.NIRGraph]] = {
    "convolutional": convolutional,
    "analog": lambda: convolutional(analog=True),
    "looped": looped,
}


@pytest.fixture(scope="session")
def make_program() -> Callable[..., Program]:
    """(name or graph, precision) → Program."""

    def make(graph: str | nir.NIRGraph, precision: Precision = "fixed", **options) -> Program:
        graph = GRAPHS[graph]() if isinstance(graph, str) else graph
        return compile_graph(graph, precision, Options(**{"dt": DT, **options})).program

    return make


@pytest.fixture(scope="session")
def make_stimulus() -> Callable[..., Stimulus]:
    """Random spikes, or a constant analog image per sample; dense enough to leave much behind."""

    def make(program: Program, samples: int = 5, steps: int = 6, seed: int = 0) -> Stimulus:
        rng = np.random.default_rng(seed)
        streams = {}
        for port in program.inputs:
            shape = (samples, steps, *port.shape)
            if port.analog:
                image = rng.uniform(port.low, port.high, (samples, 1, *port.shape))
                streams[port.name] = np.broadcast_to(image, shape)
            else:
                streams[port.name] = rng.random(shape) < 0.5
        return Stimulus(streams, tuple(range(samples)))

    return make


@dataclass(frozen=True)
class Traces:
    """Where a run of a test may leave something: its token and its temporary folder."""

    token: str
    folder: Path

    def group(self, leader: int) -> list[int]:
        """Living processes of a process group."""
        return [pid for pid, _, group in processes() if group == leader]

    def left(self, leader: int | None = None, files: bool = True) -> list[object]:
        """What is still there after waiting for it to go: processes, shared memory, files."""
        end = time.monotonic() + 30
        while True:
            shared = [p for p in Path("/dev/shm").iterdir() if self.token in p.name]
            living = [] if leader is None else self.group(leader)
            left = [*living, *shared, *(self.folder.iterdir() if files else ())]
            if not left or time.monotonic() > end:
                return left
            time.sleep(0.02)


@pytest.fixture
def traces(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Traces]:
    """A recognisable token and a temporary folder of the test's own."""
    tmp_path_factory.getbasetemp()  # pytest makes its own folder first, outside of ours
    token = secrets.token_hex(4)
    folder = Path(tempfile.mkdtemp(prefix="t-"))
    monkeypatch.setattr("snnvae.deploy.lava.runner.secrets.token_hex", lambda n: token)
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield Traces(token, folder)
    shutil.rmtree(folder)


def processes() -> list[tuple[int, int, int]]:
    """(pid, parent, group) of every process that is not a zombie."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            state, parent, group = (entry / "stat").read_text().rpartition(")")[2].split()[:3]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if state != "Z":
            found.append((int(entry.name), int(parent), int(group)))
    return found


@pytest.fixture
def worker_of() -> Callable[[int], int]:
    """pid → the process group leader that it has started to run Lava."""

    def find(parent: int) -> int:
        (leader,) = [p for p, of, group in processes() if of == parent and p == group]
        return leader

    return find


@pytest.fixture
def children_of() -> Callable[[int], list[int]]:
    """pid → its children, oldest first, Python's resource tracker left out."""

    def find(parent: int) -> list[int]:
        pids = sorted(p for p, of, _ in processes() if of == parent)
        return [
            p for p in pids if b"resource_tracker" not in Path(f"/proc/{p}/cmdline").read_bytes()
        ]

    return find
