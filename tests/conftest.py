"""Building blocks of small NIR networks, for every test that needs one."""

from __future__ import annotations

import os

# The tests run side by side, and what they compute is small: a second thread only waits for the
# first. Said before a library reads it, and to every process that a test starts.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import signal
from collections.abc import Mapping
from typing import Any

import nir
import numpy as np
import pytest
from hypothesis import HealthCheck, settings

from snnvae.deploy.compile import compile_graph
from snnvae.deploy.settings import METADATA_KEY, METADATA_VERSION
from snnvae.export.builder import build_graph
from snnvae.hardware_sim import reference
from snnvae.options import Options
from snnvae.primitives import NirConvTranspose2d
from snnvae.program import Precision, Program
from snnvae.recording import Recording
from snnvae.stimulus import Stimulus

pytest_plugins = ["tiny_models"]

# A first call may compile kernels, and machines are busy: no property test is timed.
untimed = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("quick", untimed, max_examples=60, derandomize=True)
settings.register_profile("thorough", untimed, max_examples=1000)
settings.load_profile("quick")  # unless `pytest --hypothesis-profile thorough` says otherwise

DT = 1e-3
Shape = tuple[int, ...]


def full(value: Any, shape: Shape) -> np.ndarray:
    return np.broadcast_to(np.asarray(value, np.float64), shape).copy()


class Nets:
    """Nodes with short parameters, graphs that state dt, and the way through the reference."""

    dt = DT

    @staticmethod
    def source(*shape: int) -> nir.Input:
        return nir.Input({"input": np.array(shape)})

    @staticmethod
    def sink(*shape: int) -> nir.Output:
        return nir.Output({"output": np.array(shape)})

    @staticmethod
    def lif(
        *shape: int,
        tau: Any = 2 * DT,
        r: Any = 2.0,
        leak: Any = 0.0,
        threshold: Any = 1.0,
        reset: Any = 0.0,
    ) -> nir.LIF:
        """With the defaults: decay 0.5, gain 1, threshold 1."""
        return nir.LIF(*(full(value, shape) for value in (tau, r, leak, threshold, reset)))

    @staticmethod
    def li(*shape: int, tau: Any = 4 * DT, r: Any = 4.0, leak: Any = 0.0) -> nir.LI:
        """With the defaults: decay 0.25, gain 1."""
        return nir.LI(*(full(value, shape) for value in (tau, r, leak)))

    @staticmethod
    def threshold(*shape: int, at: Any = 0.5) -> nir.Threshold:
        return nir.Threshold(full(at, shape))

    @staticmethod
    def delay(*shape: int, steps: float = 1) -> nir.Delay:
        return nir.Delay(full(steps * DT, shape))

    @staticmethod
    def affine(weight: Any, bias: Any = 0.0) -> nir.Affine:
        weight = np.atleast_2d(np.asarray(weight, np.float64))
        return nir.Affine(weight, full(bias, (len(weight),)))

    @staticmethod
    def graph(
        nodes: Mapping[str, nir.NIRNode], *edges: str, dt: float | None = DT, **own: Any
    ) -> nir.NIRGraph:
        """Edges as 'a b c', a chain each; dt and `own` go into our metadata."""
        pairs = [pair for chain in edges for pair in zip(chain.split(), chain.split()[1:])]
        stated = {"version": METADATA_VERSION, **({} if dt is None else {"dt": dt}), **own}
        return build_graph(nodes, pairs, {METADATA_KEY: stated})

    @classmethod
    def chain(
        cls, nodes: Mapping[str, nir.NIRNode], dt: float | None = DT, **own: Any
    ) -> nir.NIRGraph:
        """One node after another."""
        return cls.graph(nodes, " ".join(nodes), dt=dt, **own)

    @classmethod
    def small(cls, seed: int = 0) -> nir.NIRGraph:
        """Conv → LIF (3, 4, 4) → transposed conv → LIF (2, 8, 8) → readout, biases all along."""
        rng = np.random.default_rng(seed)
        conv = nir.Conv2d(
            (4, 4), rng.normal(0.2, 0.5, (3, 2, 3, 3)), 1, 1, 1, 1, rng.normal(0, 0.1, 3)
        )
        up = NirConvTranspose2d(
            (4, 4), rng.normal(0.1, 0.5, (3, 2, 3, 3)), 2, 1, 1, 1, 1, rng.normal(0, 0.1, 2)
        )
        last = NirConvTranspose2d(
            (8, 8), rng.normal(0, 0.3, (2, 1, 3, 3)), 1, 1, 0, 1, 1, rng.normal(0, 0.1, 1)
        )
        nodes = {
            "in": cls.source(2, 4, 4),
            "conv": conv,
            "first": cls.lif(3, 4, 4),
            "up": up,
            "second": cls.lif(2, 8, 8, threshold=0.8),
            "last": last,
            "readout": cls.li(1, 8, 8),
            "out": cls.sink(1, 8, 8),
        }
        return cls.chain(nodes, steps=8, readouts={"out": {"tanh": True}})

    @staticmethod
    def compiled(graph: nir.NIRGraph, precision: Precision = "float", **options: Any) -> Program:
        return compile_graph(graph, precision, Options(**options)).program

    @staticmethod
    def spikes(program: Program, samples: int = 3, steps: int = 12, seed: int = 0) -> Stimulus:
        """Random spikes at 40 %, random values for analog inputs."""
        rng = np.random.default_rng(seed)
        streams = {}
        for port in program.inputs:
            shape = (samples, steps, *port.shape)
            spikes = rng.random(shape) < 0.4
            streams[port.name] = rng.uniform(port.low, port.high, shape) if port.analog else spikes
        return Stimulus(streams, tuple(range(samples)), seed)

    @classmethod
    def run(
        cls, graph: nir.NIRGraph, stream: Any, precision: Precision = "float", **options: Any
    ) -> Recording:
        """One sample through the reference; `stream` is (T, …) or a dict of them."""
        program = cls.compiled(graph, precision, **options)
        given = stream if isinstance(stream, dict) else {program.inputs[0].name: stream}
        streams = {}
        for port in program.inputs:
            values = np.asarray(given[port.name])
            streams[port.name] = values.reshape(1, len(values), *port.shape)
        return reference.run(program, Stimulus(streams, (0,)), membranes=True)


@pytest.fixture(scope="session")
def nets() -> type[Nets]:
    return Nets


@pytest.fixture(autouse=True, scope="session")
def interruptible() -> None:
    """Ctrl-C works in the tests' processes even where they were started with SIGINT ignored."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
