"""All benchmarks by name."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks import (
    c_cortex_m,
    c_dense,
    emulator,
    lava_conv,
    lava_modes,
    memory,
    nirtorch_peer,
    norse_peer,
    sparsity,
    startup,
    train,
)
from benchmarks.result import Result
from benchmarks.setup import Setup

Benchmark = Callable[[Setup], Result]

_ALL: tuple[Benchmark, ...] = (
    lava_modes.lava_batched,
    lava_modes.lava_batched_fixed,
    lava_conv.lava_conv,
    lava_modes.emulator_lava,
    emulator.emulator_reference,
    emulator.decode_peak,
    norse_peer.norse_generator,
    norse_peer.norse_decoder,
    nirtorch_peer.nirtorch_conv,
    nirtorch_peer.nirtorch_decoder,
    emulator.fixed_float,
    sparsity.sparse_conv,
    c_dense.c_emulator,
    c_cortex_m.c_cortex_m,
    memory.memory,
    startup.startup_version,
    startup.startup_help,
    startup.startup_lava,
    train.train_fsvae,
    train.train_fsvae_memory,
    train.train_esvae,
    train.train_esvae_memory,
)
BENCHMARKS: dict[str, Benchmark] = {benchmark.__name__: benchmark for benchmark in _ALL}
