"""netx layers → NIR graph whose fixed-point program computes what netx computes.

Weights, biases and thresholds keep their integers: one unit of NIR's membrane is one weight unit,
which the metadata's `scales` tell the quantiser. With dv = vDecay/4096: ``τ = dt/dv, R = 1/dv``, so
that the gain dt/τ·R is 1. Neurons with a current that decays become nir.CubaLIF with
``τ_syn = dt·4096/iDecay, w_in = τ_syn/dt``.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import nir
import numpy as np

from snnvae.deploy.settings import METADATA_KEY, METADATA_VERSION
from snnvae.errors import GraphError, UnsupportedError
from snnvae.export.builder import GraphBuilder
from snnvae.export.netx.layer import FULL_DECAY, CubaNeuron, Geometry, NetxLayer
from snnvae.export.netx.weights import LARGEST, SMALLEST, dense_weights
from snnvae.primitive import Shape
from snnvae.primitives import Conv2d, fixed_point

MAX_NEURONS = 1 << 24
"""Most neurons of a layer: a file of a few bytes may claim any number."""
NO_LEAK = 1 << 20
"""τ in steps of neurons that do not leak: dt/τ rounds to 0 in 4096ths."""


def to_graph(layers: Sequence[NetxLayer], dt: float) -> tuple[nir.NIRGraph, tuple[str, ...]]:
    """The graph, and a line for each thing that a user should know.

    GraphError where the layers do not fit together, UnsupportedError for what NIR or 8-bit weights
    cannot hold, each naming the layer by its number in the file.
    """
    building = _Building(dt)
    for i, layer in enumerate(layers):
        _add(building, i, layer, last=i == len(layers) - 1)
    return building.graph(), tuple(building.notes)


def _add(building: _Building, i: int, layer: NetxLayer, last: bool) -> None:
    try:
        building.add(i, layer, last)
    except (GraphError, UnsupportedError) as error:
        raise type(error)(f"layer {i} {error}") from None


class _Building:
    """The graph so far: its last node and the shape of what that node gives."""

    def __init__(self, dt: float) -> None:
        self.dt = dt
        self.builder = GraphBuilder()
        self.at, self.shape = "", ()  # type: tuple[str, Shape]
        self.scales: dict[str, float] = {}
        self.inputs: dict[str, dict[str, Any]] = {}
        self.notes: list[str] = []
        self.leak: np.ndarray | None = None

    def add(self, i: int, layer: NetxLayer, last: bool) -> None:
        if prod(layer.shape) > MAX_NEURONS:
            raise GraphError(f"claims {prod(layer.shape):,} neurons; it is damaged or hostile")
        if layer.kind == "input":
            self._input(i, layer)
            return
        if not self.at:
            self._source(_first_shape(layer))
        if layer.kind == "flatten":
            self._flatten(i)
            return
        if layer.weight is None or (layer.kind == "conv" and layer.neuron is None):
            raise UnsupportedError("has no neurons; give it CUBA neurons")
        neuron = layer.neuron or _integrator()
        if layer.kind == "conv" and layer.geometry is not None:
            bias = self._conv(i, layer, layer.weight, layer.geometry)
        else:
            bias = self._dense(i, layer, layer.weight)
        self._bias(bias, neuron)
        self._neurons(i, neuron, last)

    def graph(self) -> nir.NIRGraph:
        if not self.scales:
            raise GraphError("the file has no neurons; export it again")
        self._append("output", nir.Output({"output": np.array(self.shape)}))
        own = {"version": METADATA_VERSION, "dt": self.dt, "reset": "zero", "initial": "v_reset"}
        own |= {"scales": self.scales, **({"inputs": self.inputs} if self.inputs else {})}
        return self.builder.build({METADATA_KEY: own})

    def _append(self, name: str, node: nir.NIRNode) -> None:
        self.builder.add(name, node, self.at or ())
        self.at = name

    def _source(self, shape: Shape) -> None:
        self._append("input", nir.Input({"input": np.array(shape)}))
        self.shape = shape

    def _input(self, i: int, layer: NetxLayer) -> None:
        """A relay is left out; other input neurons take the integers that the host sends."""
        if self.at:
            raise UnsupportedError("is an input behind other layers; netx has one, at the start")
        self._source(layer.shape)
        if layer.neuron is None or layer.neuron.is_relay:
            return
        weight, bias = layer.transform or (64, 0)
        low, high = float(min(bias, weight + bias)), float(max(bias, weight + bias))
        self.inputs["input"] = {"analog": True, "low": low, "high": max(high, low + 1)}
        self.notes.append(
            f"'input' takes whole numbers, the currents of '{_name(i)}': it is left to the host to "
            f"send {weight}·x + {bias}, here as in netx"
        )
        self._neurons(i, layer.neuron, last=False)

    def _flatten(self, i: int) -> None:
        if len(self.shape) > 1:
            node = nir.Flatten({"input": np.array(self.shape)}, 0, len(self.shape) - 1)
            self._append(f"flatten{i}", node)
            self.shape = (prod(self.shape),)

    def _conv(self, i: int, layer: NetxLayer, weight: np.ndarray, given: Geometry) -> np.ndarray:
        """Adds the weights; the bias of each neuron."""
        geometry = (given.stride, given.padding, given.dilation, given.groups)
        kernel, none = weight.astype(np.float64), np.zeros(len(weight))
        node = nir.Conv2d(tuple(self.shape[1:]), kernel, *geometry, none)
        found = Conv2d.from_nir(node, self.shape)[0].out_shape
        if found != layer.shape:
            raise GraphError(f"has the shape {layer.shape}, but its convolution gives {found}")
        _check_weights(weight)
        self._append(f"conv{i}", node)
        self.shape = layer.shape
        if layer.bias is None:
            return np.zeros(layer.shape)
        if layer.bias.shape == (len(weight),):
            return np.broadcast_to(layer.bias[:, None, None], layer.shape)
        if layer.bias.shape == layer.shape[::-1]:  # Lava's order: (W, H, C)
            return layer.bias.transpose(2, 1, 0)
        raise GraphError(f"has biases of shape {layer.bias.shape} for neurons {layer.shape}")

    def _dense(self, i: int, layer: NetxLayer, given: np.ndarray) -> np.ndarray:
        """Adds the weights; the bias of each neuron."""
        self._flatten(i)
        rows, columns = prod(layer.shape), prod(self.shape)
        if given.size != rows * columns or given.ndim > 2:
            raise GraphError(f"has weights of shape {given.shape}, needs ({rows}, {columns})")
        given = given.reshape(rows, columns)
        weight = dense_weights(given)
        _check_weights(weight)
        if changed := int((weight != given).sum()):
            self.notes.append(
                f"layer {i}: netx computes with {changed} weights other than those of the file; "
                "the graph holds what it computes with"
            )
        self._append(f"dense{i}", nir.Affine(weight.astype(np.float64), np.zeros(rows)))
        self.shape = (rows,)
        bias = np.zeros(rows) if layer.bias is None else layer.bias.reshape(-1)
        if bias.size == 1:
            bias = np.full(rows, bias[0])
        if bias.shape != (rows,):
            raise GraphError(f"has {bias.size} biases for {rows} neurons")
        return bias

    def _bias(self, bias: np.ndarray, neuron: CubaNeuron) -> None:
        """Puts a bias into the weights where they can hold it,
        else leaves it for the neurons' v_leak.

        A bias of weights would pass a synaptic current, and netx adds it to the membrane; and a
        convolution has one bias per channel.
        """
        _check_bias(bias)
        bias = bias.astype(np.float64)
        weights = self.builder.nodes[self.at]
        channels = bias.reshape(len(bias), -1)
        self.leak = None
        if neuron.current_decay >= FULL_DECAY and (channels == channels[:, :1]).all():
            weights.bias = channels[:, 0].copy()
        else:
            self.leak = bias

    def _neurons(self, i: int, neuron: CubaNeuron, last: bool) -> None:
        name = _name(i)
        never = last and neuron.threshold >= fixed_point.THRESHOLD_MAX
        leak = np.zeros(self.shape) if self.leak is None else self.leak
        self._append(name, _node(neuron, leak, self.dt, never))
        self.leak = None
        self.scales[name] = 1.0
        if not neuron.voltage_decay:
            self.notes.append(
                f"'{name}' does not leak; NIR's node leaks by dt/{NO_LEAK} dt, which is none in "
                "fixed point"
            )
        if never:
            self.notes.append(f"'{name}' never fires: its last membrane is the output")


def _node(neuron: CubaNeuron, bias: np.ndarray, dt: float, silent: bool) -> nir.NIRNode:
    """LI where it never fires, Threshold where it forgets, else LIF, or CubaLIF with a current.

    A bias b of the neurons themselves is a leak to b/dv.
    """

    def every(value: float) -> np.ndarray:
        return np.full(bias.shape, value, np.float64)

    if neuron.threshold < 1 and not silent:
        raise UnsupportedError("has a threshold of 0; give its neurons 1 or more")
    steps = FULL_DECAY / neuron.voltage_decay if neuron.voltage_decay else float(NO_LEAK)
    tau, zero, leak = every(steps * dt), every(0.0), bias * steps
    if neuron.current_decay < FULL_DECAY:
        return _with_current(neuron, leak, dt, steps, silent)
    if silent:
        return nir.LI(tau, every(steps), leak)
    if neuron.threshold > fixed_point.THRESHOLD_MAX:
        raise UnsupportedError(f"has a threshold of {neuron.threshold}, beyond 17 bits")
    if neuron.voltage_decay == FULL_DECAY and not bias.any():
        return nir.Threshold(every(neuron.threshold))
    return nir.LIF(tau, every(steps), leak, every(neuron.threshold), zero)


def _with_current(
    neuron: CubaNeuron, leak: np.ndarray, dt: float, steps: float, silent: bool
) -> nir.NIRNode:
    """CubaLIF, or CubaLI where it never fires."""
    if not neuron.current_decay:
        raise UnsupportedError("has a current that never decays (iDecay 0); give it 1 or more")
    current = FULL_DECAY / neuron.current_decay

    def every(value: float) -> np.ndarray:
        return np.full(leak.shape, value, np.float64)

    shared = (every(current * dt), every(steps * dt), every(steps), leak)
    if silent:
        return nir.CubaLI(*shared, w_in=every(current))
    return nir.CubaLIF(*shared, every(neuron.threshold), every(0.0), w_in=every(current))


def _integrator() -> CubaNeuron:
    """Returns what netx gives a dense layer without neurons: it sums up and never fires."""
    return CubaNeuron(FULL_DECAY, 0, fixed_point.THRESHOLD_MAX)


def _first_shape(layer: NetxLayer) -> Shape:
    """Input of a file that does not say it."""
    if layer.kind == "dense" and layer.weight is not None and layer.weight.ndim == 2:
        return (layer.weight.shape[1],)
    raise UnsupportedError("comes first, and the file does not say what enters it; add an input")


def _check_weights(weight: np.ndarray) -> None:
    low, high = int(weight.min()), int(weight.max())
    if low < SMALLEST or high > LARGEST or (weight % 2).any():
        raise UnsupportedError(
            f"has weights in {low}…{high} that are not all even numbers in {SMALLEST}…{LARGEST}, "
            "as 8-bit weights of mixed sign are; quantise it again"
        )


def _check_bias(bias: np.ndarray) -> None:
    limit = fixed_point.BIAS_MANTISSA_MAX
    if np.abs(bias).max() > limit:
        raise UnsupportedError(f"has a bias of {np.abs(bias).max():g}, beyond {limit} (13 bits)")


def _name(i: int) -> str:
    return f"neurons{i}"
