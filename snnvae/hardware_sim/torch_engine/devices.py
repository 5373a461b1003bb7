"""The device a run was asked for, and torch set so that its products are exact."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch

from snnvae.errors import BackendError, ConfigError


def chosen(name: str) -> torch.device:
    """The device of that name, such as "cuda" or "cuda:1"; ConfigError where there is none."""
    try:
        device = torch.device(name)
    except RuntimeError:
        raise ConfigError(f"no device '{name}': give cuda, cuda:N or cpu") from None
    if device.type not in ("cpu", "cuda"):
        raise ConfigError(f"device '{name}' is not supported: give cuda, cuda:N or cpu")
    if device.type == "cpu":
        return device
    if torch.version.cuda is None and torch.version.hip is None:
        raise ConfigError(
            "this torch has no CUDA; install a CUDA build of torch, or leave out `device`"
        )
    if not torch.cuda.is_available():
        raise ConfigError(
            "torch finds no CUDA device; check the driver with nvidia-smi, or leave out `device`"
        )
    count = torch.cuda.device_count()
    if (device.index or 0) >= count:
        raise ConfigError(f"no device '{name}': the last of {count} is cuda:{count - 1}")
    return device


@contextmanager
def exact_products(device: torch.device) -> Iterator[None]:
    """Products of float32 matrices in float32 (no TF32, no bfloat16), and no gradients.

    BackendError where the device's memory is full. torch is left as it was.
    """
    before = torch.get_float32_matmul_precision()
    # Of all backends; for CUDA it is also what `allow_tf32 = False` sets.
    torch.set_float32_matmul_precision("highest")
    try:
        with torch.inference_mode(), torch.autocast(device.type, enabled=False):
            yield
    except torch.cuda.OutOfMemoryError:
        raise BackendError(
            f"the memory of {device} is full; free it of other programs, or leave out `device`"
        ) from None
    finally:
        torch.set_float32_matmul_precision(before)


def tensor(values: np.ndarray, device: torch.device) -> torch.Tensor:
    """A copy on the device."""
    return torch.tensor(np.ascontiguousarray(values), device=device)
