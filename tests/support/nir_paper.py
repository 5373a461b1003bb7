"""The single neuron of the NIR paper (Pedersen et al., 2024, experiment 1), dt = 0.1 ms."""

from __future__ import annotations

import nir
import numpy as np

DT = 1e-4
INPUT = [60, 220, 270, 310, 320, 350, 370, 400, 410, 430, 440, 450, 460, 470, 480, 490, 500, 510]
INPUT += [520, 530, 670, 680, 690, 700, 710, 720, 730, 740, 750, 760, 770, 780, 840, 850]
"""Steps at which the input spikes."""
EULER = [460, 510, 710, 760]
"""Steps at which the neuron fires in Norse, Nengo, snnTorch and SpiNNaker 2."""
EXPONENTIAL = [450, 500, 710, 760]
"""In Rockpool and Sinabs."""
LAVA = [461, 511, 711, 761]
"""In Lava, one step late."""


def nodes() -> dict[str, nir.NIRNode]:
    """The input, a weight of 1, the neuron and the output, in a row."""
    one = np.ones(1)
    return {
        "in": nir.Input(np.array([1])),
        "w": nir.Affine(np.ones((1, 1)), np.zeros(1)),
        "lif": nir.LIF(2.5e-3 * one, one, 0 * one, 0.1 * one, v_reset=0 * one),
        "out": nir.Output(np.array([1])),
    }


def stream() -> np.ndarray:
    """The input, (steps, neurons)."""
    spikes = np.zeros((1000, 1), bool)
    spikes[INPUT] = True
    return spikes
