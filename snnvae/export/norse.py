"""Norse modules as NIR graphs, convolutions included.

Norse 1.1.0's own export cannot write a convolution, writes tau = dt/tau_mem_inv and drops modules
that it does not know. Here every layer is exact or refused by name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import nir
import numpy as np

from snnvae.deploy.settings import METADATA_KEY, METADATA_VERSION
from snnvae.errors import GraphError, UnsupportedError
from snnvae.export import layers
from snnvae.export.builder import GraphBuilder

Shape = tuple[int, ...]


def from_norse(
    module: Any, input_shape: Shape, *, steps: int = 16, analog: bool = False
) -> nir.NIRGraph:
    """A Norse SequentialState (or torch Sequential) as a graph.

    Layers: Linear, Conv2d, ConvTranspose2d, BatchNorm (folded, evaluation statistics), Flatten,
    Dropout and Identity (dropped), Norse's LIFBoxCell and LIBoxCell, Lift, nested Sequentials. The
    nodes have the modules' names. `input_shape` lacks batch and time; `analog` says that the input
    carries currents rather than spikes. dt is that of the cells. UnsupportedError names what cannot
    be written exactly, GraphError what does not fit its input.
    """
    modules = list(_flatten_modules(module, ""))
    for name, layer in modules:
        if _kind(layer) not in (*WRITERS, *NORMS):
            raise UnsupportedError(
                f"module '{name}' ({type(layer).__name__}) has no exact form in NIR here; "
                f"known are {', '.join(sorted(WRITERS))} and BatchNorm"
            )
    found = _merge_norms(modules)
    cells = [m for _, m in found if _kind(m) in ("LIFBoxCell", "LIBoxCell")]
    if not cells:
        raise UnsupportedError("the module has no Norse neurons, so it has no time step")
    dt = _common("dt", [float(cell.dt) for cell in cells])
    resets = [_reset(cell) for cell in cells if _kind(cell) == "LIFBoxCell"]
    builder = GraphBuilder()
    after = builder.add("input", nir.Input({"input": np.array(input_shape)}))
    shape = tuple(input_shape)
    for name, layer in found:
        try:
            node = WRITERS[_kind(layer)](layer, shape)
        except UnsupportedError as error:
            raise UnsupportedError(f"module '{name}': {error}") from None
        except (ValueError, IndexError):
            kind = type(layer).__name__
            raise GraphError(f"module '{name}' ({kind}) does not fit its input {shape}") from None
        shape = tuple(int(n) for n in node.output_type["output"])
        after = builder.add(name, node, after)
    builder.add("output", nir.Output({"output": np.array(shape)}), after)
    own: dict[str, Any] = {
        "version": METADATA_VERSION,
        "dt": dt,
        "steps": steps,
        "initial": "v_leak",
        "reset": _common("reset method", resets) if resets else "zero",
    }
    if analog:
        own["inputs"] = {"input": {"analog": True}}
    return builder.build({METADATA_KEY: own})


def _flatten(layer: Any, shape: Shape) -> nir.Flatten:
    """torch's Flatten counts the batch axis, NIR's does not."""
    if layer.start_dim < 1:
        raise UnsupportedError(f"Flatten(start_dim={layer.start_dim}) joins the batch axis; use 1")
    end = layer.end_dim if layer.end_dim < 0 else layer.end_dim - 1
    return nir.Flatten({"input": np.array(shape)}, layer.start_dim - 1, end)


WRITERS: dict[str, Callable[[Any, Shape], nir.NIRNode]] = {
    "Linear": lambda layer, shape: layers.affine(layer),
    "Conv2d": layers.conv2d,
    "ConvTranspose2d": layers.conv_transpose2d,
    "Flatten": _flatten,
    "LIFBoxCell": layers.lif_box,
    "LIBoxCell": layers.li_box,
}
DROPPED = ("Dropout", "Dropout2d", "Identity")
NORMS = ("BatchNorm1d", "BatchNorm2d")


def _kind(module: Any) -> str:
    """The class of torch or Norse that a module is; the empty string for any other."""
    cls = type(module)
    known = cls.__module__.split(".")[0] in ("torch", "norse")
    return cls.__name__ if known else ""


def _flatten_modules(module: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    """Leaves of nested Sequentials, in order, with dotted names."""
    kind = _kind(module)
    if kind in ("Sequential", "SequentialState"):
        # named_children() would leave out a module's second use.
        for name, child in module._modules.items():
            yield from _flatten_modules(child, f"{prefix}.{name}" if prefix else name)
    elif kind == "Lift":
        yield from _flatten_modules(module.lifted_module, prefix)
    elif kind not in DROPPED:
        yield prefix or kind.lower() or "module", module


def _merge_norms(found: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """BatchNorm folded into the weights before it."""
    merged: list[tuple[str, Any]] = []
    for name, module in found:
        if _kind(module) not in NORMS:
            merged.append((name, module))
            continue
        if not merged or _kind(merged[-1][1]) not in ("Linear", "Conv2d", "ConvTranspose2d"):
            raise UnsupportedError(
                f"module '{name}' (BatchNorm) does not follow a layer with weights"
            )
        owner, layer = merged[-1]
        merged[-1] = (owner, _fold(layer, module, name))
    return merged


def _fold(layer: Any, norm: Any, name: str) -> Any:
    """W' = a·W, b' = a·(b − μ) + β, a = γ/√(σ² + ε); computed in float64, stored in float32."""
    import copy

    import torch

    if norm.running_mean is None:
        raise UnsupportedError(f"module '{name}' (BatchNorm) keeps no statistics to fold")
    variance, mean = norm.running_var.double(), norm.running_mean.double()
    gamma = torch.ones_like(variance) if norm.weight is None else norm.weight.double()
    beta = torch.zeros_like(variance) if norm.bias is None else norm.bias.double()
    a = gamma / (variance + norm.eps).sqrt()
    axis = 1 if _kind(layer) == "ConvTranspose2d" else 0
    if axis and layer.groups != 1:
        raise UnsupportedError(f"module '{name}' (BatchNorm) follows a grouped ConvTranspose2d")
    spread = [1] * layer.weight.ndim
    spread[axis] = -1
    bias = torch.zeros_like(a) if layer.bias is None else layer.bias.double()
    folded = copy.deepcopy(layer)
    folded.weight = torch.nn.Parameter((layer.weight.double() * a.view(spread)).float().detach())
    folded.bias = torch.nn.Parameter((a * (bias - mean) + beta).float().detach())
    return folded


def _reset(cell: Any) -> str:
    names = {"reset_value": "zero", "reset_subtract": "subtract"}
    method = getattr(cell.p.reset_method, "__name__", "")
    if method not in names:
        raise UnsupportedError(f"reset method {method or cell.p.reset_method!r} has no form in NIR")
    return names[method]


def _common(what: str, values: list[Any]) -> Any:
    if len(set(values)) != 1:
        raise UnsupportedError(f"the cells differ in their {what}: {sorted(set(values))}")
    return values[0]
