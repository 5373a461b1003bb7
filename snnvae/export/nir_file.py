"""NIR files in and out. A file is checked before anything is allocated from it."""

from __future__ import annotations

import math
from pathlib import Path

import h5py
import nir
import numpy as np

import snnvae.primitives  # noqa: F401  registers our nodes with NIR's reader
from snnvae.errors import GraphError
from snnvae.export.builder import build_graph
from snnvae.files import write_aside

MAX_NODES = 10_000
MAX_DEPTH = 16
MAX_BYTES = 4 << 30
"""Largest sum of all arrays of a file, uncompressed."""


def write_nir(graph: nir.NIRGraph, path: Path) -> None:
    """Write a graph aside and rename it into place."""
    with write_aside(Path(path)) as temporary:
        nir.write(str(temporary), graph)


def read_nir(path: Path) -> nir.NIRGraph:
    """Read and validate a NIR file.

    GraphError, in one line, for a file that is not NIR, is truncated, links elsewhere, nests or
    grows without measure, or holds values that are not finite.
    """
    path = Path(path)
    try:
        _check_kind(path)
        with h5py.File(path, "r") as file:
            if isinstance(file.get("node", getlink=True), (h5py.SoftLink, h5py.ExternalLink)):
                raise GraphError(f"{path}: 'node' links to another place; only plain data is read")
            if not isinstance(file.get("node"), h5py.Group):
                raise GraphError(f"{path}: an HDF5 file, but not NIR (it has no 'node' group)")
            _check_group(file["node"], str(path), _Budget(), 0)
        graph = nir.read(str(path))
    except GraphError:
        raise
    except OSError as error:
        reason = _short(str(error))
        raise GraphError(
            f"{path}: not a NIR file, or truncated ({reason}); export it again"
        ) from None
    except AssertionError as error:
        detail = _short(str(error)) or "a node of an unknown type"
        raise GraphError(f"{path}: {_unknown_type(path) or detail}") from None
    except Exception as error:  # NIR's reader raises whatever a malformed node leads to
        reason = _short(f"{type(error).__name__}: {error}")
        raise GraphError(f"{path}: malformed NIR ({reason}); export it again") from None
    return build_graph(graph.nodes, graph.edges, graph.metadata)


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


class _Budget:
    """What the file has claimed so far."""

    def __init__(self) -> None:
        self.bytes = 0
        self.items = 0
        self.seen: set[int] = set()


def _check_group(group: h5py.Group, path: str, budget: _Budget, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise GraphError(
            f"{path}: nested deeper than {MAX_DEPTH} levels; not a NIR file of a network"
        )
    address = h5py.h5o.get_info(group.id).addr
    if address in budget.seen:
        raise GraphError(
            f"{path}: group '{group.name}' is linked twice; not a well-formed NIR file"
        )
    budget.seen.add(address)
    budget.items += len(group)
    if budget.items > 20 * MAX_NODES:
        raise GraphError(f"{path}: more than {20 * MAX_NODES} entries; split the network")
    for name in group:
        where = f"{path}: '{group.name}/{name}'"
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            raise GraphError(f"{where} links to another place; only plain data is read")
        item = group[name]
        if isinstance(item, h5py.Group):
            _check_group(item, path, budget, depth + 1)
        elif isinstance(item, h5py.Dataset):
            _check_dataset(item, where, budget)
        else:
            raise GraphError(f"{where} is neither a group nor data")


def _check_dataset(data: h5py.Dataset, where: str, budget: _Budget) -> None:
    if data.is_virtual or data.external:
        raise GraphError(f"{where} keeps its values in another file; only plain data is read")
    text = h5py.check_string_dtype(data.dtype) is not None
    if not text and data.dtype.kind not in "biuf":
        raise GraphError(f"{where} holds {data.dtype}, not numbers or text")
    if data.shape is None:
        raise GraphError(f"{where} is empty")
    budget.bytes += math.prod(data.shape) * data.dtype.itemsize
    if budget.bytes > MAX_BYTES:
        raise GraphError(
            f"{where}: the file's arrays exceed {MAX_BYTES >> 30} GiB ({data.shape} here); "
            "it is damaged or hostile"
        )
    if data.dtype.kind == "f":
        for part in data.iter_chunks() if data.chunks else [()]:
            if not np.isfinite(data[part]).all():
                raise GraphError(f"{where} holds values that are not finite; export the file again")


def _short(text: str) -> str:
    """One line of at most 200 characters: a file may hold any text."""
    line = " ".join(text[:1000].split())
    return line if len(line) <= 200 else f"{line[:199]}…"


def _unknown_type(path: Path) -> str | None:
    """Name the first node whose type NIR does not know."""
    known = set(vars(nir.ir)["__all_ir"])
    with h5py.File(path, "r") as file:
        nodes = file["node"].get("nodes", {})
        for name, node in nodes.items():
            kind = node["type"][()] if "type" in node else b"nothing"
            kind = kind.decode("utf8", "replace") if isinstance(kind, bytes) else str(kind)
            if kind not in known:
                return (
                    f"node '{name}' has type {_short(kind)!r}, which neither NIR nor snnvae knows"
                )
    return None
