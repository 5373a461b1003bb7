"""Small NIR graphs of every kind that is trained, without conventions of their own."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import nir
import numpy as np

from snnvae.options import Options

STEPS = 6
OPTIONS = Options(dt=1e-3, steps=STEPS, if_gain="one", initial="zero")


def chain(shape: tuple[int, ...], *nodes: nir.NIRNode, edges: tuple = ()) -> nir.NIRGraph:
    """Input → n0 → n1 … → output, and more edges."""
    named = {f"n{i}": node for i, node in enumerate(nodes)}
    names = ["input", *named, "output"]
    last = {"output": np.array(nodes[-1].output_type["output"])}
    return nir.NIRGraph(
        {"input": nir.Input({"input": np.array(shape)}), **named, "output": nir.Output(last)},
        [*pairwise(names), *edges],
        type_check=False,
    )


def drawn(*shape: int, seed: int = 0, size: float = 1.0) -> np.ndarray:
    return (np.random.default_rng(seed).normal(size=shape) * size).astype(np.float32)


def affine(n_out: int, n_in: int, seed: int = 0) -> nir.Affine:
    return nir.Affine(drawn(n_out, n_in, seed=seed), drawn(n_out, seed=seed + 1, size=0.3))


def ones(*shape: int, value: float = 1.0) -> np.ndarray:
    return np.full(shape, value)


def lif(*shape: int) -> nir.LIF:
    taus = ones(*shape, value=4e-3) * (1 + np.arange(np.prod(shape)).reshape(shape) % 3)
    rest = ones(*shape, value=0)
    return nir.LIF(taus, ones(*shape, value=4), rest, ones(*shape), rest)


def cuba(n: int) -> nir.CubaLIF:
    taus, rest = ones(n, value=5e-3), ones(n, value=0)
    return nir.CubaLIF(taus, taus, ones(n, value=5), rest, ones(n), rest, ones(n, value=5))


def conv(c_out: int, c_in: int, space: tuple[int, int] | None, seed: int = 0) -> nir.Conv2d:
    weight = drawn(c_out, c_in, 3, 3, seed=seed, size=0.5)
    return nir.Conv2d(space, weight, (1, 1), (1, 1), (1, 1), 1, drawn(c_out, seed=9, size=0.1))


def readout(n: int) -> nir.LI:
    return nir.LI(ones(n, value=5e-3), ones(n, value=5), ones(n, value=0.0))


def map_of_spikes() -> nir.NIRGraph:
    pool = nir.SumPool2d(np.array([2, 2]), np.array([2, 2]), np.array([0, 0]))
    flat = nir.Flatten({"input": np.array([3, 3, 3])}, 0, -1)
    fire = nir.IF(ones(3, 6, 6), ones(3, 6, 6), ones(3, 6, 6, value=0.0))
    fewer = lif(3, 3, 3)
    return chain(
        (2, 6, 6), conv(3, 2, (6, 6)), fire, pool, conv(3, 3, (3, 3), 3), fewer, flat,
        affine(4, 27), readout(4),
    )  # fmt: skip


def line_of_spikes() -> nir.NIRGraph:
    weight = drawn(3, 2, 3)
    fire = nir.IF(ones(3, 3), ones(3, 3), ones(3, 3, value=0.0))
    flat = nir.Flatten({"input": np.array([3, 3])}, 0, -1)
    return chain(
        (2, 7), nir.Conv1d(7, weight, 2, 0, 1, 1, drawn(3)), fire, flat, affine(4, 9), lif(4)
    )


def membranes_sent_on() -> nir.NIRGraph:
    never = nir.I(ones(3))
    return chain((4,), affine(5, 4), lif(5), affine(3, 5), never, affine(4, 3), readout(4))


def branches() -> nir.NIRGraph:
    net = chain((4,), affine(5, 4), lif(5), affine(3, 5), lif(3))
    net.nodes["skip"] = nir.Linear(drawn(3, 4, seed=4))
    return nir.NIRGraph(net.nodes, [*net.edges, ("input", "skip"), ("skip", "n3")])


def loop() -> nir.NIRGraph:
    net = chain((4,), affine(5, 4), cuba(5), affine(3, 5), readout(3))
    net.nodes["back"] = nir.Linear(drawn(5, 5, seed=4))
    net.nodes["late"] = nir.Delay(ones(5, value=1e-3))
    edges = [*net.edges, ("n1", "late"), ("late", "back"), ("back", "n1")]
    return nir.NIRGraph(net.nodes, edges)


def thresholds() -> nir.NIRGraph:
    return chain((4,), affine(5, 4), nir.Threshold(ones(5)), affine(3, 5), lif(3))


NETS: tuple[Callable[[], nir.NIRGraph], ...] = (
    map_of_spikes, line_of_spikes, membranes_sent_on, branches, loop, thresholds,
)  # fmt: skip
