"""Your own Norse module: to NIR, through the compiler, beside Norse itself, spike for spike.

The module below has a skip connection and a recurrent layer in a forward() of its own. From the
command line: snnvae export examples/02_your_norse_module.py:Network --input-shape 2,8,8 -o net.nir
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import torch

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Norse scripts functions at import, which torch calls outdated
    import norse.torch as norse

from snnvae.deploy.compile import compile_graph
from snnvae.export import from_norse
from snnvae.hardware_sim import reference
from snnvae.stimulus import Stimulus

STEPS = 50


class Network(torch.nn.Module):
    """Two convolutions with a skip connection, then a recurrent layer."""

    def __init__(self) -> None:
        super().__init__()
        # Parameters as Python floats let Norse compute in its input's precision.
        box = norse.LIFBoxParameters(tau_mem_inv=200.0, v_th=0.05)
        self.conv = torch.nn.Conv2d(2, 8, 3, stride=2, padding=1)
        self.norm = torch.nn.BatchNorm2d(8)
        self.first = norse.LIFBoxCell(box)
        self.deep = torch.nn.Conv2d(8, 8, 3, padding=1, groups=2)
        self.second = norse.LIFBoxCell(box)
        parameters = norse.LIFParameters(v_th=torch.as_tensor(0.3))
        self.recurrent = norse.LIFRecurrentCell(8 * 4 * 4, 10, parameters)

    def forward(self, x: torch.Tensor, state: Any = None) -> tuple[torch.Tensor, Any]:
        """One time step."""
        first, second, last = state or (None, None, None)
        z, first = self.first(self.norm(self.conv(x)), first)
        y, second = self.second(self.deep(z) + z, second)
        out, last = self.recurrent(y.flatten(1), last)
        return out, (first, second, last)


def main() -> None:
    torch.manual_seed(0)
    network = Network().eval()
    graph = from_norse(network, input_shape=(2, 8, 8), steps=STEPS)
    spikes_in = np.random.default_rng(0).random((4, STEPS, 2, 8, 8)) < 0.2
    stimulus = Stimulus({"input": spikes_in}, samples=tuple(range(4)))
    ours = {}
    for precision in ("float", "fixed"):
        program = compile_graph(graph, precision).program
        ours[precision] = reference.run(program, stimulus).spikes["recurrent"]

    # Norse, step by step, in float64 (the graph holds BatchNorm folded into float32 weights).
    network.double()
    state, out = None, []
    with torch.no_grad():
        for t in range(STEPS):
            spikes, state = network(torch.from_numpy(spikes_in[:, t].astype(np.float64)), state)
            out.append(spikes.numpy().astype(bool))
    norse_spikes = np.stack(out, axis=1)

    print(f"spikes in Norse: {norse_spikes.sum()}")
    for precision, spikes in ours.items():
        wrong = (spikes != norse_spikes).sum()
        print(f"{precision}: {spikes.sum()} spikes, {wrong} differ from Norse")


if __name__ == "__main__":
    main()
