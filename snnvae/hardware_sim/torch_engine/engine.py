"""The torch engine: a program on a device, chunk by chunk of samples."""

from __future__ import annotations

import numpy as np

from snnvae.hardware_sim.reference import assemble, check_steps
from snnvae.hardware_sim.torch_engine.chunk import Chunk, Network
from snnvae.hardware_sim.torch_engine.devices import chosen, exact_products
from snnvae.program import Program
from snnvae.progress import NoProgress, Progress
from snnvae.recording import Recording
from snnvae.stimulus import Stimulus


def run(
    program: Program,
    stimulus: Stimulus,
    *,
    device: str,
    membranes: bool = False,
    progress: Progress | None = None,
) -> Recording:
    """Run all samples on "cuda", "cuda:N" or "cpu"; recording and errors are `reference.run`'s.

    ConfigError where the device is not there, BackendError where it does not sum exactly or its
    memory is full.
    """
    on = chosen(device)
    stimulus.check(program)
    check_steps(program, stimulus)
    progress = progress or NoProgress()
    batch, number = stimulus.batch, np.float64 if program.precision == "float" else np.int64
    start = (batch, stimulus.steps)
    silent = [layer for layer in program.layers if not layer.neuron.spiking]
    spikes = {n.name: np.empty((*start, *n.shape), bool) for n in program.layers if n not in silent}
    final = {n.name: np.empty((batch, *n.shape), number) for n in silent}
    recorded = program.layers if membranes else ()
    traces = {n.name: np.empty((*start, *n.shape), number) for n in recorded}
    saturated = dict.fromkeys((layer.name for layer in program.layers), 0)
    with exact_products(on):
        network = Network.of(program, on)
        size = network.samples(stimulus.steps, membranes)
        progress.start("emulator", batch)
        for at in range(0, batch, size):
            rows = slice(at, min(at + size, batch))
            chunk = Chunk(network, stimulus.select(rows), membranes=membranes)
            for name, values in spikes.items():
                values[rows] = chunk.spikes[name].cpu().numpy()
            for name, last in chunk.final.items():
                final[name][rows] = last
            for name, trace in traces.items():
                trace[rows] = chunk.membranes[name]
            for name, count in chunk.saturated.items():
                saturated[name] += count
            progress.advance(rows.stop - rows.start)
    progress.finish()
    info = {"backend": "emulator", "device": str(on), "latency": 0, "saturated": saturated}
    return assemble(program, stimulus, spikes, final, traces, info)
