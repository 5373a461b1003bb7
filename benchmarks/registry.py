"""All benchmarks by name."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks import emulator, lava_conv, lava_modes, memory, sparsity, startup
from benchmarks import nirtorch_peer, norse_peer
from benchmarks.result import Result
from benchmarks.setup import Setup

Benchmark = Callable[[Setup], Result]

_ALL: tuple[Benchmark, ...] = (
    lava_modes.lava_batched,
    lava_conv.lava_conv,
    lava_modes.emulator_lava,
    emulator.emulator_reference,
    emulator.decode_peak,
    norse_peer.norse_generator,
    norse_peer.norse_decoder,
    nirtorch_peer.nirtorch_conv,
    emulator.fixed_float,
    sparsity.sparse_conv,
    memory.memory,
    startup.startup_version,
    startup.startup_help,
    startup.startup_lava,
)
BENCHMARKS: dict[str, Benchmark] = {benchmark.__name__: benchmark for benchmark in _ALL}
