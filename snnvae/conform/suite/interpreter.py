"""NIR run as its equations say, node by node and step by step, under given rules.

Written for the suite alone, in NumPy and in plain loops: it shares nothing with the compiler. All
numbers are float64, or, with `exact`, fractions, in which nothing is rounded but e^(−dt/τ).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from fractions import Fraction
from math import exp
from typing import Any

import nir
import numpy as np
from numpy.typing import NDArray

from snnvae.conform.suite.case import Case
from snnvae.conform.suite.rules import Rules

Values = NDArray[Any]


@dataclass(frozen=True)
class Outcome:
    """outputs: (T, *shape) by output node; closest: how near a membrane came to its threshold
    without meeting it; met: whether one met it exactly."""

    outputs: dict[str, NDArray[np.float64]]
    closest: float
    met: bool


def run(case: Case, rules: Rules, *, exact: bool = False) -> Outcome:
    """What comes out of the case's outputs under the rules."""
    machine = _Machine(case, rules, exact)
    ends = [n for n, node in case.graph.nodes.items() if isinstance(node, nir.Output)]
    rows: dict[str, list[Values]] = {name: [] for name in ends}
    for t in range(case.steps):
        for name in machine.nodes:  # all of them: a neuron that nobody reads moves on too
            machine.value(name, t)
        for name in ends:
            rows[name].append(machine.value(name, t))
    outputs = {name: np.stack(values).astype(np.float64) for name, values in rows.items()}
    return Outcome(outputs, machine.closest, machine.met)


def _fractions(values: Any) -> Values:
    return np.vectorize(Fraction, otypes=[object])(np.asarray(values, np.float64))


def _fraction_exp(x: Fraction) -> Fraction:
    with localcontext() as context:
        context.prec = 50
        return Fraction((Decimal(x.numerator) / Decimal(x.denominator)).exp())


@dataclass
class _Machine:
    case: Case
    rules: Rules
    exact: bool
    nodes: dict[str, Any] = field(default_factory=dict)
    into: dict[str, list[str]] = field(default_factory=dict)
    state: dict[str, dict[str, Any]] = field(default_factory=dict)
    done: dict[tuple[str, int], Values] = field(default_factory=dict)
    closest: float = np.inf
    met: bool = False

    def __post_init__(self) -> None:
        self._add(self.case.graph, "")
        self.dt = self.number(self.case.dt)[()]

    def number(self, values: Any) -> Values:
        """The numbers that are counted with."""
        return _fractions(values) if self.exact else np.asarray(values, np.float64)

    # -- wiring -------------------------------------------------------------------------------

    def _add(self, graph: nir.NIRGraph, prefix: str) -> None:
        for name, node in graph.nodes.items():
            if isinstance(node, nir.NIRGraph):
                self._add(node, f"{prefix}{name}.")
            else:
                self.nodes[prefix + name] = node
                self.into.setdefault(prefix + name, [])
        for a, b in dict.fromkeys(graph.edges):
            source = _inner(graph, prefix, a, nir.Output)
            self.into[_inner(graph, prefix, b, nir.Input)].append(source)

    def _late(self, source: str, name: str) -> bool:
        return (source, name) in self.case.late

    def value(self, name: str, t: int) -> Values:
        """What a node puts out at step t; before the first, what it makes of nothing."""
        if t < 0:
            return self._before(name)
        if (name, t) not in self.done:
            self.done[name, t] = self._compute(name, self.nodes[name], t)
        return self.done[name, t]

    def _before(self, name: str) -> Values:
        node = self.nodes[name]
        if type(node).__name__ not in _STATELESS:
            return self._nothing(node)
        found = self._stateless(node, self._nothing(node))
        return found * 0 if self.rules.loop_bias == "delayed" else found

    def _nothing(self, node: Any) -> Values:
        return self.number(np.zeros(_input_shape(node)))

    def _total(self, name: str, node: Any, t: int) -> Values:
        terms = [self.value(source, t - self._late(source, name)) for source in self.into[name]]
        total = terms[0] if terms else self._nothing(node)
        for term in terms[1:]:
            total = total + term
        return total

    def _compute(self, name: str, node: Any, t: int) -> Values:
        if name in self.case.inputs:
            return self.number(self.case.inputs[name][t])
        if isinstance(node, nir.Delay):
            return self._delayed(name, node, t)
        x = self._total(name, node, t)
        if type(node).__name__ in _STATELESS:
            return self._stateless(node, x)
        return getattr(self, f"_{type(node).__name__.lower()}")(node, x, name)

    def _delayed(self, name: str, node: Any, t: int) -> Values:
        back = np.rint(np.asarray(node.delay, np.float64) / self.case.dt).astype(int)
        out = self._nothing(node)
        for n in np.unique(back):
            if t - n >= 0:
                out = np.where(back == n, self._total(name, node, t - int(n)), out)
        return out

    def _stateless(self, node: Any, x: Values) -> Values:
        return _STATELESS[type(node).__name__](self.number, node, x)

    # -- neurons ------------------------------------------------------------------------------

    def _decay(self, tau: Any) -> Values:
        """e^(−dt/τ)."""
        if self.exact:
            return np.vectorize(lambda a: _fraction_exp(-self.dt / a), otypes=[object])(
                self.number(tau)
            )
        return np.vectorize(lambda a: exp(-self.case.dt / a))(self.number(tau))

    def _forgets(self, tau: Any) -> Values:
        if self.rules.integrator == "euler":
            return self.dt / self.number(tau)
        return 1 - self._decay(tau)

    def _takes(self, tau: Any, factor: Any, *, current: bool = False) -> Values:
        """By how much an input moves a leaky state."""
        if self.rules.gain == "one" or (self.rules.gain == "decayed" and not current):
            return self.number(1.0)
        if self.rules.gain == "decayed":
            return self._decay(tau)
        if self.rules.integrator == "exponential":
            return (1 - self._decay(tau)) * self.number(factor)
        return self.dt / self.number(tau) * self.number(factor)

    def _start(self, name: str, shape: Any, leak: Any, reset: Any) -> dict[str, Any]:
        if name not in self.state:
            first = {"v_leak": leak, "v_reset": reset, "zero": 0.0}[self.rules.initial]
            v = np.broadcast_to(self.number(first), shape)
            self.state[name] = {"v": v, "i": self.number(np.zeros(shape))}
        return self.state[name]

    def _over(self, v: Values, threshold: Values) -> Values:
        return v >= threshold if self.rules.spike == "reached" else v > threshold

    def _fires(self, v: Values, threshold: Values) -> Values:
        away = np.abs(v - threshold).astype(np.float64)
        self.met |= bool((away == 0).any())
        self.closest = min(self.closest, float(np.min(away[away > 0], initial=np.inf)))
        return self._over(v, threshold)

    def _fire(self, node: Any, state: dict[str, Any], v: Values) -> Values:
        """v: the membrane of this step before its reset, from that of the last one, state["v"]."""
        threshold = self.number(node.v_threshold)
        if self.rules.reset == "subtract-delayed":
            before = self._over(state["v"], threshold)
            v = v - threshold * before
            spikes = self._fires(v, threshold)
            state["v"] = v
            return self.number((before if self.rules.emission == "late" else spikes) * 1.0)
        spikes = self._fires(v, threshold)
        after = self.number(node.v_reset) if self.rules.reset == "zero" else v - threshold
        state["v"] = np.where(spikes, after, v)
        return self.number(spikes * 1.0)

    def _leaked(self, v: Values, tau: Any, leak: Any) -> Values:
        return v + self._forgets(tau) * (self.number(leak) - v)

    def _lif(self, node: Any, x: Values, name: str) -> Values:
        state = self._start(name, x.shape, node.v_leak, node.v_reset)
        v = self._leaked(state["v"], node.tau, node.v_leak) + self._takes(node.tau, node.r) * x
        return self._fire(node, state, v)

    def _li(self, node: Any, x: Values, name: str) -> Values:
        state = self._start(name, x.shape, node.v_leak, 0.0)
        takes = self._takes(node.tau, node.r, current=True)
        state["v"] = self._leaked(state["v"], node.tau, node.v_leak) + takes * x
        return state["v"]

    def _if(self, node: Any, x: Values, name: str) -> Values:
        state = self._start(name, x.shape, node.v_reset, node.v_reset)  # it rests where it resets
        return self._fire(node, state, state["v"] + self._counted(node.r) * x)

    def _i(self, node: Any, x: Values, name: str) -> Values:
        state = self._start(name, x.shape, 0.0, 0.0)
        state["v"] = state["v"] + self._counted(node.r) * x
        return state["v"]

    def _counted(self, r: Any) -> Values:
        return self.number(r) * (self.dt if self.rules.if_gain == "dt" else self.number(1.0))

    def _cubalif(self, node: Any, x: Values, name: str) -> Values:
        state = self._start(name, x.shape, node.v_leak, node.v_reset)
        return self._fire(node, state, self._driven(node, state, x))

    def _cubali(self, node: Any, x: Values, name: str) -> Values:
        state = self._start(name, x.shape, node.v_leak, 0.0)
        state["v"] = self._driven(node, state, x)
        return state["v"]

    def _driven(self, node: Any, state: dict[str, Any], x: Values) -> Values:
        takes = self._takes(node.tau_syn, node.w_in, current=True)
        state["i"] = self._leaked(state["i"], node.tau_syn, 0.0) + takes * x
        takes = self._takes(node.tau_mem, node.r)
        return self._leaked(state["v"], node.tau_mem, node.v_leak) + takes * state["i"]

    def _threshold(self, node: Any, x: Values, name: str) -> Values:
        return self.number(self._fires(x, self.number(node.threshold)) * 1.0)


def _inner(graph: nir.NIRGraph, prefix: str, name: str, kind: type) -> str:
    """The node at which an edge ends, inside of a nested graph its port."""
    node = graph.nodes[name]
    if not isinstance(node, nir.NIRGraph):
        return prefix + name
    port = next(n for n, inside in node.nodes.items() if isinstance(inside, kind))
    return _inner(node, f"{prefix}{name}.", port, kind)


def _input_shape(node: Any) -> tuple[int, ...]:
    """The shape of what enters a node, for one that nothing enters at a step."""
    if isinstance(node, (nir.Linear, nir.Affine)):
        return (node.weight.shape[1],)
    if isinstance(node, (nir.Conv1d, nir.Conv2d)):
        channels = node.weight.shape[1] * int(np.ravel(node.groups)[0])
        return (channels, *_several(node.input_shape, node.weight.ndim - 2))
    return tuple(int(n) for n in np.atleast_1d(node.input_type["input"]))


# -- nodes without a state ------------------------------------------------------------------------

Number = Callable[[Any], Values]


def _flatten(number: Number, node: Any, x: Values) -> Values:
    first, last = node.start_dim % x.ndim, node.end_dim % x.ndim  # counted without a batch axis
    return x.reshape(*x.shape[:first], -1, *x.shape[last + 1 :])


def _pool(number: Number, node: Any, x: Values, share: bool) -> Values:
    size, stride, padding = (_pair(a) for a in (node.kernel_size, node.stride, node.padding))
    x = _padded(number, x, [(p, p) for p in padding])
    outs = [(n - k) // s + 1 for n, k, s in zip(x.shape[1:], size, stride)]
    out = number(np.zeros((x.shape[0], *outs)))
    for at in np.ndindex(*outs):
        window = tuple(slice(i * s, i * s + k) for i, s, k in zip(at, stride, size))
        out[:, *at] = x[:, *window].reshape(len(x), -1).sum(1)
    return out / number(float(size[0] * size[1])) if share else out


def _conv(number: Number, node: Any, x: Values) -> Values:
    """Cross-correlation, as in every framework: y[o, i] = Σ w[o, c, k]·x[c, i·s + k·d − p] + b."""
    weight, groups = number(node.weight), int(np.ravel(node.groups)[0])
    kernel = weight.shape[2:]
    many = len(kernel)
    stride, dilation = _several(node.stride, many), _several(node.dilation, many)
    spans = [d * (k - 1) for d, k in zip(dilation, kernel)]
    if isinstance(node.padding, str):
        same = str(node.padding) == "same"
        pads = [(s // 2, s - s // 2) if same else (0, 0) for s in spans]
    else:
        pads = [(p, p) for p in _several(node.padding, many)]
    x = _padded(number, x, pads)
    outs = [(n - span - 1) // s + 1 for n, span, s in zip(x.shape[1:], spans, stride)]
    out = number(np.zeros((len(weight), *outs)))
    each, width = len(weight) // groups, weight.shape[1]
    for at in np.ndindex(*outs):
        window = tuple(
            slice(i * s, i * s + span + 1, d) for i, s, span, d in zip(at, stride, spans, dilation)
        )
        for g in range(groups):
            seen = x[g * width : (g + 1) * width, *window].reshape(-1)
            rows = slice(g * each, (g + 1) * each)
            out[rows, *at] = weight[rows].reshape(each, -1) @ seen
    return out + number(node.bias).reshape(-1, *[1] * many)


def _padded(number: Number, x: Values, pads: list[tuple[int, int]]) -> Values:
    shape = (len(x), *(n + a + b for n, (a, b) in zip(x.shape[1:], pads)))
    out = number(np.zeros(shape))
    out[:, *(slice(a, a + n) for n, (a, _) in zip(x.shape[1:], pads))] = x
    return out


def _several(values: Any, many: int) -> list[int]:
    found = np.ravel(values).astype(int).tolist()
    return found * many if len(found) == 1 else found


def _pair(values: Any) -> list[int]:
    return _several(values, 2)


_STATELESS: Mapping[str, Callable[[Number, Any, Values], Values]] = {
    "Input": lambda number, node, x: x,
    "Output": lambda number, node, x: x,
    "Linear": lambda number, node, x: number(node.weight) @ x,
    "Affine": lambda number, node, x: number(node.weight) @ x + number(node.bias),
    "Scale": lambda number, node, x: number(node.scale) * x,
    "Flatten": _flatten,
    "SumPool2d": lambda number, node, x: _pool(number, node, x, False),
    "AvgPool2d": lambda number, node, x: _pool(number, node, x, True),
    "Conv1d": _conv,
    "Conv2d": _conv,
}
