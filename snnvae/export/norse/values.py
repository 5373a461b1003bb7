"""What a module's numbers must be before they are written: real, finite, float32 or float64."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import nn

from snnvae.errors import GraphError, UnsupportedError
from snnvae.export.norse.trace import Trace


def check_types(module: nn.Module) -> None:
    """UnsupportedError for weights and buffers of which a graph can hold no values."""
    for name, tensor in _tensors(module):
        if isinstance(tensor, (nn.UninitializedParameter, nn.UninitializedBuffer)):
            raise UnsupportedError(f"'{name}' has no shape yet; run the module once, then export")
        if tensor.is_meta:
            raise UnsupportedError(
                f"'{name}' is on the 'meta' device, which holds no values; load the weights first"
            )
        if tensor.layout is not torch.strided or tensor.is_quantized:
            kind = "quantised" if tensor.is_quantized else f"{tensor.layout}"
            raise UnsupportedError(f"'{name}' is {kind}; make it a dense tensor of float32")
        if tensor.is_complex():
            raise UnsupportedError(f"'{name}' is complex; a graph holds real numbers")
        if tensor.is_floating_point() and tensor.dtype not in (torch.float32, torch.float64):
            raise UnsupportedError(
                f"'{name}' is {tensor.dtype}; a graph holds float32 or float64: call "
                "module.float() first"
            )


def check_finite(module: nn.Module, found: Trace) -> None:
    """GraphError where a node that is needed holds NaN or infinite numbers, with their source."""
    names = found.network.names(found.outputs)
    for i, name in names.items():
        for field, value in vars(found.network.placed[i].node).items():
            numbers = value if isinstance(value, np.ndarray) else np.zeros(())
            if numbers.dtype.kind == "f" and not np.isfinite(numbers).all():
                if field == "v_threshold" and not np.isnan(numbers).any():
                    raise GraphError(
                        f"the threshold of '{name}' is infinite; a readout that never fires is an "
                        "LICell or LIBoxCell"
                    )
                own = [n for n, t in _tensors(module) if not bool(torch.isfinite(t).all())]
                own.sort(key=lambda source: not source.startswith(name))
                what = f"'{own[0]}'" if own else f"{field} of '{name}'"
                raise GraphError(
                    f"{what} holds NaN or infinite values, as after a training that diverged; "
                    "give it finite ones"
                )


def _tensors(module: nn.Module) -> Iterator[tuple[str, torch.Tensor]]:
    """Parameters, buffers, other tensors in attributes, and the parameters of Norse's cells."""
    yield from module.named_parameters()
    yield from module.named_buffers()
    for path, child in module.named_modules():
        cell: Any = getattr(child, "p", None)
        of_cell = cell._asdict() if hasattr(cell, "_asdict") else {}
        own = {**vars(child), **{f"p.{name}": value for name, value in of_cell.items()}}
        for name, value in own.items():
            if isinstance(value, torch.Tensor):
                yield f"{path}.{name}" if path else name, value
