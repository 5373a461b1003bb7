"""Small files in the forms in which data sets are published."""

from __future__ import annotations

import io
import pickle
import struct
import tarfile
from pathlib import Path

import numpy as np

RNG = np.random.default_rng(0)
FILES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte",
         "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")  # fmt: skip


def idx(values: np.ndarray) -> bytes:
    """The bytes of an IDX file."""
    head = struct.pack(f">{1 + values.ndim}I", 0x0800 + values.ndim, *values.shape)
    return head + values.astype(np.uint8).tobytes()


def write_mnist(folder: Path, train: int = 6, test: int = 4) -> dict[str, np.ndarray]:
    """A set of the form of MNIST."""
    folder.mkdir(parents=True, exist_ok=True)
    arrays = {
        FILES[0]: RNG.integers(0, 256, (train, 28, 28)),
        FILES[1]: RNG.integers(0, 10, train),
        FILES[2]: RNG.integers(0, 256, (test, 28, 28)),
        FILES[3]: RNG.integers(0, 10, test),
    }
    for name, values in arrays.items():
        (folder / name).write_bytes(idx(values))
    return arrays


def cifar_batch(count: int = 3, **changes: object) -> bytes:
    """A batch as CIFAR-10's Python version has it."""
    content = {
        b"data": RNG.integers(0, 256, (count, 3072)).astype(np.uint8),
        b"labels": [int(n) for n in RNG.integers(0, 10, count)],
        b"filenames": [b"a"] * count,
    }
    return pickle.dumps({**content, **{k.encode(): v for k, v in changes.items()}}, protocol=3)


def write_cifar(path: Path, **changes: bytes) -> None:
    """An archive with six batches; `changes` replace some."""
    names = [f"data_batch_{i}" for i in range(1, 6)] + ["test_batch"]
    with tarfile.open(path, "w:gz") as archive:
        for name in names:
            content = changes.get(name) or cifar_batch()
            info = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
