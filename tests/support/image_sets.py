"""Small data sets, written as their publishers write them."""

from __future__ import annotations

import gzip
import io
import pickle
import struct
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SETS = {"train": 7, "t10k": 3}


def idx_bytes(values: NDArray[np.uint8]) -> bytes:
    """An IDX file of bytes."""
    sizes = struct.pack(f">{values.ndim}I", *values.shape)
    return struct.pack(">I", 0x0800 + values.ndim) + sizes + values.tobytes()


def random_bytes(*shape: int, seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def write_mnist(folder: Path, seed: int = 0, packed: bool = True) -> dict[str, NDArray[np.uint8]]:
    """The four files, with 7 + 3 random images → what they hold, by file name."""
    folder.mkdir(parents=True, exist_ok=True)
    held = {}
    for half, count in SETS.items():
        held[f"{half}-images-idx3-ubyte"] = random_bytes(count, 28, 28, seed=seed)
        held[f"{half}-labels-idx1-ubyte"] = random_bytes(count, seed=seed) % 10
    for name, values in held.items():
        if packed:
            (folder / f"{name}.gz").write_bytes(gzip.compress(idx_bytes(values)))
        else:
            (folder / name).write_bytes(idx_bytes(values))
    return held


def smooth(width: int, height: int, seed: int = 0, channels: int = 3) -> Image.Image:
    """A picture of soft stripes, each seed another one."""
    y, x, c = np.mgrid[:height, :width, :channels]
    wave = np.sin(x / width * (3 + seed) + c) + np.cos(y / height * (5 + seed) - c)
    pixels = np.rint((wave + 2) * 63).astype(np.uint8)
    return Image.fromarray(pixels[..., 0] if channels == 1 else pixels)


def save(path: Path, image: Image.Image) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path)
    return path


class _Python2Pickler(pickle._Pickler):
    """Byte strings as Python 2 wrote its strings, so that CIFAR-10's own files are resembled."""

    dispatch: ClassVar = dict(pickle._Pickler.dispatch)

    def save_bytes(self, value: bytes) -> None:
        self.write(pickle.BINSTRING + struct.pack("<i", len(value)) + value)
        self.memoize(value)

    dispatch[bytes] = save_bytes


def batch_bytes(pixels: NDArray[np.uint8], labels: list[int], python2: bool = True) -> bytes:
    """A batch of CIFAR-10: pixels (N, 3, 32, 32) and classes."""
    held = {
        b"batch_label": b"one of some",
        b"labels": labels,
        b"data": pixels.reshape(len(pixels), 3072),
        b"filenames": [b"a.png"] * len(pixels),
    }
    if not python2:
        return pickle.dumps(held, protocol=3)
    out = io.BytesIO()
    _Python2Pickler(out, protocol=2).dump(held)
    return out.getvalue().replace(b"numpy._core.", b"numpy.core.")


def cifar_batches(count: int = 4) -> dict[str, tuple[NDArray[np.uint8], list[int]]]:
    """All six batches' random pixels and classes, by file name."""
    names = [*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]
    return {
        name: (random_bytes(count, 3, 32, 32, seed=i), [(i + n) % 10 for n in range(count)])
        for i, name in enumerate(names)
    }


def tar_gz(path: Path, members: Mapping[str, bytes]) -> Path:
    """An archive of these files, in this order."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


class Stages:
    """A Progress that remembers: [name, total, advanced, whether finished] of each stage."""

    def __init__(self) -> None:
        self.seen: list[list[Any]] = []

    def start(self, name: str, total: int) -> None:
        self.seen.append([name, total, 0, False])

    def advance(self, n: int = 1, **fields: float | str) -> None:
        self.seen[-1][2] += n

    def finish(self) -> None:
        self.seen[-1][3] = True
