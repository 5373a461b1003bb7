"""The torch engine: a program on a device, chunk by chunk of samples."""

from __future__ import annotations

from snnvae.hardware_sim.reference import assemble, check_steps
from snnvae.hardware_sim.results import Results
from snnvae.hardware_sim.torch_engine.chunk import Chunk, TorchNetwork
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
    batch = stimulus.batch
    results = Results.empty(program, batch, stimulus.steps, membranes)
    saturated = dict.fromkeys((layer.name for layer in program.layers), 0)
    with exact_products(on):
        network = TorchNetwork.of(program, on)
        size = network.samples(stimulus.steps, membranes)
        progress.start("emulator", batch)
        for at in range(0, batch, size):
            rows = slice(at, min(at + size, batch))
            chunk = Chunk(network, stimulus.select(rows), membranes=membranes)
            for name, values in results.spikes.items():
                values[rows] = chunk.spikes[name].cpu().numpy()
            for name, last in chunk.final.items():
                results.final[name][rows] = last
            for name, trace in results.membranes.items():
                trace[rows] = chunk.membranes[name]
            for name, count in chunk.saturated.items():
                saturated[name] += count
            progress.advance(rows.stop - rows.start)
    progress.finish()
    info = {"backend": "emulator", "device": str(on), "latency": 0, "saturated": saturated}
    return assemble(program, stimulus, results.spikes, results.final, results.membranes, info)
