"""Mean firing rates of a graph's neurons, from a recording of that very graph."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import nir
import numpy as np

from snnvae.errors import DataError
from snnvae.evaluate.picture.describe import describe
from snnvae.evaluate.picture.scene import Path as NodePath
from snnvae.export.nir_file import read_nir
from snnvae.recording import Recording
from snnvae.typed import typed


def firing_rates(graph: nir.NIRGraph, path: Path) -> dict[NodePath, float]:
    """Spikes per neuron and step of each layer that spikes, by the path to its node.

    DataError if the recording is not of this graph: the file holds the one that ran.
    """
    recording = Recording.load(path)
    where = _difference(graph, read_nir(path))
    if where is not None:
        raise DataError(
            f"{path}: of another network ({where}); draw the one in it: "
            f"{typed('inspect', path, recording=path)}"
        )
    return {
        node: float(recording.spikes[name].mean())
        for node, name in _neurons(graph).items()
        if name in recording.spikes
    }


def _neurons(graph: nir.NIRGraph) -> dict[NodePath, str]:
    """What recordings call each neuron node; without those whose name they may have changed."""
    paths = list(_paths(graph))
    joined = {path: ".".join(path) for path, _ in paths}
    often = Counter(joined.values())
    return {
        path: joined[path]
        for path, node in paths
        if describe(node).role == "neuron" and (len(path) == 1 or often[joined[path]] == 1)
    }


def _paths(graph: nir.NIRGraph, around: NodePath = ()) -> list[tuple[NodePath, nir.NIRNode]]:
    found = []
    for name, node in graph.nodes.items():
        found.append(((*around, name), node))
        if isinstance(node, nir.NIRGraph):
            found += _paths(node, (*around, name))
    return found


def _difference(mine: nir.NIRGraph, other: nir.NIRGraph) -> str | None:
    """Where two graphs differ, or None."""
    ours, theirs = dict(_paths(mine)), dict(_paths(other))
    for path in sorted(ours.keys() | theirs.keys()):
        where = f"node '{'.'.join(path)}'"
        if path not in ours or path not in theirs:
            return f"only one of the two has {where}"
        if not _equal(ours[path], theirs[path]):
            return f"{where} differs"
    return None if set(mine.edges) == set(other.edges) else "its edges differ"


def _equal(a: nir.NIRNode, b: nir.NIRNode) -> bool:
    """Whether two nodes are of one type with the same parameters (of nested graphs, the edges)."""
    if type(a) is not type(b):
        return False
    if isinstance(a, nir.NIRGraph):
        return set(a.edges) == set(b.edges)
    mine, other = vars(a), vars(b)
    compared = mine.keys() - {"metadata"}
    return all(_same(mine[key], other.get(key)) for key in compared)


def _same(a: object, b: object) -> bool:
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(_same(a[key], b[key]) for key in a)
    return bool(np.array_equal(np.asarray(a), np.asarray(b)))
