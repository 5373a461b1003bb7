"""The emulator beside nirtorch's interpreter, on a network that both can run."""

from __future__ import annotations

from functools import partial
from typing import Any

import nir
import nirtorch
import numpy as np
import torch
from torch import Tensor, nn

from benchmarks import networks
from benchmarks.conv_nets import conv_chain
from benchmarks.result import Aim, Result, same_spikes
from benchmarks.setup import Setup
from benchmarks.timing import best_of
from snnvae.deploy.compile import compile_graph
from snnvae.deploy.run import run

CHANNELS, SIDE, LAYERS = 32, 16, 4


def nirtorch_conv(setup: Setup) -> Result:
    """Four convolutions of 32 channels, 16×16: its own Conv2d and a plain LIF, in float32."""
    graph = conv_chain(8 if setup.small else CHANNELS, SIDE, LAYERS)
    program = compile_graph(graph).program
    stimulus = networks.stimulus(program, setup.samples, rate=0.3)
    net = nirtorch.nir_to_torch(graph, {nir.LIF: Lif}, dtype=torch.float32)
    stream = next(iter(stimulus.streams.values())).swapaxes(0, 1)
    given = torch.as_tensor(np.ascontiguousarray(stream)).float()
    jobs = {"ours": partial(run, program, stimulus), "nirtorch": partial(_steps, net, given)}
    times = best_of(jobs, setup.repeats)
    ours = run(program, stimulus).spikes
    last = program.layers[-1].name
    return Result(
        "nirtorch_conv",
        f"emulator, {setup.samples} samples",
        times["ours"],
        "nirtorch's interpreter, float32",
        times["nirtorch"],
        "s",
        times["nirtorch"] / times["ours"],
        Aim(5),
        same_spikes({last: ours[last]}, {last: _steps(net, given).swapaxes(0, 1)}),
        {"rates": {name: float(s.mean()) for name, s in ours.items()}},
    )


class Lif(nn.Module):
    """``v += dt/τ·(r·x − v)``, a spike above the threshold, then 0; dt/τ is ½ and r 2."""

    def __init__(self, node: nir.LIF) -> None:
        super().__init__()
        self.register_buffer("threshold", torch.as_tensor(np.array(node.v_threshold)))

    def forward(self, x: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Spikes and the membrane."""
        v = x if state is None else x + 0.5 * state
        fires = v > self.threshold
        return fires.to(x.dtype), v.masked_fill(fires, 0.0)


@torch.no_grad()
def _steps(net: nn.Module, stream: Tensor) -> np.ndarray:
    """Output spikes (T, B, …), step by step as it works."""
    state: Any = None
    made = []
    for row in stream:
        spikes, state = net(row, state)
        made.append(spikes)
    return torch.stack(made).numpy()
