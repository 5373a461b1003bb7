"""Your own .nir file with your own input: the single neuron of the NIR paper, on two backends.

Pedersen et al., Nature Communications 2024, experiment 1: tau = 2.5 ms, threshold 0.1, dt = 0.1 ms.
Published spike steps: 460 510 710 760; on Lava one step later each, as its synapse takes a step.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import nir
import numpy as np

import snnvae as sv

INPUT_STEPS = (
    60, 220, 270, 310, 320, 350, 370, 400, 410, 430, 440, 450, 460, 470, 480, 490, 500, 510, 520,
    530, 670, 680, 690, 700, 710, 720, 730, 740, 750, 760, 770, 780, 840, 850,
)  # fmt: skip


def main() -> None:
    one = np.ones(1)
    nodes = {
        "input": nir.Input({"input": np.array([1])}),
        "weight": nir.Affine(weight=np.ones((1, 1)), bias=np.zeros(1)),
        "lif": nir.LIF(tau=2.5e-3 * one, r=one, v_leak=0 * one, v_threshold=0.1 * one),
        "output": nir.Output({"output": np.array([1])}),
    }
    edges = [("input", "weight"), ("weight", "lif"), ("lif", "output")]
    spikes_in = np.zeros((1000, 1), bool)
    spikes_in[list(INPUT_STEPS)] = True

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "lif.nir"
        sv.write(nir.NIRGraph(nodes, edges), path)
        graph = sv.read(path)

    for precision in ("float", "fixed"):
        # The file does not say its dt, so we must.
        program = sv.compile(graph, precision, dt=1e-4, initial="v_reset")
        stimulus = sv.make_stimulus(program, spikes_in)
        for backend in ("reference", "lava-stock"):
            recording = sv.run(program, stimulus, backend)
            steps = np.flatnonzero(recording.spikes["lif"][0, :, 0])
            late = recording.info["latency"]
            print(f"{precision:<6} {backend:<12} spikes at {steps}, in hardware {steps + late}")


if __name__ == "__main__":
    main()
