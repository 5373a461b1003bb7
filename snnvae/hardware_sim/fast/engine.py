"""The fast engine: the reference's results, spike for spike, near the machine's limit."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager, suppress

from snnvae.hardware_sim.fast.block import Block
from snnvae.hardware_sim.fast.memory import portion
from snnvae.hardware_sim.fast.plan import Plan
from snnvae.hardware_sim.host import host_currents
from snnvae.hardware_sim.reference import assemble, check_steps
from snnvae.hardware_sim.results import Results
from snnvae.machine import cores
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
    max_memory: int | None = None,
    threads: int | None = None,
) -> Recording:
    """Run all samples; arguments, recording and errors are those of `reference.run`.

    max_memory: bytes that the run may take, its recording included (see `memory`); threads: as many
    as there are cores. ``info["recomputed"]`` counts the neurons whose spikes rounded weights could
    not decide.
    """
    stimulus.check(program)
    check_steps(program, stimulus)
    progress = progress or NoProgress()
    steps, batch = stimulus.steps, stimulus.batch
    at_once = portion(
        program,
        steps,
        batch,
        threads=threads or cores(),
        max_memory=max_memory,
        membranes=membranes,
    )
    window = at_once.window
    beyond = _beyond_range(program, stimulus)
    plan = Plan.of(program, window, exact=membranes or window < steps or beyond, ordered=beyond)
    results = Results.empty(program, batch, steps, membranes)
    groups = [slice(at, min(at + at_once.group, batch)) for at in range(0, batch, at_once.group)]
    blocks: list[Block] = []
    spare: dict[int, list[Block]] = {rows.stop - rows.start: [] for rows in groups}

    def block_of(batch: int) -> Block:
        """A block that another group has done with, or a new one: fresh memory costs time."""
        with suppress(IndexError):  # another thread may take the last one first
            block = spare[batch].pop()
            block.reset()
            return block
        blocks.append(Block(plan, batch, window, membranes=membranes))
        return blocks[-1]

    def task(rows: slice) -> int:
        part = stimulus.select(rows)
        block = block_of(part.batch)
        host = host_currents(program, part)
        for begin in range(0, steps, window):
            now = slice(begin, min(begin + window, steps))
            ports = {i.name: part.streams[i.name][:, now] for i in program.inputs if not i.analog}
            block.run(ports, {name: c[:, now] for name, c in host.items()}, now.stop - begin)
            _take(results, block, rows, now)
            block.forward(now.stop - begin)
        spare[part.batch].append(block)
        return part.batch

    progress.start("emulator", batch)
    with _pool(at_once.threads) as pool:
        for future in as_completed([pool.submit(task, rows) for rows in groups]):
            progress.advance(future.result())
    progress.finish()
    saturated = {
        layer.name: sum(block.saturated[layer.name] for block in blocks) for layer in program.layers
    }
    recomputed = sum(block.recomputed for block in blocks)
    info: dict[str, object] = {
        "backend": "emulator",
        "latency": 0,
        "saturated": saturated,
        "recomputed": recomputed,
    }
    return assemble(program, stimulus, results.spikes, results.final, results.membranes, info)


def _beyond_range(program: Program, stimulus: Stimulus) -> bool:
    """Tells whether an analog input holds what its layer's grid was not made for."""
    return any(
        bool((stimulus.streams[i.name] < i.low).any() or (stimulus.streams[i.name] > i.high).any())
        for i in program.inputs
        if i.analog
    )


@contextmanager
def _pool(threads: int) -> Iterator[ThreadPoolExecutor]:
    """Threads; when anything goes wrong, what has not begun does not begin."""
    pool = ThreadPoolExecutor(threads)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _take(results: Results, block: Block, rows: slice, steps: slice) -> None:
    """Takes into the results what a block that has run these steps holds."""
    count = steps.stop - steps.start
    for name, spikes in results.spikes.items():
        block.fired(name, count, spikes[rows, steps])
    for name, final in results.final.items():
        final[rows] = block.membrane(name)
    for name, values in results.membranes.items():
        h = block.plan.history[name]
        values[rows, steps] = block.membranes[name][:, h : h + count]
