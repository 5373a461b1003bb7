"""NIR graphs run as NIR's equations say, node by node and step by step: nothing of snnvae in it.

Convolutions are torch's, in float64. A late edge carries its source's last step.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import nir
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is left out where only Lava is tested")
F = torch.nn.functional

Edge = tuple[str, str]


@dataclass(frozen=True)
class Rules:
    """Conventions, in the words of the command line."""

    dt: float
    reset: str = "zero"
    initial: str = "v_reset"
    integrator: str = "euler"
    spike: str = "above"
    if_gain: str = "dt"


def run(
    graph: nir.NIRGraph,
    streams: Mapping[str, np.ndarray],
    rules: Rules,
    late: Iterable[Edge] = (),
) -> dict[str, np.ndarray]:
    """Every node's output (T, *shape), for inputs (T, *shape); nested nodes as "graph.node"."""
    steps = len(next(iter(streams.values())))
    machine = _Machine(rules, frozenset(late))
    machine.add(graph, "")
    machine.streams = dict(streams)
    machine.steps = steps
    rows: dict[str, list[np.ndarray]] = {name: [] for name in machine.nodes}
    for t in range(steps):
        for name in machine.nodes:
            rows[name].append(machine.value(name, t))
    return {name: np.stack(values) for name, values in rows.items()}


@dataclass
class _Machine:
    rules: Rules
    late: frozenset[Edge]
    nodes: dict[str, Any] = field(default_factory=dict)
    into: dict[str, list[str]] = field(default_factory=dict)
    state: dict[str, dict[str, np.ndarray]] = field(default_factory=dict)
    done: dict[tuple[str, int], np.ndarray] = field(default_factory=dict)
    streams: dict[str, np.ndarray] = field(default_factory=dict)
    steps: int = 0

    def add(self, graph: nir.NIRGraph, prefix: str) -> None:
        for name, node in graph.nodes.items():
            if isinstance(node, nir.NIRGraph):
                self.add(node, f"{prefix}{name}.")
            else:
                self.nodes[prefix + name] = node
                self.into.setdefault(prefix + name, [])
        for a, b in graph.edges:
            self.into[self._end(graph, prefix, b, nir.Input)].append(
                self._end(graph, prefix, a, nir.Output)
            )

    def _end(self, graph: nir.NIRGraph, prefix: str, name: str, port: type) -> str:
        node = graph.nodes[name]
        if not isinstance(node, nir.NIRGraph):
            return prefix + name
        inner = next(n for n, inside in node.nodes.items() if isinstance(inside, port))
        return f"{prefix}{name}.{inner}"

    def value(self, name: str, t: int) -> np.ndarray:
        if (name, t) not in self.done:
            self.done[name, t] = np.asarray(self._compute(name, self.nodes[name], t))
        return self.done[name, t]

    def total(self, name: str, t: int) -> np.ndarray | float:
        """Sum of what comes in at step t; nothing before the first."""
        parts = []
        for source in self.into[name]:
            at = t - ((source, name) in self.late)
            if at >= 0:
                parts.append(self.value(source, at))
        return sum(parts, 0.0)

    def _compute(self, name: str, node: Any, t: int) -> Any:
        if name in self.streams:
            return np.asarray(self.streams[name][t], np.float64)
        if isinstance(node, nir.Delay):
            return self._delayed(name, node, t)
        x = self.total(name, t)
        if isinstance(node, (nir.Input, nir.Output)):
            return np.broadcast_to(x, self._shape(node))
        x = np.broadcast_to(np.asarray(x, np.float64), self._in_shape(node))
        kind = type(node).__name__
        return getattr(self, f"_{kind}")(node, x, name)

    @staticmethod
    def _shape(node: Any) -> tuple[int, ...]:
        return tuple(int(n) for n in np.atleast_1d(node.output_type["output"]))

    @staticmethod
    def _in_shape(node: Any) -> tuple[int, ...]:
        return tuple(int(n) for n in np.atleast_1d(node.input_type["input"]))

    def _delayed(self, name: str, node: Any, t: int) -> np.ndarray:
        back = np.rint(node.delay / self.rules.dt).astype(int)
        out = np.zeros(node.delay.shape)
        for n in np.unique(back):
            if t - n >= 0:
                out = np.where(back == n, self.total(name, t - n), out)
        return out

    # -- weights ------------------------------------------------------------------------------

    def _Linear(self, node: Any, x: np.ndarray, name: str) -> np.ndarray:
        return node.weight.astype(np.float64) @ x

    def _Affine(self, node: Any, x: np.ndarray, name: str) -> np.ndarray:
        return node.weight.astype(np.float64) @ x + node.bias

    def _Scale(self, node: Any, x: np.ndarray, name: str) -> np.ndarray:
        return node.scale * x

    def _Flatten(self, node: Any, x: np.ndarray, name: str) -> np.ndarray:
        return x.reshape(self._shape(node))

    def _Conv1d(self, node: Any, x: np.ndarray, name: str) -> np.ndarray:
        return self._conv(F.conv1d, node, x)

    def _Conv2d(self, node: Any, x: np.ndarray, name: str) -> np.ndarray:
        return self._conv(F.conv2d, node, x)

    def _conv(self, function: Any, node: Any, x: np.ndarray) -> np.ndarray:
        padding = node.padding
        if not isinstance(padding, str):
            padding = _ints(padding)
        weight, bias = _tensor(node.weight), _tensor(node.bias)
        data, stride, dilation = _tensor(x)[None], _ints(node.stride), _ints(node.dilation)
        with warnings.catch_warnings():
            # torch remarks that "same" around an even kernel copies its input.
            warnings.filterwarnings("ignore", "Using padding='same'")
            out = function(data, weight, bias, stride, padding, dilation, int(node.groups))
        return out[0].numpy()

    def _ConvTranspose2d(self, node: Any, x: np.ndarray, name: str) -> np.ndarray:
        weight, bias = _tensor(node.weight), _tensor(node.bias)
        return F.conv_transpose2d(
            _tensor(x)[None],
            weight,
            bias,
            _ints(node.stride),
            _ints(node.padding),
            _ints(node.output_padding),
            int(node.groups),
            _ints(node.dilation),
        )[0].numpy()

    def _SumPool2d(self, node: Any, x: np.ndarray, name: str) -> np.ndarray:
        return self._AvgPool2d(node, x, name) * float(np.prod(node.kernel_size))

    def _AvgPool2d(self, node: Any, x: np.ndarray, name: str) -> np.ndarray:
        sizes = (_ints(a) for a in (node.kernel_size, node.stride, node.padding))
        return F.avg_pool2d(_tensor(x)[None], *sizes)[0].numpy()

    # -- nodes of snnvae's own -----------------------------------------------------------------

    def _SparseAffine(self, node: Any, x: np.ndarray, name: str) -> np.ndarray:
        out = np.array(node.bias, np.float64)
        flat = x.reshape(-1)
        for row in range(len(out)):
            for k in range(int(node.indptr[row]), int(node.indptr[row + 1])):
                out[row] += node.weight[k] * flat[node.indices[k]]
        return out.reshape(self._shape(node))

    def _Relay(self, node: Any, x: np.ndarray, name: str) -> np.ndarray:
        return x

    def _Reshape(self, node: Any, x: np.ndarray, name: str) -> np.ndarray:
        return x.reshape(self._shape(node))

    # -- neurons ------------------------------------------------------------------------------

    def _kept(self, tau: np.ndarray) -> np.ndarray:
        """What a step forgets."""
        exponential = self.rules.integrator != "euler"
        return 1 - np.exp(-self.rules.dt / tau) if exponential else self.rules.dt / tau

    def _taken(self, tau: np.ndarray) -> np.ndarray:
        """What a step takes of its input."""
        exact = self.rules.integrator == "exponential"
        return 1 - np.exp(-self.rules.dt / tau) if exact else self.rules.dt / tau

    def _start(self, name: str, leak: Any, reset: Any, shape: Any) -> dict[str, np.ndarray]:
        if name not in self.state:
            first = {"v_leak": leak, "v_reset": reset, "zero": 0.0}[self.rules.initial]
            v = np.broadcast_to(np.asarray(first, np.float64), shape).copy()
            self.state[name] = {"v": v, "i": np.zeros(shape), "fired": None}
        return self.state[name]

    def _fire(self, node: Any, state: dict[str, Any], before: np.ndarray) -> np.ndarray:
        v, threshold = state["v"], node.v_threshold
        over = (
            (lambda u: u >= threshold)
            if self.rules.spike == "reached"
            else (lambda u: u > threshold)
        )
        if self.rules.reset == "subtract-delayed":
            v = v - threshold * over(before)
            state["v"] = v
            return over(v).astype(float)
        if self.rules.reset == "subtract-ahead":
            v = np.where(over(before), v - threshold, v)
            again = over(v)
            once = np.where(over(before), v + threshold * ~again, v - threshold * again)
            state["v"] = once
            return again.astype(float)
        spikes = over(v)
        after = node.v_reset if self.rules.reset == "zero" else v - threshold
        state["v"] = np.where(spikes, after, v)
        return spikes.astype(float)

    def _LIF(self, node: Any, x: np.ndarray, name: str) -> np.ndarray:
        state = self._start(name, node.v_leak, node.v_reset, x.shape)
        before = state["v"]
        leak = self._kept(node.tau) * (node.v_leak - before)
        state["v"] = before + leak + self._taken(node.tau) * node.r * x
        return self._fire(node, state, before)

    def _LI(self, node: Any, x: np.ndarray, name: str) -> np.ndarray:
        state = self._start(name, node.v_leak, 0.0, x.shape)
        leak = self._kept(node.tau) * (node.v_leak - state["v"])
        state["v"] = state["v"] + leak + self._taken(node.tau) * node.r * x
        return state["v"]

    def _gain(self, r: np.ndarray) -> np.ndarray:
        return r * (self.rules.dt if self.rules.if_gain == "dt" else 1.0)

    def _IF(self, node: Any, x: np.ndarray, name: str) -> np.ndarray:
        state = self._start(name, node.v_reset, node.v_reset, x.shape)
        before = state["v"]
        state["v"] = before + self._gain(node.r) * x
        return self._fire(node, state, before)

    def _I(self, node: Any, x: np.ndarray, name: str) -> np.ndarray:
        state = self._start(name, 0.0, 0.0, x.shape)
        state["v"] = state["v"] + self._gain(node.r) * x
        return state["v"]

    def _CubaLIF(self, node: Any, x: np.ndarray, name: str) -> np.ndarray:
        state = self._start(name, node.v_leak, node.v_reset, x.shape)
        before = state["v"]
        self._integrate(node, state, x)
        return self._fire(node, state, before)

    def _CubaLI(self, node: Any, x: np.ndarray, name: str) -> np.ndarray:
        state = self._start(name, node.v_leak, 0.0, x.shape)
        self._integrate(node, state, x)
        return state["v"]

    def _integrate(self, node: Any, state: dict[str, Any], x: np.ndarray) -> None:
        i = state["i"]
        i = i - self._kept(node.tau_syn) * i + self._taken(node.tau_syn) * node.w_in * x
        v, state["i"] = state["v"], i
        leak = self._kept(node.tau_mem) * (node.v_leak - v)
        state["v"] = v + leak + self._taken(node.tau_mem) * node.r * i

    def _Threshold(self, node: Any, x: np.ndarray, name: str) -> np.ndarray:
        reached = self.rules.spike == "reached"
        return (x >= node.threshold if reached else x > node.threshold).astype(float)


def _tensor(values: Any) -> Any:
    return torch.tensor(np.array(values, np.float64))


def _ints(value: Any) -> Any:
    array = np.atleast_1d(value).astype(int)
    return tuple(array.tolist()) if array.size > 1 else int(array[0])
