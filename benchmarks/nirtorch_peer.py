"""The emulator beside nirtorch's interpreter, on networks that both can run."""

from __future__ import annotations

from functools import partial
from typing import Any

import nir
import nirtorch
import numpy as np
import torch
from torch import Tensor, nn

from benchmarks import networks
from benchmarks.conv_nets import DT, conv_chain
from benchmarks.result import Aim, Result, same_spikes
from benchmarks.setup import Setup
from benchmarks.timing import best_of
from snnvae.deploy.compile import compile_graph
from snnvae.deploy.run import run
from snnvae.export.nir_file import read_nir
from snnvae.primitives import NirConvTranspose2d
from snnvae.program import Program
from snnvae.stimulus import Stimulus

CHANNELS, SIDE, LAYERS = 32, 16, 4
CHECKED = 8
"""Samples that are compared, in float64."""


def nirtorch_conv(setup: Setup) -> Result:
    """Four convolutions of 32 channels, 16×16, with nirtorch's own Conv2d."""
    graph = conv_chain(8 if setup.small else CHANNELS, SIDE, LAYERS)
    program = compile_graph(graph).program
    stimulus = networks.stimulus(program, setup.samples, rate=0.3)
    return _beside(setup, "nirtorch_conv", graph, program, stimulus)


def nirtorch_decoder(setup: Setup) -> Result:
    """The decoder, with torch's ConvTranspose2d for the node that NIR lacks."""
    graph = read_nir(networks.graph_file(setup, "decoder"))
    program = networks.program(setup, "float", "decoder")
    return _beside(setup, "nirtorch_decoder", graph, program, networks.decoder_stimulus(setup))


def _beside(
    setup: Setup, name: str, graph: nir.NIRGraph, program: Program, stimulus: Stimulus
) -> Result:
    stream = np.array(next(iter(stimulus.streams.values())).swapaxes(0, 1), np.float64)
    net, given = _net(graph, torch.float32), torch.as_tensor(stream).float()
    jobs = {"ours": partial(run, program, stimulus), "nirtorch": partial(_steps, net, given)}
    times = best_of(jobs, setup.repeats)
    ours = run(program, stimulus).spikes
    exact = _spikes(_net(graph, torch.float64), torch.as_tensor(stream[:, :CHECKED]))
    rounded = _spikes(net, given)
    layers = {layer.name for layer in program.layers if layer.name in ours}
    same = same_spikes({n: ours[n][:CHECKED] for n in layers}, exact)
    wrong = sum(int((rounded[n].reshape(ours[n].shape) != ours[n]).sum()) for n in layers)
    return Result(
        name,
        f"emulator, {setup.samples} samples",
        times["ours"],
        "nirtorch's interpreter, float32",
        times["nirtorch"],
        "s",
        times["nirtorch"] / times["ours"],
        Aim(5),
        f"{same}, nirtorch in float64",
        {
            "spikes that differ in float32": wrong,
            "rates": {n: float(ours[n].mean()) for n in sorted(layers)},
        },
    )


class Neuron(nn.Module):
    """LIF, or LI without a threshold: ``v += dt/τ·(v_leak + r·x − v)``, then 0 after a spike."""

    def __init__(self, node: nir.LIF | nir.LI) -> None:
        super().__init__()
        forgets = float(np.round(DT / np.ravel(node.tau)[0], 12))
        self.keep, self.gain = 1 - forgets, float(np.round(forgets * np.ravel(node.r)[0], 12))
        leak = forgets * np.asarray(node.v_leak, np.float64)
        self.register_buffer("bias", torch.as_tensor(leak) if leak.any() else None)
        threshold = getattr(node, "v_threshold", None)
        self.threshold = None if threshold is None else float(np.ravel(threshold)[0])

    def forward(self, x: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Spikes (or the membrane) and the membrane after any reset."""
        v = x if self.gain == 1 else self.gain * x
        if self.bias is not None:
            v = v + self.bias
        if state is not None:
            v = v + self.keep * state
        if self.threshold is None:
            return v, v
        fires = v > self.threshold
        return fires.to(x.dtype), v.masked_fill(fires, 0.0)


def _transposed(node: NirConvTranspose2d) -> nn.ConvTranspose2d:
    """Torch's own."""
    c_in, c_out, *kernel = node.weight.shape
    pairs = (node.stride, node.padding, node.output_padding)
    stride, padding, more = (tuple(int(n) for n in np.broadcast_to(p, 2)) for p in pairs)
    made = nn.ConvTranspose2d(c_in, c_out, tuple(kernel), stride, padding, more)
    made.weight.data = torch.as_tensor(np.array(node.weight))
    made.bias.data = torch.as_tensor(np.array(node.bias))
    return made


def _net(graph: nir.NIRGraph, dtype: torch.dtype) -> nn.Module:
    own = {nir.LIF: Neuron, nir.LI: Neuron, NirConvTranspose2d: _transposed}
    return nirtorch.nir_to_torch(graph, own, dtype=dtype)


@torch.no_grad()
def _steps(net: nn.Module, stream: Tensor) -> Tensor:
    """What it puts out (T, B, …), step by step as it works."""
    state: Any = None
    made = []
    for row in stream:
        output, state = net(row, state)
        made.append(output)
    return torch.stack(made)


def _spikes(net: nn.Module, stream: Tensor) -> dict[str, np.ndarray]:
    """Spikes (B, T, …) of every LIF, by its node's name."""
    seen: dict[str, list[Tensor]] = {}
    for name, module in net.named_modules():
        if isinstance(module, Neuron) and module.threshold is not None:
            rows = seen.setdefault(name, [])
            module.register_forward_hook(lambda m, args, out, rows=rows: rows.append(out[0]))
    _steps(net, stream)
    names = {name.replace("_", "."): rows for name, rows in seen.items()}
    return {n: torch.stack(rows, 1).numpy().astype(bool) for n, rows in names.items()}
