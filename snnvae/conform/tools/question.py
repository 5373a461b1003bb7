"""What a tool is asked: a file, what enters it, under which rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nir
import numpy as np
from numpy.typing import NDArray

from snnvae.conform.suite.rules import Rules
from snnvae.errors import UnsupportedError

Rows = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Question:
    """file: the NIR file; inputs: (T, *shape) by input node; dt: seconds a step; rules: which the
    tool should keep, as far as it can be told."""

    file: Path
    inputs: Mapping[str, NDArray[np.float32]]
    dt: float
    rules: Rules

    @property
    def steps(self) -> int:
        """T."""
        return len(next(iter(self.inputs.values())))

    def graph(self) -> nir.NIRGraph:
        """The file as `nir` reads it, whose check of types is wrong for groups."""
        return nir.read(self.file, type_check=False)

    def only_input(self) -> NDArray[np.float32]:
        """(T, *shape) of the one input; UnsupportedError where there are several."""
        if len(self.inputs) > 1:
            raise UnsupportedError("takes one input")
        return next(iter(self.inputs.values()))


def answer(graph: nir.NIRGraph, rows: Iterable[Any]) -> Rows:
    """What a net gave step after step, (T, *shape), as the one output of its graph."""
    ends = [name for name, node in graph.nodes.items() if isinstance(node, nir.Output)]
    if len(ends) > 1:
        raise UnsupportedError("gives one output")
    return {ends[0]: np.stack([np.asarray(row) for row in rows])}


def stepped(net: Any, stream: NDArray[Any]) -> list[Any]:
    """What a torch net gives step after step for a batch of one: (row, state) in, (output, state)
    out, where an output may bring more than the spikes."""
    import torch

    state: Any = None
    rows = []
    with torch.no_grad():
        for row in torch.as_tensor(stream):
            out, state = net(row[None], state)
            rows.append((out[0] if isinstance(out, tuple) else out)[0])
    return rows


def scaled(graph: nir.NIRGraph, factor: float) -> nir.NIRGraph:
    """The graph with all times (τ, delays) by a factor, for tools whose step cannot be told."""
    for node in graph.nodes.values():
        if isinstance(node, nir.NIRGraph):
            scaled(node, factor)
        for key in ("tau", "tau_mem", "tau_syn", "delay"):
            if hasattr(node, key):
                setattr(node, key, getattr(node, key) * factor)
    return graph
