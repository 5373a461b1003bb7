"""What is random in training, as a function of the seed and the position: nothing to save.

A run that goes on from any step, on any device, draws what an uninterrupted one draws.
"""

from __future__ import annotations

import hashlib

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


def generator(seed: int, purpose: str, *position: int) -> torch.Generator:
    """torch's generator (on the CPU) for one purpose at one position of the training."""
    name = "/".join([str(seed), purpose, *map(str, position)])
    digest = hashlib.sha256(name.encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "little") >> 1)


def order(seed: int, epoch: int, count: int) -> Tensor:
    """The order in which an epoch sees `count` images."""
    return torch.randperm(count, generator=generator(seed, "order", epoch))


def held_back(seed: int, count: int, share: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Returns, of `count` training images, those held back to judge by, at least one if any are
    to be, and the rest; in order."""
    whole = torch.randperm(count, generator=generator(seed, "validation")).numpy()
    held = max(round(share * count), int(share > 0))
    return np.sort(whole[:held]), np.sort(whole[held:])
