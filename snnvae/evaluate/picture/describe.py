"""What a picture says of a node: its kind, its shapes, and its parameters in short."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any, Literal

import nir
import numpy as np

from snnvae import primitives
from snnvae.deploy.shapes import in_shape, out_shape, whole_shape
from snnvae.evaluate.picture.quantities import number, seconds, span
from snnvae.primitive import Shape

Role = Literal["input", "output", "neuron", "weights", "other", "graph"]

_PER_NEURON = {
    "tau": "tau",
    "tau_mem": "tau_mem",
    "tau_syn": "tau_syn",
    "r": "r",
    "w_in": "w_in",
    "v_threshold": "threshold",
    "threshold": "threshold",
    "v_leak": "leak",
    "v_reset": "reset",
    "scale": "factor",
}
"""Parameters that each neuron (or value) has its own of, and what they are called here."""
_WINDOW = {
    "kernel_size": (),
    "stride": (1,),
    "padding": (0, "valid"),
    "output_padding": (0,),
    "dilation": (1,),
    "groups": (1,),
}
"""How a kernel moves over a map, and the values that go without saying."""


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
    role = _role(node)
    if isinstance(node, nir.NIRGraph):
        ends = (
            next(n for n in node.nodes.values() if isinstance(n, end))
            for end in (nir.Input, nir.Output)
        )
        given, gives = (out_shape(end) for end in ends)
    else:
        given, gives = in_shape(node), out_shape(node)
    weight = getattr(node, "weight", None)
    return Description(
        role,
        type(node).__name__,
        given,
        gives,
        neurons=prod(gives) if role == "neuron" else 0,
        weights=0 if weight is None else int(np.size(weight)),
        parameters=tuple(_parameters(node, dt)),
    )


def shape_text(shape: Shape) -> str:
    """As in 16×4×4."""
    return "×".join(map(str, shape)) or "1"


def _role(node: nir.NIRNode) -> Role:
    if isinstance(node, nir.NIRGraph):
        return "graph"
    if isinstance(node, nir.Input):
        return "input"
    if isinstance(node, nir.Output):
        return "output"
    if primitives.neuron_for(node):
        return "neuron"
    return "weights" if primitives.synapse_for(node) else "other"


def _parameters(node: nir.NIRNode, dt: float | None) -> list[Parameter]:
    found = []
    values: dict[str, Any] = vars(node)
    weight, bias = values.get("weight"), values.get("bias")
    if weight is not None and np.ndim(weight) > 2:
        found.append(Parameter("kernel", shape_text(np.shape(weight)[2:])))
    for name, usual in _WINDOW.items():
        if name in values:
            found.append(_window(name, values[name], usual))
    for name, called in _PER_NEURON.items():
        if values.get(name) is not None:
            form = seconds if name.startswith("tau") else number
            rests = name in ("v_leak", "v_reset") and not np.any(values[name])
            found.append(Parameter(called, span(values[name], form), usual=rests))
    if isinstance(node, nir.Delay):
        found += _delay(node.delay, dt)
    if isinstance(node, nir.Flatten):
        found.append(Parameter("axes", f"{number(node.start_dim)} … {number(node.end_dim)}"))
    if weight is not None:
        found.append(Parameter("weights", span(weight, number), usual=True))
    if bias is not None:
        found.append(Parameter("bias", span(bias, number), usual=not np.any(bias)))
    return found


def _window(name: str, value: Any, usual: tuple[Any, ...]) -> Parameter:
    if isinstance(value, (str, bytes)):
        text = value.decode() if isinstance(value, bytes) else value
        return Parameter(name.replace("_", " "), text, text in usual)
    sizes = whole_shape(value)
    equal = len(set(sizes)) == 1
    text = str(sizes[0]) if equal and name != "kernel_size" else shape_text(sizes)
    called = "kernel" if name == "kernel_size" else name.replace("_", " ")
    return Parameter(called, text, equal and sizes[0] in usual)


def _delay(delay: np.ndarray, dt: float | None) -> list[Parameter]:
    time = span(delay, seconds)
    if dt is None:
        return [Parameter("delay", time)]
    steps = np.round(np.asarray(delay) / dt, 6)
    unit = "step" if (steps == 1).all() else "steps"
    return [
        Parameter("delay", f"{span(steps, number)} {unit}"),
        Parameter("time", time, usual=True),
    ]
