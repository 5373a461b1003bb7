"""Small networks that use everything the Lava backend knows."""

from __future__ import annotations

from itertools import pairwise

import nir
import numpy as np

from snnvae.deploy.compile import compile_graph
from snnvae.deploy.settings import Options
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


def compiled(graph: nir.NIRGraph, precision: Precision) -> Program:
    """The program of one of the networks above."""
    return compile_graph(graph, precision, Options(dt=DT)).program


def stimulus(program: Program, samples: int = 5, steps: int = 6, seed: int = 0) -> Stimulus:
    """Random spikes, or a constant analog image per sample; dense enough to leave much behind."""
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
