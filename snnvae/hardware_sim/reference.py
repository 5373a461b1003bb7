"""The reference engine: every primitive's definition in plain NumPy, step by step."""

from __future__ import annotations

import json
from dataclasses import asdict

import numpy as np

from snnvae.errors import DataError
from snnvae.hardware_sim.host import host_currents, readout
from snnvae.hardware_sim.stepper import Stepper
from snnvae.options import Options
from snnvae.primitives import FixedNeuron
from snnvae.program import Program
from snnvae.progress import NoProgress, Progress
from snnvae.recording import Recording
from snnvae.stimulus import Stimulus


def run(
    program: Program,
    stimulus: Stimulus,
    *,
    membranes: bool = False,
    progress: Progress | None = None,
) -> Recording:
    """Run all samples of the stimulus at once; `membranes` records them after each step.

    In a fixed-point program `info["saturated"]` counts, per layer, the updates that left 24 bits.
    """
    stimulus.check(program)
    check_steps(program, stimulus)
    progress = progress or NoProgress()
    host = host_currents(program, stimulus)
    stepper = Stepper(program, stimulus.batch)
    shape = (stimulus.batch, stimulus.steps)
    spikes = {
        layer.name: np.zeros((*shape, *layer.shape), bool)
        for layer in program.layers
        if layer.neuron.spiking
    }
    traces = {
        layer.name: np.zeros((*shape, *layer.shape), stepper.states[layer.name][0].dtype)
        for layer in program.layers
        if membranes
    }
    saturated = dict.fromkeys((layer.name for layer in program.layers), 0)
    progress.start("reference", stimulus.steps)
    for t in range(stimulus.steps):
        before = dict(stepper.states)
        ports = {i.name: stimulus.streams[i.name][:, t] for i in program.inputs if not i.analog}
        out = stepper.step(ports, {name: current[:, t] for name, current in host.items()})
        for layer in program.layers:
            if layer.name in spikes:
                spikes[layer.name][:, t] = out[layer.name]
            if membranes:
                traces[layer.name][:, t] = stepper.states[layer.name][0]
            if isinstance(layer.neuron, FixedNeuron):
                beyond = layer.neuron.saturates(before[layer.name], stepper.currents[layer.name])
                saturated[layer.name] += int(beyond.sum())
        progress.advance()
    progress.finish()
    silent = [layer.name for layer in program.layers if not layer.neuron.spiking]
    final = {name: stepper.states[name][0] for name in silent}
    info = {"backend": "reference", "latency": 0, "saturated": saturated}
    return assemble(program, stimulus, spikes, final, traces, info)


def check_steps(program: Program, stimulus: Stimulus) -> None:
    """DataError if a fixed-point readout that never forgets would get more steps than it is for."""
    for layer in program.layers:
        neuron = layer.neuron
        endless = isinstance(neuron, FixedNeuron) and not neuron.spiking and np.any(neuron.dv == 0)
        if endless and stimulus.steps > program.steps:
            raise DataError(
                f"'{layer.name}' forgets nothing, so its scale is for the {program.steps} steps it "
                f"was compiled for, not {stimulus.steps}; compile with `steps` {stimulus.steps}"
            )


def assemble(
    program: Program,
    stimulus: Stimulus,
    spikes: dict[str, np.ndarray],
    final: dict[str, np.ndarray],
    membranes: dict[str, np.ndarray],
    info: dict[str, object],
) -> Recording:
    """The recording of a run, with the inputs and everything that identifies it.

    That includes the options that the program was compiled with, so that the graph in the file
    compiles to it again.
    """
    inputs = {i.name: stimulus.streams[i.name] for i in program.inputs if not i.analog}
    analog = {i.name: stimulus.streams[i.name] for i in program.inputs if i.analog}
    return Recording(
        spikes={**{name: s.astype(bool) for name, s in inputs.items()}, **spikes},
        analog=analog,
        final=final,
        outputs=readout(program, final),
        membranes=membranes,
        info={
            "precision": program.precision,
            "dt": program.dt,
            "steps": stimulus.steps,
            "seed": stimulus.seed,
            "samples": list(stimulus.samples),
            "program": program.digest(),
            "options": _plain(program.options),
            **info,
        },
    )


def _plain(options: Options) -> dict[str, object]:
    """Returns the options as JSON gives them back: lists for tuples."""
    plain: dict[str, object] = json.loads(json.dumps(asdict(options)))
    return plain
