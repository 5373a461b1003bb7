"""Tensors as the compiled kernels take them, and the threads that share the work."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

PIECES = 16
"""Stretches that a tensor is cut into, whatever the number of threads: their sums are added in
order, so that results do not depend on the machine."""

SMALL = 1 << 16
"""Elements below which one thread is as fast."""


def is_supported(x: Tensor) -> bool:
    """Tells whether the kernels take this tensor."""
    return x.device.type == "cpu" and x.dtype in (torch.float32, torch.float64)


def as_rows(x: Tensor) -> NDArray[Any]:
    """(T, B, C, …) → (T, M) with channels innermost: a view where the tensor lies so."""
    if x.ndim > 3:
        x = x.movedim(2, -1)
    return x.contiguous().view(len(x), -1).numpy()


def as_tensor(rows: NDArray[Any], like: Tensor, steps: int) -> Tensor:
    """The inverse of `as_rows`: (T, M) → (T, B, C, …), still with channels innermost."""
    x = torch.from_numpy(rows)
    if like.ndim <= 3:
        return x.view(steps, *like.shape[1:])
    batch, channels, *space = like.shape[1:]
    return x.view(steps, batch, *space, channels).movedim(-1, 2)


def tiled(per_channel: NDArray[Any], width: int, dtype: Any) -> NDArray[Any]:
    """Values per channel, repeated over a block."""
    with np.errstate(over="ignore"):  # a training that diverges is told so by its loss
        return np.tile(per_channel.astype(dtype), width // len(per_channel))


def _bounds(columns: int, width: int) -> list[tuple[int, int]]:
    """Returns at most PIECES stretches of whole blocks."""
    blocks = -(-columns // width)
    edges = [min(columns, blocks * i // PIECES * width) for i in range(PIECES + 1)]
    return [(a, b) for a, b in pairwise(edges) if a < b]


def in_pieces(job: Callable[[int, int, int], None], columns: int, width: int, steps: int) -> None:
    """job(number, start, stop) for all stretches of columns, in whole blocks of `width`."""
    bounds = _bounds(columns, width)
    _each(lambda piece: job(piece, *bounds[piece]), len(bounds), columns * steps)


def _each(job: Callable[[int], None], pieces: int, elements: int) -> None:
    """Runs all pieces, on as many threads as torch uses; kernels release the interpreter's lock."""
    threads = torch.get_num_threads()
    if threads == 1 or elements < SMALL:
        for piece in range(pieces):
            job(piece)
    else:
        list(_pool(threads).map(job, range(pieces)))


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, thread_name_prefix="lif")
