"""Torch layers that other tools count, and what we count for the same layers and spikes."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from math import prod
from typing import Any

import nir
import numpy as np
import pytest
import torch
from torch import nn

from snnvae.deploy.compile import compile_graph
from snnvae.export.builder import build_graph
from snnvae.hardware_sim import reference
from snnvae.hardware_sim.counter import count
from snnvae.hardware_sim.counts import ConnectionCounts, Counts
from snnvae.options import Options
from snnvae.primitives import NirConvTranspose2d
from snnvae.program import Program
from snnvae.recording import Recording
from snnvae.stimulus import Stimulus

Shape = tuple[int, ...]
SAMPLES, STEPS = 3, 5


def library(name: str) -> Any:
    """The tool, or a skip that says how to get it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        reason = f"{name} is not installed; pip install 'snnvae[peers]', or run .ci/frameworks"
        return pytest.importorskip(name, reason=reason, exc_type=ImportError)


@dataclass(frozen=True)
class Counted:
    """A torch layer and the shape of one input to it. Its weights are the same each time."""

    name: str
    layer: nn.Module
    shape: Shape

    def __post_init__(self) -> None:
        generator = torch.Generator().manual_seed(0)
        for weight in self.layer.parameters():
            nn.init.normal_(weight, 0.1, 0.5, generator)

    def with_weight(self, change: Callable[[torch.Tensor], torch.Tensor]) -> Counted:
        """The same layer with other weights."""
        other = Counted(self.name, deepcopy(self.layer), self.shape)
        with torch.no_grad():
            other.layer.weight.copy_(change(other.layer.weight))
        return other

    @property
    def out_shape(self) -> Shape:
        with torch.no_grad():
            return tuple(self.layer(torch.zeros(1, *self.shape)).shape[1:])


def conv(c_in: int, c_out: int, kernel: int = 3, **geometry: Any) -> nn.Conv2d:
    return nn.Conv2d(c_in, c_out, kernel, bias=False, **geometry)


def up(c_in: int, c_out: int, kernel: int = 3, **geometry: Any) -> nn.ConvTranspose2d:
    return nn.ConvTranspose2d(c_in, c_out, kernel, bias=False, **geometry)


DOUBLE = {"stride": 2, "padding": 1, "output_padding": 1}
"""Twice as high and wide, with a kernel of 3."""

LINEAR = [Counted("linear", nn.Linear(12, 7, bias=False), (12,))]
CONVOLUTIONS = [
    Counted("conv without a border", conv(2, 4), (2, 7, 6)),
    Counted("conv", conv(2, 4, stride=2, padding=1), (2, 7, 6)),
    Counted("conv of an even kernel", conv(2, 3, 4, stride=2, padding=1), (2, 8, 6)),
    Counted("conv in 1d", nn.Conv1d(2, 4, 3, stride=2, padding=1, bias=False), (2, 9)),
    Counted("grouped conv", conv(4, 6, padding=1, groups=2), (4, 7, 6)),
    Counted("depthwise conv", conv(4, 4, padding=1, groups=4), (4, 5, 5)),
    Counted("dilated conv", conv(2, 4, padding=2, dilation=2), (2, 7, 6)),
]
TRANSPOSED = [
    Counted("transposed without a border", up(2, 4, stride=2), (2, 5, 4)),
    Counted("transposed", up(2, 4, stride=2, padding=1), (2, 5, 4)),
    Counted("transposed with output padding", up(2, 4, **DOUBLE), (2, 5, 4)),
    Counted("grouped transposed", up(4, 6, groups=2, **DOUBLE), (4, 5, 4)),
    Counted("dilated transposed", up(2, 4, stride=2, padding=2, dilation=2), (2, 5, 4)),
]
ALL = [*LINEAR, *CONVOLUTIONS, *TRANSPOSED]
POOL = Counted("pool", nn.AvgPool2d(2), (3, 6, 5))
VAE = [
    Counted("conv1", conv(1, 32, stride=2, padding=1), (1, 32, 32)),
    Counted("conv2", conv(32, 64, stride=2, padding=1), (32, 16, 16)),
    Counted("conv3", conv(64, 128, stride=2, padding=1), (64, 8, 8)),
    Counted("conv4", conv(128, 256, stride=2, padding=1), (128, 4, 4)),
    Counted("mu", nn.Linear(1024, 128, bias=False), (1024,)),
    Counted("sigma", nn.Linear(1024, 128, bias=False), (1024,)),
    Counted("widen", nn.Linear(128, 1024, bias=False), (128,)),
    Counted("up1", up(256, 128, **DOUBLE), (256, 2, 2)),
    Counted("up2", up(128, 64, **DOUBLE), (128, 4, 4)),
    Counted("up3", up(64, 32, **DOUBLE), (64, 8, 8)),
    Counted("up4", up(32, 32, **DOUBLE), (32, 16, 16)),
    Counted("last", up(32, 1, padding=1), (32, 32, 32)),
]
"""The VAE at 32², one channel, L = 128: encoder, two heads, decoder."""


def named(name: str) -> Counted:
    """The case of `ALL` of this name."""
    return next(case for case in ALL if case.name == name)


def each(cases: list[Counted]) -> Callable[[Any], Any]:
    """The test once per case, under its name."""
    return pytest.mark.parametrize("case", cases, ids=[c.name for c in cases])


def spikes(shape: Shape, seed: int = 0) -> np.ndarray:
    """At 30 %, (B, T, *shape)."""
    return np.random.default_rng(seed).random((SAMPLES, STEPS, *shape)) < 0.3


def rows(sample: np.ndarray) -> torch.Tensor:
    """Spikes (T, *shape) as a batch of T inputs."""
    return torch.as_tensor(sample, dtype=torch.float32)


def naive_macs(case: Counted) -> int:
    """Multiply-accumulates where every tap of every position lies inside the map.

    Positions are those of the output, of a transposed convolution those of the input.
    """
    transposed = isinstance(case.layer, nn.ConvTranspose2d)
    positions = (case.shape if transposed else case.out_shape)[1:]
    return case.layer.weight.numel() * prod(positions)


def node(layer: nn.Module, shape: Shape) -> nir.NIRNode:
    """The layer as NIR says it."""
    if isinstance(layer, nn.AvgPool2d):
        size, stride, padding = (np.array([n, n]) for n in _pool(layer))
        return nir.AvgPool2d(size, stride, padding)
    weight = layer.weight.detach().numpy().astype(np.float64)
    if isinstance(layer, nn.Linear):
        return nir.Linear(weight)
    geometry = (layer.stride, layer.padding, layer.dilation, layer.groups)
    zero = np.zeros(layer.out_channels)
    if isinstance(layer, nn.ConvTranspose2d):
        before, after = geometry[:2], geometry[2:]
        return NirConvTranspose2d(shape[1:], weight, *before, layer.output_padding, *after, zero)
    if isinstance(layer, nn.Conv1d):
        stride, padding, dilation = (g[0] for g in geometry[:3])
        return nir.Conv1d(shape[1], weight, stride, padding, dilation, layer.groups, zero)
    return nir.Conv2d(shape[1:], weight, *geometry, zero)


def _pool(layer: nn.AvgPool2d) -> tuple[int, int, int]:
    return int(layer.kernel_size), int(layer.stride), int(layer.padding)


def program_of(cases: list[Counted]) -> Program:
    """The layers in a row, integrate-and-fire neurons after each; connections keep their names."""
    nodes: dict[str, nir.NIRNode] = {"in": nir.Input({"input": np.array(cases[0].shape)})}
    shape = cases[0].shape
    for case in cases:
        if case.shape != shape:
            nodes[f"flat {case.name}"] = nir.Flatten({"input": np.array(shape)}, 0, -1)
        nodes[case.name] = node(case.layer, case.shape)
        shape = case.out_shape
        nodes[f"neurons {case.name}"] = nir.Threshold(np.full(shape, 0.1))
    nodes["out"] = nir.Output({"output": np.array(shape)})
    graph = build_graph(nodes, list(zip(nodes, list(nodes)[1:])), {})
    return compile_graph(graph, "float", Options(dt=1e-3)).program


def run(cases: list[Counted], stream: np.ndarray) -> tuple[Recording, Counts]:
    """A run of the layers in a row on spikes (B, T, *shape), and its counts."""
    program = program_of(cases)
    stimulus = Stimulus({"in": stream}, tuple(range(len(stream))))
    recording = reference.run(program, stimulus)
    return recording, count(program, recording)


def our_counts(case: Counted, stream: np.ndarray) -> ConnectionCounts:
    """Our counts of the one layer."""
    (connection,) = run([case], stream)[1].connections
    return connection


def our_macs(case: Counted) -> int:
    """Our multiply-accumulates of the one layer, once."""
    (connection,) = program_of([case]).connections
    return connection.synapse.macs()
