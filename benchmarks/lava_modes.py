"""Lava batched, and the emulator, beside Lava's own processes on the benchmark network."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from benchmarks import networks
from benchmarks.result import Aim, Result, same_spikes
from benchmarks.setup import Setup
from benchmarks.timing import best_of, per_sample
from snnvae.deploy.run import Backend, run
from snnvae.program import Precision, Program

STOCK = (2, 10)
"""Samples of the two runs whose difference has no start-up."""
REPEATS = 3
MANY = 7
"""Times the samples of a batch, for the larger of two batched runs."""
STOCK_LABEL = "Lava's LIFReset and Sparse, pipelined"


def lava_batched(setup: Setup) -> Result:
    """Batched mode beside stock mode, per sample, both without Lava's start-up."""
    return _batched(setup, "lava_batched", "float")


def lava_batched_fixed(setup: Setup) -> Result:
    """The same in fixed point."""
    return _batched(setup, "lava_batched_fixed", "fixed")


def _batched(setup: Setup, name: str, precision: Precision) -> Result:
    program = networks.program(setup, precision)
    few, many = setup.samples, MANY * setup.samples
    times = best_of(
        {
            "few": _job(program, "lava-batched", few),
            "many": _job(program, "lava-batched", many),
            **_stock(program),
        },
        min(REPEATS, setup.repeats),
        warm=False,
    )
    ours, stock = per_sample(times["few"], times["many"], many - few), _stock_sample(times)
    start = times["few"] - few * ours
    return Result(
        name,
        f"Lava batched, {precision}",
        1e3 * ours,
        STOCK_LABEL,
        1e3 * stock,
        "ms/sample",
        stock / ours,
        Aim(40, 100),
        _same(program, "lava-batched"),
        {
            "seconds for one batch, start-up included": times["few"],
            "samples of that batch": few,
            "seconds of start-up": start,
            "seconds of start-up, stock": times["stock few"] - STOCK[0] * stock,
            "ratio end to end for that batch": (start + few * stock) / times["few"],
        },
    )


def emulator_lava(setup: Setup) -> Result:
    """The emulator beside stock mode, per sample."""
    program = networks.program(setup)
    batch = networks.stimulus(program, setup.samples)
    jobs = {"ours": partial(run, program, batch), **_stock(program)}
    times = best_of(jobs, setup.repeats, warm=False)
    ours, stock = times["ours"] / setup.samples, _stock_sample(times)
    return Result(
        "emulator_lava",
        f"emulator, {setup.samples} samples",
        1e3 * ours,
        STOCK_LABEL,
        1e3 * stock,
        "ms/sample",
        stock / ours,
        Aim(100, 250),
        _same(program, "emulator"),
        {"ratio with Lava's start-up, 10 samples": times["stock many"] / (STOCK[1] * ours)},
    )


def _stock(program: Program) -> dict[str, Callable[[], object]]:
    few, many = STOCK
    return {
        "stock few": _job(program, "lava-stock", few),
        "stock many": _job(program, "lava-stock", many),
    }


def _stock_sample(times: dict[str, float]) -> float:
    return per_sample(times["stock few"], times["stock many"], STOCK[1] - STOCK[0])


def _job(program: Program, backend: Backend, samples: int) -> Callable[[], object]:
    return partial(run, program, networks.stimulus(program, samples), backend)


def _same(program: Program, backend: Backend) -> str:
    """Both on the same samples."""
    stimulus = networks.stimulus(program, STOCK[0])
    ours, stock = (run(program, stimulus, b) for b in (backend, "lava-stock"))
    return same_spikes(ours.spikes, stock.spikes)
