"""What a picture says of a node: its kind, its shapes, and its parameters in short."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from typing import Any, Literal

import nir
import numpy as np

from snnvae import primitives
from snnvae.deploy.shapes import in_shape, out_shape, whole_shape
from snnvae.evaluate.picture.text import number, seconds, span
from snnvae.primitive import Shape

Role = Literal["input", "output", "neuron", "weights", "other", "graph"]
Path = tuple[str, ...]
"""Names of the graphs around a node, and its own."""

_PER_NEURON = (
    *("tau", "tau_mem", "tau_syn", "r", "w_in"),
    *("v_threshold", "threshold", "v_leak", "v_reset", "scale"),
)
"""Parameters that each neuron (or value) has its own of."""
_WINDOW = ("kernel_size", "stride", "padding", "output_padding", "dilation", "groups")
"""How a kernel moves over a map."""
_USUAL = {"stride": 1, "padding": 0, "output_padding": 0, "dilation": 1, "groups": 1}
"""What goes without saying."""


@dataclass(frozen=True)
class Parameter:
    """`text` of the parameter `name`; a picture leaves out the `usual` ones."""

    name: str
    text: str
    usual: bool = False


@dataclass(frozen=True)
class Description:
    """A node in words and numbers. neurons, weights: 0 where it has none."""

    role: Role
    type: str
    given: Shape
    gives: Shape
    neurons: int
    weights: int
    parameters: tuple[Parameter, ...]

    @property
    def shape(self) -> str:
        """Both shapes, or the one of a node that cannot change it."""
        before, after = shape_text(self.given), shape_text(self.gives)
        changes = self.role in ("weights", "graph") or before != after
        return f"{before} → {after}" if changes else f"shape {after}"


def describe(node: nir.NIRNode, dt: float | None = None) -> Description:
    """Describe a node of a built graph; delays are also told in steps where dt is known."""
    role = role_of(node)
    first = last = node
    if isinstance(node, nir.NIRGraph):
        first, last = (
            next(inner for inner in node.nodes.values() if isinstance(inner, end))
            for end in (nir.Input, nir.Output)
        )
    gives, weight = out_shape(last), getattr(node, "weight", None)
    return Description(
        role,
        type(node).__name__,
        out_shape(first) if role == "graph" else in_shape(node),
        gives,
        neurons=prod(gives) if role == "neuron" else 0,
        weights=0 if weight is None else int(np.size(weight)),
        parameters=tuple(_parameters(vars(node), dt)),
    )


def nodes_of(graph: nir.NIRGraph, around: Path = ()) -> Iterator[tuple[Path, nir.NIRNode]]:
    """The nodes of a graph, each before those within it, and the paths to them."""
    for name, node in graph.nodes.items():
        yield (*around, name), node
        if isinstance(node, nir.NIRGraph):
            yield from nodes_of(node, (*around, name))


def role_of(node: nir.NIRNode) -> Role:
    """What a node is for in its graph."""
    ends: dict[type, Role] = {nir.NIRGraph: "graph", nir.Input: "input", nir.Output: "output"}
    for kind, role in ends.items():
        if isinstance(node, kind):
            return role
    if primitives.neuron_for(node):
        return "neuron"
    return "weights" if primitives.synapse_for(node) else "other"


def shape_text(shape: Shape) -> str:
    """As in 16×4×4."""
    return "×".join(map(str, shape)) or "1"


def _parameters(values: dict[str, Any], dt: float | None) -> Iterator[Parameter]:
    weight, bias = values.get("weight"), values.get("bias")
    if weight is not None and np.ndim(weight) > 2:
        yield Parameter("kernel", shape_text(np.shape(weight)[2:]))
    yield from (_window(name, values[name]) for name in _WINDOW if name in values)
    for name in _PER_NEURON:
        if values.get(name) is not None:
            text = span(values[name], seconds if name.startswith("tau") else number)
            rests = name in ("v_leak", "v_reset") and not np.any(values[name])
            called = "factor" if name == "scale" else name.removeprefix("v_")
            yield Parameter(called, text, usual=rests)
    if "delay" in values:
        time = span(values["delay"], seconds)
        if dt is not None:
            steps = np.round(np.asarray(values["delay"]) / dt, 6)
            unit = "step" if (steps == 1).all() else "steps"
            yield Parameter("delay", f"{span(steps, number)} {unit}")
        yield Parameter("delay" if dt is None else "time", time, usual=dt is not None)
    if "start_dim" in values:
        axes = (number(values[end]) for end in ("start_dim", "end_dim"))
        yield Parameter("axes", " … ".join(axes))
    if weight is not None:
        yield Parameter("weights", span(weight, number), usual=True)
    if bias is not None:
        yield Parameter("bias", span(bias, number), usual=not np.any(bias))


def _window(name: str, value: Any) -> Parameter:
    called = name.removesuffix("_size").replace("_", " ")
    if isinstance(value, (str, bytes)):
        text = value.decode() if isinstance(value, bytes) else value
        return Parameter(called, text, usual=text == "valid")
    sizes = whole_shape(value)
    equal = len(set(sizes)) == 1
    text = str(sizes[0]) if equal and name != "kernel_size" else shape_text(sizes)
    return Parameter(called, text, usual=equal and sizes[0] == _USUAL.get(name))
