"""Which parameters a NIR file holds, and of which shape: `nir.read` fills in what is missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import h5py

from snnvae.errors import GraphError
from snnvae.hdf5_check import open_hdf5


@dataclass(frozen=True)
class Stored:
    """A node as its file has it: kind, and the shape of each parameter."""

    kind: str
    shapes: Mapping[str, tuple[int, ...]]


def stored(path: Path) -> dict[str, Stored]:
    """The nodes of a file that `read_nir` has read, by name; of nested graphs "graph.node"."""
    found: dict[str, Stored] = {}
    with open_hdf5(path, GraphError, "not a NIR file, or truncated", "export it again") as file:
        _walk(file["node/nodes"], "", found)
    return found


def _walk(nodes: h5py.Group, prefix: str, found: dict[str, Stored]) -> None:
    for name, node in nodes.items():
        if not isinstance(node, h5py.Group):
            continue
        if isinstance(node.get("nodes"), h5py.Group):
            _walk(node["nodes"], f"{prefix}{name}.", found)
            continue
        kind = node["type"][()] if "type" in node else b""
        shapes = {
            key: tuple(map(int, value.shape))
            for key, value in node.items()
            if isinstance(value, h5py.Dataset) and key != "type"
        }
        text = kind.decode("utf-8", "replace") if isinstance(kind, bytes) else str(kind)
        found[prefix + name] = Stored(text, shapes)
