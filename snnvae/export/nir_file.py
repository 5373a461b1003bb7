"""NIR files in and out. A file is checked before anything is allocated from it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import nir
from nir.serialization import hdf2dict

from snnvae.deploy.graph import build_graph
from snnvae.errors import GraphError, SnnvaeError
from snnvae.hdf5_check import Hdf5Check, open_hdf5
from snnvae.hdf5_write import hdf5_aside
from snnvae.plain_text import shortened, words_of
from snnvae.primitives.nir_nodes import register_nodes

MAX_NODES = 10_000
REMEDY = "export it again"


def write_nir(graph: nir.NIRGraph, path: Path) -> None:
    """Write a graph as a NIR file, aside first, then renamed into place.

    OutputError where that cannot be done.

    >>> import snnvae as sv
    >>> sv.write(sv.read(sv.zoo.path("digits-esvae")), "copy.nir")
    """
    with hdf5_aside(Path(path)) as output:
        nir.write(output, graph)


def read_nir(path: Path) -> nir.NIRGraph:
    """Read and validate a NIR file: a graph of nodes with their parameters in SI units.

    GraphError, in one line, for a file that is not NIR, is truncated, links elsewhere, nests or
    grows without measure, or holds values that are not finite.

    >>> import snnvae as sv
    >>> graph = sv.read(sv.zoo.path("digits-esvae"))
    >>> graph.nodes["z"].input_type["input"].tolist()
    [32, 1, 1]
    """
    path = Path(path)
    register_nodes()
    _check_kind(path)
    with open_hdf5(path, GraphError, "not a NIR file, or truncated", REMEDY) as file:
        if isinstance(file.get("node", getlink=True), (h5py.SoftLink, h5py.ExternalLink)):
            raise GraphError(f"{path}: 'node' links to another place; only plain data is read")
        if not isinstance(file.get("node"), h5py.Group):
            raise GraphError(f"{path}: an HDF5 file, but not NIR (it has no 'node' group)")
        may_be_infinite = frozenset({"v_threshold"})
        Hdf5Check(
            str(path), GraphError, max_entries=20 * MAX_NODES, infinite=may_be_infinite
        ).group(file["node"])
        data = hdf2dict(file["node"])
    try:
        for entry in ("nodes", "edges"):
            if entry not in data:
                raise GraphError(f"it has no {entry}; {REMEDY}")
        graph = _node("", _unchecked(data))
        return build_graph(graph.nodes, graph.edges, graph.metadata)
    except SnnvaeError as error:
        raise type(error)(f"{path}: {error}") from None
    except Exception as error:  # NIR takes what is not of its form apart as it comes
        raise GraphError(f"{path}: malformed NIR ({_reason(error)}); {REMEDY}") from None


def _node(name: str, data: dict[str, Any]) -> Any:
    """A node of what a file holds. GraphError names the innermost one that is malformed."""
    try:
        return nir.dict2NIRNode(_copied(data))
    except Exception as error:  # NIR's reader raises whatever a malformed node leads to
        kind = data.get("type") if isinstance(data, dict) else None
        kind = kind.decode("utf8", "replace") if isinstance(kind, bytes) else str(kind)
        nodes = data.get("nodes") if isinstance(data, dict) else None
        for inner, given in nodes.items() if isinstance(nodes, dict) else ():
            _node(f"{name}.{inner}" if name else inner, given)
        where = f"node '{name}'" if name else "the graph"
        if kind not in vars(nir.ir)["__all_ir"]:
            raise GraphError(
                f"{where} has type {shortened(kind, 200)!r}, which neither NIR nor snnvae knows"
            ) from None
        raise GraphError(f"{where} ({kind}): malformed NIR ({_reason(error)}); {REMEDY}") from None


def _copied(data: Any) -> Any:
    """Dictionaries anew, for NIR's reader, which takes out of them what it has read."""
    return {k: _copied(v) for k, v in data.items()} if isinstance(data, dict) else data


def _reason(error: Exception) -> str:
    """What NIR's reader says, in words of ours where it only names what it lacks."""
    if isinstance(error, KeyError):
        return f"it has no {words_of(error)}"
    return f"{type(error).__name__}: {words_of(error)}"


def _unchecked(data: dict[str, Any]) -> dict[str, Any]:
    """Leave out NIR's own type check, nested graphs included: it is wrong for some convolutions,
    and adds nodes where an input or output is missing. `build_graph` checks instead."""
    if "type_check" in data:
        raise ValueError("a graph has no 'type_check'")
    nodes = data.get("nodes")
    for node in nodes.values() if isinstance(nodes, dict) else ():
        if isinstance(node, dict) and node.get("type") == "NIRGraph":
            _unchecked(node)
    data["type_check"] = False
    return data


def _check_kind(path: Path) -> None:
    """Say what the path is instead, if it is plainly something else than a NIR file."""
    if not path.exists():
        raise GraphError(f"{path}: no such file; write one with `snnvae export model.pt -o {path}`")
    if path.is_dir():
        raise GraphError(f"{path}: is a folder; give the .nir file in it")
    if not path.is_file():
        raise GraphError(f"{path}: not a regular file; give a .nir file on disk")
    with path.open("rb") as file:
        start = file.read(512)
    # torch.save writes a zip whose first entry is NAME/data.pkl.
    if start.startswith(b"PK\x03\x04") and b"/data.pkl" in start:
        out = f"{path}.nir" if path.suffix == ".nir" else path.with_suffix(".nir")
        raise GraphError(f"{path}: a checkpoint, not NIR; run `snnvae export {path} -o {out}`")
