"""Random NIR graphs of every primitive, with branches, loops, delays and nested graphs.

By default all numbers are short binary fractions, so that any order of sums gives the same bits;
`decimals` takes tenths and taus that are no powers of two instead, whose sums meet thresholds in
real numbers but not in float64.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import nir
import numpy as np

from snnvae.deploy.graph import build_graph
from snnvae.deploy.shapes import out_shape
from snnvae.errors import GraphError
from snnvae.primitives import NirConvTranspose2d

DT = 2.0**-10
Shape = tuple[int, ...]


@dataclass
class RandomGraph:
    """A graph, its analog inputs, and the edges that carry one step without a Delay."""

    graph: nir.NIRGraph
    late: list[tuple[str, str]]
    analog: list[str]


@dataclass
class Maker:
    """Adds nodes to one graph; `values` are those that may feed others, with their shapes."""

    rng: np.random.Generator
    stock: bool = False
    decimals: bool = False
    nodes: dict[str, nir.NIRNode] = field(default_factory=dict)
    edges: list[tuple[str, str]] = field(default_factory=list)
    values: dict[str, Shape] = field(default_factory=dict)
    spiking: set[str] = field(default_factory=set)
    neurons: list[str] = field(default_factory=list)
    late: list[tuple[str, str]] = field(default_factory=list)
    analog: list[str] = field(default_factory=list)

    def chance(self, p: float) -> bool:
        return bool(self.rng.random() < p)

    def pick(self, items: Any) -> Any:
        items = sorted(items) if isinstance(items, set) else list(items)  # the same in any process
        return items[int(self.rng.integers(len(items)))]

    def fractions(self, shape: Any, low: float = -1, high: float = 1, unit: int = 16) -> np.ndarray:
        unit = 10 if self.decimals else unit
        return np.asarray(self.rng.integers(int(low * unit), int(high * unit) + 1, shape) / unit)

    def add(self, kind: str, node: nir.NIRNode, *sources: str) -> str:
        name = f"{kind}{len(self.nodes)}"
        self.nodes[name] = node
        self.edges += [(source, name) for source in sources]
        return name

    def value(self, name: str, shape: Shape) -> str:
        self.values[name] = tuple(int(n) for n in shape)
        return name

    # -- weights ------------------------------------------------------------------------------

    def weights(self, source: str) -> str:
        """One weight node (or a Flatten and one) behind a value."""
        shape = self.values[source]
        kinds = {3: self.on_map, 2: self.on_row, 1: self.on_vector}
        return kinds[len(shape)](source, shape)

    def on_vector(self, source: str, shape: Shape) -> str:
        (size,) = shape
        n = int(self.rng.integers(2, 6))
        kind = self.pick(["affine", "linear", "scale"])
        if kind == "scale":
            return self.value(self.add("scale", nir.Scale(self.fractions(shape)), source), shape)
        weight = self.fractions((n, size))
        node = nir.Linear(weight) if kind == "linear" else nir.Affine(weight, self.bias(n))
        return self.value(self.add(kind, node, source), (n,))

    def bias(self, n: int) -> np.ndarray:
        return self.fractions(n, -0.25, 0.5) * self.chance(0.8)

    def on_row(self, source: str, shape: Shape) -> str:
        if self.chance(0.3):
            return self.flat(source, shape)
        channels = shape[0]
        k = int(self.rng.integers(1, 4))
        groups = channels if self.chance(0.3) else 1
        out = groups * int(self.rng.integers(1, 3))
        padding: Any = self.pick(["same", "valid", 0, 1])
        stride = 1 if padding == "same" else int(self.rng.integers(1, 3))
        weight = self.fractions((out, channels // groups, k))
        node = nir.Conv1d(None, weight, stride, padding, 1, groups, self.bias(out))
        return self.placed("conv1d", node, source)

    def on_map(self, source: str, shape: Shape) -> str:
        kind = self.pick(["conv", "conv", "conv", "sum", "avg", "up", "scale", "flat"])
        if kind == "flat":
            return self.flat(source, shape)
        if kind == "scale":
            per_channel = (shape[0], 1, 1) if self.chance(0.6) else shape
            scale = np.broadcast_to(self.fractions(per_channel), shape).copy()
            return self.value(self.add("scale", nir.Scale(scale), source), shape)
        if kind in ("sum", "avg"):
            kernel = np.array([self.pick([1, 2]), self.pick([1, 2])])
            if kind == "sum" and self.chance(0.3):
                kernel = np.array([3, 2])
            stride = np.array([int(self.rng.integers(1, 3)), int(self.rng.integers(1, 3))])
            padding = kernel // 2 * self.chance(0.3)
            cls = nir.SumPool2d if kind == "sum" else nir.AvgPool2d
            return self.placed(kind, cls(kernel, stride, padding), source)
        channels = shape[0]
        kernel = tuple(int(k) for k in self.rng.integers(1, 4, 2))
        if kind == "up":
            weight = self.fractions((channels, int(self.rng.integers(1, 3)), *kernel))
            out = weight.shape[1]
            node = NirConvTranspose2d(shape[1:], weight, 2, 0, 1, 1, 1, self.bias(out))
            return self.placed("up", node, source)
        groups = channels if self.chance(0.3) else 1
        out = groups * int(self.rng.integers(1, 3))
        padding = self.pick(["same", "valid", (0, 1), (1, 1), (2, 0)])
        stride = (1, 1) if padding == "same" else tuple(int(s) for s in self.rng.integers(1, 3, 2))
        dilation = tuple(int(d) for d in self.rng.integers(1, 3, 2))
        weight = self.fractions((out, channels // groups, *kernel))
        node = nir.Conv2d(None, weight, stride, padding, dilation, groups, self.bias(out))
        return self.placed("conv", node, source)

    def flat(self, source: str, shape: Shape) -> str:
        start = int(self.rng.integers(0, len(shape) - 1)) if self.chance(0.4) else 0
        node = nir.Flatten({"input": np.array(shape)}, start, -1)
        size = (*shape[:start], int(np.prod(shape[start:])))
        return self.value(self.add("flat", node, source), size)

    def placed(self, kind: str, node: nir.NIRNode, source: str) -> str:
        """Add a node whose output shape follows from its input; none if it would be empty."""
        shape = self.values[source]
        probe = {"i": nir.Input({"input": np.array(shape)}), "n": node, "o": nir.Output(None)}
        try:
            found = out_shape(build_graph(probe, [("i", "n"), ("n", "o")]).nodes["n"])
        except GraphError:
            return source
        if np.prod(found) > 400:
            return source
        return self.value(self.add(kind, node, source), found)

    # -- neurons ------------------------------------------------------------------------------

    def neuron(self, source: str, *more: str) -> str:
        shape = self.values[source]
        kinds = ["lif", "lif", "if", "cubalif", "threshold"]
        kinds += [] if self.stock else ["li", "i", "cubali"]
        kind = self.pick(kinds)
        one = self.chance(0.5)

        def per(values: list[float]) -> np.ndarray:
            size = () if one else shape
            return np.broadcast_to(self.rng.choice(values, size), shape).astype(np.float64)

        steps = [3.0, 5.0, 10.0] if self.decimals else [1.0, 2.0, 4.0]
        taus = [n * DT for n in steps]
        tau, r = per(taus), per([1.0, 2.0, 3.0])
        threshold = per([0.1, 0.2, 0.3] if self.decimals else [0.5, 0.75, 1.0])
        if kind == "if":
            node: Any = nir.IF(per([512.0, 1024.0, 2048.0]), threshold)
        elif kind == "i":
            node = nir.I(per([256.0, 512.0]))
        elif kind == "lif":
            node = nir.LIF(tau, r, per([0.0, 0.25]), threshold, v_reset=per([0.0, -0.25]))
        elif kind == "li":
            node = nir.LI(tau, r, per([0.0, 0.25]))
        elif kind == "threshold":
            node = nir.Threshold(threshold)
        else:
            given = (per(taus), tau, r, per([0.0, 0.25]))
            w_in = per([1.0, 2.0])
            if kind == "cubalif":
                node = nir.CubaLIF(*given, threshold, v_reset=per([0.0, -0.25]), w_in=w_in)
            else:
                node = nir.CubaLI(*given, w_in=w_in)
        if self.stock and kind in ("lif", "cubalif"):
            node.v_leak = np.zeros(shape)
            node.v_reset = np.zeros(shape)
        name = self.value(self.add(kind, node, source, *more), shape)
        self.neurons.append(name)
        if kind in ("lif", "if", "cubalif", "threshold"):
            self.spiking.add(name)
        return name

    def delay(self, source: str) -> str:
        shape = self.values[source]
        size = shape if self.chance(0.4) else ()
        steps = np.broadcast_to(self.rng.integers(0, 4, size), shape)
        return self.value(self.add("delay", nir.Delay(steps * DT), source), shape)

    def self_loop(self, name: str) -> None:
        """Weights from a neuron to itself, which carry a step."""
        shape = self.values[name]
        if len(shape) == 1 and self.chance(0.6):
            weight = self.fractions((shape[0], shape[0]), -0.5, 0.5)
            node: Any = nir.Affine(weight, self.bias(shape[0]))
        else:
            node = nir.Scale(self.fractions(shape, -0.5, 0.5))
        again = self.add("again", node, name)
        self.edges.append((again, name))
        self.late.append((name, again))

    def cycle(self, source: str, target: str) -> None:
        """From a neuron back to an earlier one, through a delay."""
        n_in, n_out = self.values[source], self.values[target]
        if len(n_in) != 1 or len(n_out) != 1:
            return
        steps = int(self.rng.integers(1, 6))
        delay = self.add("back", nir.Delay(np.full(n_in, steps * DT)), source)
        weight = self.fractions((n_out[0], n_in[0]), -0.5, 0.5)
        node = nir.Affine(weight, self.bias(n_out[0])) if self.chance(0.5) else nir.Linear(weight)
        self.edges.append((self.add("around", node, delay), target))

    def twin(self, name: str) -> str | None:
        """Another value of the same shape, to be summed with this one."""
        same = [n for n, s in self.values.items() if s == self.values[name] and n != name]
        return self.pick(same) if same and self.chance(0.5) else None

    def nested(self, source: str) -> str:
        """Weights and a neuron in a graph of their own."""
        inner = Maker(self.rng, self.stock, self.decimals)
        entry = inner.value(
            inner.add("in", nir.Input({"input": np.array(self.values[source])})),
            self.values[source],
        )
        last = inner.neuron(inner.weights(inner.weights(entry) if self.chance(0.4) else entry))
        if self.chance(0.4):
            inner.self_loop(last)
        shape = inner.values[last]
        inner.add("out", nir.Output({"output": np.array(shape)}), last)
        name = self.value(
            self.add("graph", nir.NIRGraph(inner.nodes, inner.edges, type_check=False), source),
            shape,
        )
        self.late += [(f"{name}.{a}", f"{name}.{b}") for a, b in inner.late]
        if last in inner.spiking:
            self.spiking.add(name)
        return name


def random_graph(
    seed: int,
    *,
    stock: bool = False,
    decimals: bool = False,
    metadata: dict[str, Any] | None = None,
) -> RandomGraph:
    """A graph of 2 to 5 stages. `stock`: neurons that Lava's own processes have."""
    make = Maker(np.random.default_rng(seed), stock, decimals)
    shapes: list[Shape] = [(2, 4, 5), (1, 6, 4), (2, 7), (6,), (4,)]
    for _ in range(1 + make.chance(0.4)):
        shape = make.pick(shapes)
        name = make.value(make.add("in", nir.Input({"input": np.array(shape)})), shape)
        make.spiking.add(name)
        if make.chance(0.2):
            make.analog.append(name)
    start = list(make.values)
    for stage in range(int(make.rng.integers(2, 6))):
        source = start[stage] if stage < len(start) else make.pick(make.values)
        if stock and source not in make.spiking:
            source = make.pick(make.spiking)
        if make.chance(0.2):
            make.nested(source)
            continue
        if make.chance(0.3):
            source = make.delay(source)
        for _ in range(int(make.rng.integers(0 if source in make.neurons else 1, 3))):
            source = make.weights(source)
            if make.chance(0.15):
                source = make.delay(source)
        twin = make.twin(source)
        if stock and twin is not None and twin not in make.spiking:
            twin = None
        name = make.neuron(source, *([twin] if twin else []))
        if make.chance(0.25):
            make.self_loop(name)
        if make.chance(0.3) and len(make.neurons) > 1:
            make.cycle(name, make.pick(make.neurons))
    leading = {a for a, _ in make.edges}
    ends = [name for name in make.nodes if name not in leading] or [make.neurons[-1]]
    for name in ends:
        output = f"out{len(make.nodes)}"
        make.nodes[output] = nir.Output({"output": np.array(make.values[name])})
        make.edges.append((name, output))
    own = {"version": 1, "dt": DT, "if_gain": "dt", "initial": "v_reset", "loop_bias": "at-once"}
    own["inputs"] = {n: {"analog": True} for n in make.analog}
    own = {key: value for key, value in {**own, **(metadata or {})}.items() if value != {}}
    return RandomGraph(build_graph(make.nodes, make.edges, {"snnvae": own}), make.late, make.analog)


def random_streams(case: RandomGraph, steps: int, seed: int) -> dict[str, np.ndarray]:
    """Spikes at 50 %, or eighths in [−1, 1] for analog inputs: (T, *shape)."""
    rng = np.random.default_rng(seed)
    streams = {}
    for name, node in case.graph.nodes.items():
        if isinstance(node, nir.Input):
            shape = (steps, *out_shape(node))
            analog = name in case.analog
            streams[name] = rng.integers(-8, 9, shape) / 8 if analog else rng.random(shape) < 0.5
    return streams
