"""Lava batched beside a graph of Lava's own Conv and LIFReset processes."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks import networks
from benchmarks.conv_nets import conv_chain
from benchmarks.result import Aim, Result, same_spikes
from benchmarks.setup import Setup
from benchmarks.timing import best_of, per_sample
from snnvae.deploy.compile import compile_graph
from snnvae.deploy.run import run
from snnvae.program import Program
from snnvae.stimulus import Stimulus

CHANNELS, SIDE, LAYERS, RATE = 64, 4, 4, 0.3
SAMPLES = 5
"""That Lava's Conv runs, the first of them before the clock starts."""


def lava_conv(setup: Setup) -> Result:
    """Per sample, without Lava's start-up, on four layers of 64 channels, 4×4."""
    channels = 8 if setup.small else CHANNELS
    program = compile_graph(conv_chain(channels, SIDE, LAYERS, rate=RATE)).program
    few, many = setup.samples, 33 * setup.samples
    stimuli = [networks.stimulus(program, n, rate=RATE) for n in (few, many)]
    times = best_of(
        {str(s.batch): partial(run, program, s, "lava-batched") for s in stimuli},
        min(2, setup.repeats),
        warm=False,
    )
    ours = per_sample(times[str(few)], times[str(many)], many - few)
    given = stimuli[0].select(slice(0, SAMPLES))
    theirs, spikes = _with_conv(program, given)
    made = run(program, given, "lava-batched").spikes
    rates = {name: float(s.mean()) for name, s in made.items()}
    return Result(
        "lava_conv",
        "Lava batched",
        1e3 * ours,
        "Lava's Conv and LIFReset",
        1e3 * theirs,
        "ms/sample",
        theirs / ours,
        Aim(800),
        same_spikes(made, spikes),
        {"rates": rates, f"seconds for {few} samples, start-up included": times[str(few)]},
    )


def _with_conv(program: Program, stimulus: Stimulus) -> tuple[float, dict[str, np.ndarray]]:
    """Seconds per sample and spikes of Lava's own processes, in a Python of their own."""
    layers = program.layers
    job = {f"weight {i}": program.into(n.name)[0].synapse.weight for i, n in enumerate(layers)}
    forms = [dict(n.neuron.lava(n.shape, 1, 0).arguments) for n in layers]
    job |= {f"dv {i}": np.max(form["dv"]) for i, form in enumerate(forms)}
    job |= {f"vth {i}": np.max(form["vth"]) for i, form in enumerate(forms)}
    job["spikes"] = next(iter(stimulus.streams.values()))
    with tempfile.TemporaryDirectory() as folder:
        given, made = Path(folder, "job.npz"), Path(folder, "made.npz")
        np.savez(given, **job)
        command = [sys.executable, "-m", "benchmarks.lava_conv_net", str(given), str(made)]
        subprocess.run(command, check=True)
        found = dict(np.load(made))
    return float(found.pop("seconds")), {layers[int(k)].name: v for k, v in found.items()}
