"""Norse itself beside what NIR's equations make of the exported graph, in float64.

`Interpreter` is NIR by its equations: forward Euler, the current before the membrane. It knows
nothing of the compiler.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import nir
import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from snnvae.deploy.compile import compile_graph
from snnvae.export import from_norse
from snnvae.export.norse.cells import CELLS
from snnvae.hardware_sim import reference
from snnvae.primitives import NirConvTranspose2d, NirReshape
from snnvae.recording import Recording
from snnvae.stimulus import Stimulus

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Norse scripts functions at import, which torch calls outdated
    import norse.torch  # noqa: F401

SAMPLES, STEPS = 4, 40
NEURONS = (nir.LIF, nir.LI, nir.CubaLIF, nir.CubaLI, nir.IF)


class Interpreter:
    """A graph, step by step; `run` gives every node's output, (samples, steps, …)."""

    def __init__(self, graph: nir.NIRGraph) -> None:
        self.graph = graph
        self.own = graph.metadata["snnvae"]
        assert self.own["integrator"] == "euler"
        assert self.own["initial"] == "v_leak"
        self.sources: dict[str, list[str]] = {name: [] for name in graph.nodes}
        for source, target in graph.edges:
            self.sources[target].append(source)
        self.order = list(self._order())

    def _order(self) -> Iterator[str]:
        """Every node after its sources; a delay gives what it took the step before."""
        done: set[str] = set()
        while left := [n for n in self.graph.nodes if n not in done]:
            ready = [
                n
                for n in left
                if isinstance(self.graph.nodes[n], nir.Delay) or done.issuperset(self.sources[n])
            ]
            assert ready, f"a loop without a delay among {left}"
            done.update(ready)
            yield from ready

    def run(self, data: np.ndarray) -> dict[str, np.ndarray]:
        outputs: dict[str, list[np.ndarray]] = {name: [] for name in self.graph.nodes}
        states: dict[str, Any] = {}
        delayed: dict[str, np.ndarray] = {}
        for t in range(data.shape[1]):
            now: dict[str, np.ndarray] = {}
            for name in self.order:
                node = self.graph.nodes[name]
                if isinstance(node, nir.Input):
                    now[name] = data[:, t].astype(np.float64)
                elif isinstance(node, nir.Delay):
                    assert (node.delay == self.own["dt"]).all()
                    now[name] = delayed.get(name, np.zeros((len(data), *node.delay.shape)))
                else:
                    x = sum(now[source] for source in self.sources[name])
                    assert x.shape[1:] == tuple(node.input_type["input"]), name
                    now[name], states[name] = self.step(node, x, states.get(name))
                    assert now[name].shape[1:] == tuple(node.output_type["output"]), name
            for name, node in self.graph.nodes.items():
                outputs[name].append(now[name])
                if isinstance(node, nir.Delay):
                    delayed[name] = sum(now[source] for source in self.sources[name])
        return {name: np.stack(values, 1) for name, values in outputs.items()}

    def step(self, node: Any, x: np.ndarray, state: Any) -> tuple[np.ndarray, Any]:
        dt = self.own["dt"]
        if isinstance(node, (nir.LIF, nir.LI)):
            v = node.v_leak if state is None else state
            v = v + dt / node.tau * (node.v_leak - v + node.r * x)
            return self.fire(node, v) if isinstance(node, nir.LIF) else (v, v)
        if isinstance(node, (nir.CubaLIF, nir.CubaLI)):
            current, v = (0.0, node.v_leak) if state is None else state
            current = current + dt / node.tau_syn * (node.w_in * x - current)
            v = v + dt / node.tau_mem * (node.v_leak - v + node.r * current)
            z, v = self.fire(node, v) if isinstance(node, nir.CubaLIF) else (v, v)
            return z, (current, v)
        if isinstance(node, nir.IF):
            v = node.v_reset if state is None else state
            return self.fire(node, v + node.r * x * (dt if self.own["if_gain"] == "dt" else 1))
        return self.map(node, x), None

    def fire(self, node: Any, v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        assert self.own["spike"] == "above"
        z = v > node.v_threshold
        after = node.v_reset if self.own["reset"] == "zero" else v - node.v_threshold
        return z.astype(np.float64), np.where(z, after, v)

    @staticmethod
    def map(node: Any, x: np.ndarray) -> np.ndarray:
        value, weight, bias = torch.from_numpy(x), None, None
        if hasattr(node, "weight"):
            weight, bias = (torch.from_numpy(a).double() for a in (node.weight, node.bias))
        if isinstance(node, nir.Affine):
            out = F.linear(value, weight, bias)
        elif isinstance(node, (nir.Conv1d, nir.Conv2d)):
            kind = F.conv1d if isinstance(node, nir.Conv1d) else F.conv2d
            geometry = (node.stride, node.padding, node.dilation, node.groups)
            out = kind(value, weight, bias, *geometry)
        elif isinstance(node, NirConvTranspose2d):
            geometry = (node.stride, node.padding, node.output_padding, node.groups, node.dilation)
            out = F.conv_transpose2d(value, weight, bias, *geometry)
        elif isinstance(node, (nir.SumPool2d, nir.AvgPool2d)):
            kernel, stride, padding = (
                tuple(int(n) for n in v) for v in (node.kernel_size, node.stride, node.padding)
            )
            out = F.avg_pool2d(value, kernel, stride, padding)
            out = out * (np.prod(kernel) if isinstance(node, nir.SumPool2d) else 1)
        elif isinstance(node, nir.Scale):
            out = value * torch.from_numpy(node.scale)
        elif isinstance(node, nir.Threshold):
            out = (value > torch.from_numpy(node.threshold)).double()
        elif isinstance(node, (nir.Flatten, NirReshape)):
            out = value.reshape(len(value), *node.output_type["output"])
        else:
            assert isinstance(node, nir.Output), node
            out = value
        return out.numpy()


def seeded(module: nn.Module) -> nn.Module:
    """In evaluation mode, with weights and statistics that make it fire."""
    generator = torch.Generator().manual_seed(1)
    weighted = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.ConvTranspose2d)

    def uniform(tensor: Any, low: float, high: float) -> None:
        if tensor is not None:
            tensor.data.uniform_(low, high, generator=generator)

    for layer in module.modules():
        for weight in ("input_weights", "recurrent_weights"):
            if hasattr(layer, weight):
                size = 2.5 / getattr(layer, weight).shape[1] ** 0.5
                uniform(getattr(layer, weight), -0.8 * size, size)
        if not getattr(layer, "autapses", True):
            layer.recurrent_weights.data.fill_diagonal_(0)
        if isinstance(layer, weighted):
            size = 2.5 / layer.weight[0].numel() ** 0.5
            uniform(layer.weight, -0.8 * size, size)
            uniform(layer.bias, -0.2, 0.5)
        if isinstance(layer, (nn.BatchNorm1d, nn.BatchNorm2d)):
            uniform(layer.weight, 0.5, 2)
            uniform(layer.bias, 0, 0.5)
            uniform(layer.running_mean, 0.2, 0.8)
            uniform(layer.running_var, 0.3, 2)
    return module.eval()


def names_of(module: nn.Module) -> dict[nn.Module, list[str]]:
    """The names of each cell, one for each place where it stands."""
    found: dict[nn.Module, list[str]] = {}
    for name, layer in module.named_modules(remove_duplicate=False):
        if type(layer).__name__ in CELLS:
            shown = name.replace(".lifted_module", "") or type(layer).__name__.lower()
            found.setdefault(layer, []).append(shown)
    return found


def by_norse(
    module: nn.Module, data: np.ndarray, over_time: bool
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """What every cell puts out, by name, and the module's output; both (samples, steps, …)."""
    net = deepcopy(module).double()
    said: dict[nn.Module, list[torch.Tensor]] = {cell: [] for cell in names_of(net)}
    for cell in said:
        cell.register_forward_hook(lambda cell, _, out: said[cell].append(out[0].detach().clone()))
    x = torch.from_numpy(data.swapaxes(0, 1).astype(np.float64))
    with torch.no_grad():
        if over_time:
            out = net(x)
            out = out[0] if isinstance(out, tuple) else out
        else:
            state, steps = None, []
            for step in x:
                answer = net(step, state)
                step_out, state = answer[0], answer[-1]
                steps.append(step_out)
            out = torch.stack(steps)
    cells = {}
    for cell, names in names_of(net).items():
        if not (values := said[cell]):
            continue
        uses = max(len(values) // len(x), 1)
        for n, name in enumerate(names[:uses]):
            whole = values[0] if len(values) == 1 else torch.stack(values[n::uses])
            cells[name] = whole.numpy().swapaxes(0, 1)
    return cells, out.numpy().swapaxes(0, 1)


def by_compiler(graph: nir.NIRGraph, data: np.ndarray) -> Recording:
    """What the compiled program does."""
    program = compile_graph(graph).program
    stimulus = Stimulus({"input": data}, tuple(range(len(data))))
    return reference.run(program, stimulus)


def assert_fires_as_norse(
    module: nn.Module, shape: tuple[int, ...], *, analog: bool = False, over_time: bool = False
) -> nir.NIRGraph:
    """Every spike of every cell and every membrane: Norse, NIR's equations and the compiler."""
    graph = from_norse(module, shape, steps=STEPS, analog=analog, over_time=over_time or None)
    rng = np.random.default_rng(0)
    size = (SAMPLES, STEPS, *shape)
    data = rng.uniform(-1, 1, size) if analog else rng.random(size) < 0.4
    ours = Interpreter(graph).run(data)
    compiled = by_compiler(graph, data)
    cells, output = by_norse(module, data, over_time)
    for name, expected in cells.items():
        if set(np.unique(expected)) <= {0, 1}:
            assert 0.05 < expected.mean() < 0.95, name
            assert (ours[name] != expected).sum() == 0, name
            assert (compiled.spikes[name] != expected).sum() == 0, name
        else:
            np.testing.assert_allclose(ours[name], expected, rtol=0, atol=1e-6, err_msg=name)
    np.testing.assert_allclose(ours["output"], output, rtol=0, atol=1e-6)
    for name, membrane in compiled.final.items():
        if name in cells:
            np.testing.assert_allclose(membrane, cells[name][:, -1], rtol=0, atol=1e-6)
    assert set(cells) == {name for name, node in graph.nodes.items() if isinstance(node, NEURONS)}
    return graph


class Norse:
    """What the tests of the export share."""

    samples, steps = SAMPLES, STEPS
    seeded = staticmethod(seeded)
    interpreter = Interpreter
    by_norse = staticmethod(by_norse)
    assert_fires = staticmethod(assert_fires_as_norse)


@pytest.fixture(scope="session")
def norse_net() -> type[Norse]:
    return Norse
