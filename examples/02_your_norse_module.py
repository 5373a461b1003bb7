"""Your own Norse module: to NIR, through the compiler, beside Norse itself, spike for spike."""

from __future__ import annotations

import warnings

import numpy as np
import torch

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Norse scripts functions at import, which torch calls outdated
    import norse.torch as norse

from snnvae.deploy.compile import compile_graph
from snnvae.export import from_norse
from snnvae.hardware_sim import reference
from snnvae.stimulus import Stimulus


def main() -> None:
    torch.manual_seed(0)
    # Parameters as Python floats let Norse compute in its input's precision.
    lif = norse.LIFBoxParameters(tau_mem_inv=200.0, v_th=0.05)
    network = norse.SequentialState(
        torch.nn.Conv2d(2, 8, 3, stride=2, padding=1),
        torch.nn.BatchNorm2d(8),
        norse.LIFBoxCell(lif, dt=1e-3),
        torch.nn.Flatten(),
        torch.nn.Linear(8 * 4 * 4, 10),
        norse.LIFBoxCell(lif, dt=1e-3),
    ).eval()
    graph = from_norse(network, input_shape=(2, 8, 8), steps=50)
    spikes_in = np.random.default_rng(0).random((4, 50, 2, 8, 8)) < 0.2
    stimulus = Stimulus({"input": spikes_in}, samples=tuple(range(4)))
    ours = {}
    for precision in ("float", "fixed"):
        program = compile_graph(graph, precision).program
        ours[precision] = reference.run(program, stimulus).spikes["5"]

    # Norse, step by step, in float64 (the graph holds BatchNorm folded into float32 weights).
    network.double()
    state, out = None, []
    with torch.no_grad():
        for t in range(50):
            spikes, state = network(torch.from_numpy(spikes_in[:, t].astype(np.float64)), state)
            out.append(spikes.numpy().astype(bool))
    norse_spikes = np.stack(out, axis=1)

    print(f"spikes in Norse: {norse_spikes.sum()}")
    for precision, spikes in ours.items():
        wrong = (spikes != norse_spikes).sum()
        print(f"{precision}: {spikes.sum()} spikes, {wrong} differ from Norse")


if __name__ == "__main__":
    main()
