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
from snnvae.deploy.c import compiler, cortex_m

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
    memory.memory,
    startup.startup_version,
    startup.startup_help,
    startup.startup_lava,
    train.train_fsvae,
    train.train_fsvae_memory,
    train.train_esvae,
    train.train_esvae_memory,
)
_WITH_TOOLS: tuple[tuple[Benchmark, bool], ...] = (
    (c_dense.c_emulator, compiler.found() is not None),
    (c_cortex_m.c_cortex_m, cortex_m.missing() is None),
)
"""Those that need a compiler or an emulator, and whether it is installed."""
BENCHMARKS: dict[str, Benchmark] = {
    benchmark.__name__: benchmark
    for benchmark in (*_ALL, *(each for each, there in _WITH_TOOLS if there))
}
