"""A NIR graph with a bit of everything: pooling, a skip connection, synaptic currents, a loop.

Compiled in fixed point, placed on a Loihi 2, and run on Lava's own processes: the same spikes.
"""

from __future__ import annotations

import nir
import numpy as np

from snnvae.deploy.chips.chip import load_chip
from snnvae.deploy.chips.placement import place
from snnvae.deploy.compile import compile_graph
from snnvae.deploy.run import run
from snnvae.deploy.timing import schedule
from snnvae.options import Options
from snnvae.stimulus import Stimulus

DT = 1e-3


def graph() -> nir.NIRGraph:
    rng = np.random.default_rng(0)

    def lif(*shape: int) -> nir.LIF:
        one = np.ones(shape)
        return nir.LIF(
            tau=4 * DT * one, r=4 * one, v_leak=0 * one, v_threshold=one, v_reset=0 * one
        )

    def cuba(size: int) -> nir.CubaLIF:
        one = np.ones(size)
        currents = {"tau_syn": 2 * DT * one, "w_in": 2 * one}
        return nir.CubaLIF(
            tau_mem=4 * DT * one, r=4 * one, v_leak=0 * one, v_threshold=one, **currents
        )

    nodes = {
        "image": nir.Input({"input": np.array([1, 8, 8])}),
        "conv": nir.Conv2d(None, rng.normal(0, 0.5, (4, 1, 3, 3)), 1, "same", 1, 1, np.zeros(4)),
        "a": lif(4, 8, 8),
        "pool": nir.AvgPool2d(np.array([2, 2]), np.array([2, 2]), np.array([0, 0])),
        "flat": nir.Flatten({"input": np.array([4, 4, 4])}, 0, -1),
        "dense": nir.Affine(rng.normal(0, 0.5, (20, 64)), np.full(20, 0.05)),
        "b": cuba(20),
        "again": nir.Linear(rng.normal(0, 0.2, (20, 20))),
        "late": nir.Delay(np.full(20, 3 * DT)),
        "skip": nir.Flatten({"input": np.array([4, 8, 8])}, 0, -1),
        "short": nir.Linear(rng.normal(0, 0.1, (10, 256))),
        "last": nir.Linear(rng.normal(0, 0.8, (10, 20))),
        "c": lif(10),
        "classes": nir.Output({"output": np.array([10])}),
    }
    chains = ["image conv a pool flat dense b last c classes", "b late again b", "a skip short c"]
    edges = [pair for chain in chains for pair in zip(chain.split(), chain.split()[1:])]
    # NIR's own type check knows no shape of a convolution that states none.
    return nir.NIRGraph(nodes, edges, type_check=False)


def main() -> None:
    program = compile_graph(graph(), "fixed", Options(dt=DT)).program
    timing = schedule(program)
    for layer in program.layers:
        late = timing.depths[layer.name]
        print(f"{layer.name}: {layer.neuron.kind}, {layer.size} neurons, {late} steps late")
    print("waits for the longer branch:", {name: n for name, n in timing.waits.items() if n})
    placement = place(program, load_chip("loihi2"))
    broken = [str(violation) for violation in placement.violations]
    print(f"Loihi 2: {placement.cores} core(s), {broken or 'no rule broken'}")

    spikes = np.random.default_rng(1).random((4, 30, 1, 8, 8)) < 0.3
    stimulus = Stimulus({"image": spikes}, samples=(0, 1, 2, 3))
    expected = run(program, stimulus)
    found = run(program, stimulus, "lava-stock")
    for name, fired in expected.spikes.items():
        differing = int((found.spikes[name] != fired).sum())
        print(f"{name}: {int(fired.sum())} spikes, {differing} differ on Lava")


if __name__ == "__main__":
    main()
