"""What the tests of other tools' files share: their forward pass, our run of their file."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nir
import numpy as np
import pytest
import torch

from snnvae.deploy.compile import compile_graph
from snnvae.export.nir_file import read_nir
from snnvae.hardware_sim import reference
from snnvae.options import Options
from snnvae.recording import Recording
from snnvae.stimulus import Stimulus

STEPS = 60


def library(name: str) -> Any:
    """The library, or a skip that says how to get it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        reason = f"{name} is not installed; pip install 'snnvae[frameworks]'"
        return pytest.importorskip(name, reason=reason, exc_type=ImportError)


def input_spikes(*shape: int, seed: int = 0) -> np.ndarray:
    """Spikes at 40 %, (T, *shape)."""
    return np.random.default_rng(seed).random((STEPS, *shape)) < 0.4


def fill(net: torch.nn.Module, seed: int = 0, *, dyadic: bool = True, scale: float = 1.0) -> None:
    """Weights and biases: sixteenths, whose sums meet thresholds exactly, or any numbers."""
    rng = np.random.default_rng(seed)
    for module in net.modules():
        for name in ("weight", "bias"):
            value = getattr(module, name, None)
            if not isinstance(value, torch.Tensor):
                continue
            low, high = (-0.75, 1.0) if name == "weight" else (0.0, 0.25)
            drawn = rng.uniform(low * scale, high * scale, value.shape)
            drawn = np.rint(drawn * 16) / 16 if dyadic else drawn
            value.data = torch.as_tensor(drawn, dtype=value.dtype)


def in_float64(net: torch.nn.Module) -> torch.nn.Module:
    """The net in float64, also where a library's spikes are float32."""

    def cast(_: torch.nn.Module, args: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(a.double() if isinstance(a, torch.Tensor) else a for a in args)

    net.double()
    for module in net.modules():
        module.register_forward_pre_hook(cast)
    return net


class Outputs:
    """What the modules of a Sequential give, by index: rows as they come."""

    def __init__(self, net: torch.nn.Sequential) -> None:
        self.rows: dict[int, list[np.ndarray]] = {i: [] for i in range(len(net))}
        for i, module in enumerate(net):
            module.register_forward_hook(self._keep(i))

    def _keep(self, i: int) -> Any:
        def hook(module: Any, args: Any, out: Any) -> None:
            out = out[0] if isinstance(out, tuple) else out
            self.rows[i].append(out.detach().double().numpy())

        return hook

    def of(self, i: int, *shape: int) -> np.ndarray:
        """All rows of module i, (T, *shape)."""
        return np.concatenate([row.reshape(-1, *shape) for row in self.rows[i]])


def written(graph: nir.NIRGraph, folder: Path) -> nir.NIRGraph:
    """The graph as it comes back from the file that nir writes."""
    nir.write(str(folder / "theirs.nir"), graph)
    return read_nir(folder / "theirs.nir")


def ours(graph: nir.NIRGraph, spikes: np.ndarray, tool: str, **options: Any) -> Recording:
    """One sample through the reference, with the tool's conventions."""
    program = compile_graph(graph, "float", Options(conventions=tool, **options)).program
    streams = {program.inputs[0].name: spikes[None]}
    return reference.run(program, Stimulus(streams, (0,)), membranes=True)


def assert_same_spikes(recording: Recording, theirs: Mapping[str, np.ndarray]) -> None:
    """Every spike of every named layer, each of which must fire sometimes and rest sometimes."""
    for name, expected in theirs.items():
        assert set(np.unique(expected)) == {0.0, 1.0}, f"{name}: its spikes test nothing"
        found = recording.spikes[name][0]
        wrong = np.argwhere(found != expected.reshape(found.shape).astype(bool))
        assert not len(wrong), f"{name}: {len(wrong)} spikes differ, first at step {wrong[0][0]}"
