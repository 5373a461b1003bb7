"""Mean firing rates of a graph's neurons, from a recording of that very graph."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import nir
import numpy as np

from snnvae.errors import DataError
from snnvae.evaluate.picture.describe import Path as NodePath
from snnvae.evaluate.picture.describe import nodes_of, role_of
from snnvae.export.nir_file import read_nir
from snnvae.recording import Recording
from snnvae.typed import typed


def firing_rates(graph: nir.NIRGraph, path: Path) -> dict[NodePath, float]:
    """Spikes per neuron and step of each layer that spikes, by the path to its node.

    A nested node whose joined name is another's too is left out: recordings may call it otherwise.
    DataError if the recording is not of this graph: the file holds the one that ran.
    """
    recording = Recording.load(path)
    where = _difference(graph, read_nir(path))
    if where is not None:
        raise DataError(
            f"{path}: of another network ({where}); draw the one in it: "
            f"{typed('inspect', path, recording=path)}"
        )
    often = Counter(".".join(node_path) for node_path, _ in nodes_of(graph))
    return {
        node_path: float(recording.spikes[name].mean())
        for node_path, node in nodes_of(graph)
        if role_of(node) == "neuron"
        and (name := ".".join(node_path)) in recording.spikes
        and (len(node_path) == 1 or often[name] == 1)
    }


def _difference(mine: nir.NIRGraph, other: nir.NIRGraph) -> str | None:
    """Where two graphs differ, or None."""
    ours, theirs = dict(nodes_of(mine)), dict(nodes_of(other))
    for path in sorted(ours.keys() | theirs.keys()):
        where = f"node '{'.'.join(path)}'"
        if path not in ours or path not in theirs:
            return f"only one of the two has {where}"
        if not _same(_values(ours[path]), _values(theirs[path])):
            return f"{where} differs"
    return None if set(mine.edges) == set(other.edges) else "its edges differ"


def _values(node: nir.NIRNode) -> dict[str, object]:
    """Type and parameters; of a nested graph the edges, as its nodes are compared themselves."""
    if isinstance(node, nir.NIRGraph):
        return {"edges": sorted(node.edges)}
    return {"type": type(node), **vars(node), "metadata": None}


def _same(a: object, b: object) -> bool:
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(_same(a[key], b[key]) for key in a)
    return bool(np.array_equal(np.asarray(a), np.asarray(b)))
