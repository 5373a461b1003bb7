"""A case: a graph, what enters it, and what must come out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from zlib import crc32

import nir
import numpy as np
from numpy.typing import ArrayLike, NDArray

Edge = tuple[str, str]


@dataclass(frozen=True)
class Case:
    """A network of one idea.

    name: "group/name"; about: what it tests, a phrase; inputs: (T, *shape) by input node; late:
    edges that close a loop and so carry one step; dt: seconds a step; tie: membranes meet their
    threshold exactly, on purpose; quiet: some output may be the same at all steps.
    """

    name: str
    about: str
    graph: nir.NIRGraph
    inputs: Mapping[str, NDArray[np.float32]]
    late: tuple[Edge, ...] = ()
    dt: float = 1.0
    tie: bool = False
    quiet: bool = False
    nodes: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "nodes", tuple(sorted(_kinds(self.graph))))

    @property
    def group(self) -> str:
        """What stands before the slash."""
        return self.name.split("/")[0]

    @property
    def steps(self) -> int:
        """T."""
        return len(next(iter(self.inputs.values())))


def _kinds(graph: nir.NIRGraph) -> set[str]:
    found = set()
    for node in graph.nodes.values():
        found.add(type(node).__name__)
        if isinstance(node, nir.NIRGraph):
            found |= _kinds(node)
    return found


def port(*shape: int) -> nir.Input:
    """An Input of that shape."""
    return nir.Input({"input": np.array(shape)})


def end(*shape: int) -> nir.Output:
    """An Output of that shape."""
    return nir.Output({"output": np.array(shape)})


def network(nodes: Mapping[str, nir.NIRNode], *ways: str) -> nir.NIRGraph:
    """A graph whose edges are written as ways: "input > w > lif > output"."""
    edges = []
    for way in ways:
        names = [name.strip() for name in way.split(">")]
        edges += list(pairwise(names))
    return nir.NIRGraph(dict(nodes), edges, type_check=False)


def chain(shape: tuple[int, ...], *nodes: nir.NIRNode, out: tuple[int, ...]) -> nir.NIRGraph:
    """Input → nodes → Output; the nodes are named by what they are, numbered where they repeat."""
    kinds = [type(node).__name__.lower() for node in nodes]
    names = [
        kind if kinds.count(kind) == 1 else f"{kind}_{kinds[:n].count(kind)}"
        for n, kind in enumerate(kinds)
    ]
    named = {"input": port(*shape), **dict(zip(names, nodes)), "output": end(*out)}
    return network(named, " > ".join(named))


def f32(values: ArrayLike) -> NDArray[np.float32]:
    """As files hold numbers."""
    return np.asarray(values, np.float32)


class Drawn:
    """Numbers of a case, the same wherever they are drawn: eighths, so that sums are exact."""

    def __init__(self, name: str) -> None:
        self._rng = np.random.default_rng(crc32(name.encode()))

    def spikes(self, steps: int, *shape: int, rate: float = 0.5) -> NDArray[np.float32]:
        """0 and 1, (T, *shape)."""
        return f32(self._rng.random((steps, *shape)) < rate)

    def weights(self, *shape: int, low: float = -0.5, high: float = 1.0) -> NDArray[np.float32]:
        """Eighths in [low, high]."""
        return f32(self._rng.integers(round(low * 8), round(high * 8), shape, endpoint=True) / 8)
