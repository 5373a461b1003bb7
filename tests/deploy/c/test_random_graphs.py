"""Random graphs of everything that a program can hold, in C: spike for spike, bit for bit."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from in_code import (
    FAST,
    RESETS,
    SANITIZED,
    STRICT,
    assert_same,
    can_sanitize,
    compiler_named,
    random_program,
)

from snnvae.deploy.microcontroller.network import Network

FEW = range(18)
MANY, PER_BATCH = 2000, 100


def test_random_graphs() -> None:
    fired = sum(assert_same(*random_program(seed), FAST, hint=seed) for seed in FEW)
    assert fired > 5_000


def test_without_undefined_behaviour() -> None:
    for seed in (0, 5, 11):
        assert_same(*random_program(seed), SANITIZED, hint=seed)


def test_of_clang(monkeypatch: pytest.MonkeyPatch) -> None:
    compiler_named("clang", monkeypatch)
    for seed in FEW[:4]:
        assert_same(*random_program(seed), FAST, membranes=False, hint=seed)


BUILDS = [(name, flags) for flags in (("-std=c99", "-O2", *STRICT), SANITIZED)
          for name in ("gcc", "clang")]  # fmt: skip


@pytest.mark.thorough
@pytest.mark.parametrize("batch", range(MANY // PER_BATCH))
def test_2000_random_graphs(batch: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """By gcc and clang, optimised and with sanitizers, in turn."""
    for compiler, flags in BUILDS:
        compiler_named(compiler, monkeypatch)
        if not can_sanitize(compiler, flags, tmp_path):
            pytest.skip(f"{compiler}'s sanitizers are not installed")
    for seed in range(PER_BATCH * batch, PER_BATCH * (batch + 1)):
        compiler, flags = BUILDS[seed // 16 % len(BUILDS)]  # all rules for each
        monkeypatch.setenv("CC", compiler)
        assert_same(*random_program(seed), flags, hint=seed)


def test_the_few_have_everything_in_them() -> None:
    seen: Counter[str] = Counter()
    for seed in FEW:
        program, _ = random_program(seed)
        network = Network.of(program)
        wires = [wire for part in network.parts for wire in part.wires]
        seen.update({type(wire.fan_out).__name__ for wire in wires})
        seen.update({layer.neuron.reset for layer in program.layers if layer.neuron.spiking})
        seen["delay"] += any(wire.connection.delay for wire in wires)
        seen["loop"] += bool(program.looped)
        seen["graded"] += any(wire.graded for wire in wires)
        seen["graded and late"] += any(w.graded and w.connection.delay for w in wires)
        seen["host"] += bool(network.host_driven)
        seen["wide"] += any(part.limits.wide for part in network.parts)
        seen["wide product"] += any(wire.wide_product for wire in wires)
        seen["wraps"] += any(part.limits.wraps for part in network.parts)
        seen["u"] += any(layer.neuron.du is not None for layer in program.layers)
        seen["doubled"] += any(part.units == 2 for part in network.parts)
        seen["mixed"] += any(p.units == 1 and len(p.wires) > 0 for p in network.parts)
        seen["several inputs"] += len(program.inputs) > 1
    every = ["Dense", "Sparse", "Twins", "Kernel", *RESETS, "delay", "loop", "graded", "host"]
    every += ["u", "doubled", "mixed", "several inputs", "graded and late", "wraps"]
    assert {name for name in every if not seen[name]} == set(), seen
