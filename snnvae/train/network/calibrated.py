"""Scales of fixed point from the samples that are to be trained on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import nir
import numpy as np

from snnvae.deploy.compile import compile_graph
from snnvae.deploy.fixed.calibrate import calibrate
from snnvae.hardware_sim.make_stimulus import build_stimulus
from snnvae.options import Options

SAMPLES = 256
"""At most, spread evenly over all: files often hold one class after another."""


def calibrated(
    graph: nir.NIRGraph, options: Options, data: Mapping[str, np.ndarray], method: str
) -> Options:
    """The options with the scales that data (B, T, *shape), by input, give."""
    program = compile_graph(graph, "float", options).program
    count = len(next(iter(data.values())))
    spread = np.linspace(0, count - 1, min(count, SAMPLES)).round().astype(int)
    some = {name: values[spread] for name, values in data.items()}
    stimulus = build_stimulus(program, range(len(spread)), seed=0, steps=program.steps, data=some)
    return replace(options, scales=calibrate(program, stimulus, method))
