"""Programs in C and in Rust beside the reference: every spike and every membrane."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from random_graphs import random_graph, random_streams
from thorough import often, thorough

from snnvae.deploy import c, rust
from snnvae.deploy.compile import compile_graph
from snnvae.deploy.microcontroller.dialect import Dialect
from snnvae.hardware_sim import reference
from snnvae.options import Options
from snnvae.primitive import Synapse
from snnvae.primitives import OneToOne
from snnvae.primitives.fixed_neuron import FixedNeuron
from snnvae.program import Connection, Input, Layer, Program, Readout
from snnvae.recording import Recording
from snnvae.stimulus import Stimulus

STRICT = (
    "-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Wcast-qual", "-Wundef",
    "-Werror",
)  # fmt: skip
FAST = ("-std=c99", "-O0", *STRICT)
SANITIZED = (
    "-std=c99", "-O0", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", *STRICT,
)  # fmt: skip
CHECKS = ("-C", "overflow-checks=on", "-C", "debug-assertions=on", "-D", "warnings")
DEBUG = ("-C", "opt-level=0", *CHECKS)
OPTIMISED = ("-C", "opt-level=2", *CHECKS)


@dataclass(frozen=True)
class Language:
    """A dialect, with the flags of its compiler that are soon done, and those that look closest;
    build, code: of its files; watched: flags of a harness that watches the layers."""

    dialect: Dialect
    run: Callable[..., Recording]
    fast: Sequence[str]
    checked: Sequence[str]
    build: Callable[[Path, dict[str, str], Sequence[str], Sequence[str]], Path]
    code: Callable[..., dict[str, str]]
    watched: Sequence[str] = ()

    def __str__(self) -> str:
        return self.dialect.backend


C = Language(c.DIALECT, c.run, FAST, SANITIZED, c.compiler.build, c.package.code, ("-DNET_TRACE",))
RUST = Language(rust.DIALECT, rust.run, DEBUG, OPTIMISED, rust.compiler.build, rust.package.code)


def needs(language: Language) -> pytest.MarkDecorator:
    """Skips where the language has no compiler."""
    lacks = language.dialect.lacking()
    return pytest.mark.skipif(lacks is not None, reason=str(lacks))


in_each = pytest.mark.parametrize(
    "language", [pytest.param(each, id=str(each), marks=needs(each)) for each in (C, RUST)]
)
"""Lets a test run in each language that has a compiler here."""


def in_each_with(name: str, values: Iterable[Any], soon: Collection[Any]) -> pytest.MarkDecorator:
    """The same for each value of a parameter; Rust, whose compiler is slow, takes those that are
    not among `soon` in the thorough run."""
    found = []
    for language in (C, RUST):
        for value in values:
            marks = [needs(language), *[thorough] * (language is RUST and value not in soon)]
            told = value if isinstance(value, str) else "-".join(map(str, value))
            found.append(pytest.param(language, value, id=f"{language}-{told}", marks=marks))
    return pytest.mark.parametrize(("language", name), found)


HERE = {str(language) for language in (C, RUST) if language.dialect.lacking() is None}
"""The languages that a check of all backends runs."""
on_the_emulator_or_all = pytest.mark.parametrize(
    "backends",
    often(
        ["emulator", " ".join(["emulator", "lava-batched", "lava-stock", *sorted(HERE)])],
        ["emulator"],
    ),
)
"""Lets a check run on the emulator, and in the thorough run on every backend."""
STEPS, SAMPLES = 10, 3
RESETS = ("zero", "subtract", "subtract-delayed", "subtract-ahead")


def random_program(seed: int) -> tuple[Program, Stimulus]:
    """Every reset, spike rule and integrator in turn, sixteenths or tenths, three samples."""
    rules = {
        "reset": RESETS[seed % 4],
        "spike": ("above", "reached")[seed // 4 % 2],
        "integrator": ("euler", "exponential", "exponential-decay")[seed % 3],
    }
    case = random_graph(seed, decimals=seed // 8 % 2 == 1, metadata=rules)
    per = "channel" if seed % 5 == 0 else "layer"
    options = Options(saturate=True, scale_per=per)
    program = compile_graph(case.graph, "fixed", options).program
    samples = [random_streams(case, STEPS, 7 * seed + n) for n in range(SAMPLES)]
    streams = {name: np.stack([s[name] for s in samples]) for name in samples[0]}
    return program, Stimulus(streams, tuple(range(SAMPLES)))


def assert_same(
    program: Program,
    stimulus: Stimulus,
    flags: Sequence[str] | None = None,
    *,
    language: Language = C,
    membranes: bool = True,
    hint: object = "",
) -> int:
    """Compares; how many spikes there were."""
    wanted = reference.run(program, stimulus, membranes=membranes)
    own = language.fast if flags is None else flags
    found = language.run(program, stimulus, membranes=membranes, flags=own)
    assert_equal(found, wanted, hint)
    return sum(int(spikes.sum()) for spikes in wanted.spikes.values())


def assert_equal(found: Recording, wanted: Recording, hint: object = "") -> None:
    """All values and types of two recordings."""
    for part in ("spikes", "final", "outputs", "membranes"):
        ours, theirs = getattr(found, part), getattr(wanted, part)
        assert ours.keys() == theirs.keys()
        for name, values in theirs.items():
            np.testing.assert_array_equal(ours[name], values, err_msg=f"{hint} {part} {name}")
            assert ours[name].dtype == values.dtype


def compiler_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets `name` be the compiler, or skips where it is not installed."""
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed")
    monkeypatch.setenv("CC", name)


def can_sanitize(name: str, flags: Sequence[str], folder: Path) -> bool:
    """Tells whether the libraries of a compiler's sanitizers are installed."""
    (folder / "empty.c").write_text("int main(void) { return 0; }\n")
    command = [name, *flags, "empty.c", "-o", "empty"]
    return subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode == 0


def program_of(
    inputs: Sequence[Input], layers: Sequence[Layer], connections: Sequence[Connection]
) -> Program:
    """A fixed-point program, all of whose layers are outputs."""
    outputs = {f"out {layer.name}": layer.name for layer in layers}
    return Program(
        precision="fixed",
        dt=1e-3,
        steps=STEPS,
        inputs=tuple(inputs),
        layers=tuple(layers),
        connections=tuple(connections),
        outputs=outputs,
        readouts={name: Readout(layer) for name, layer in outputs.items()},
    )


def driven(neurons: dict[str, FixedNeuron], shape: tuple[int, ...]) -> Program:
    """Layers of these neurons, each with currents of its own from the host: the values given."""
    inputs = [Input(f"to {name}", shape, analog=True, low=-1e9, high=1e9) for name in neurons]
    layers = [Layer(name, shape, neuron) for name, neuron in neurons.items()]
    wires = [
        Connection(f"w {name}", f"to {name}", name, OneToOne.plain(shape), on_host=True)
        for name in neurons
    ]
    return program_of(inputs, layers, wires)


def summed(synapses: dict[str, Synapse], **own: Any) -> Program:
    """A layer for each synapse with integer weights, behind an input of its own: its membrane is
    64 times the current."""
    from snnvae.primitives.parameters import FixedBias

    inputs, layers, wires = [], [], []
    forgets = FixedNeuron(
        "Relay", dv=np.asarray(4096), bias=FixedBias(np.asarray(0), 0), start=np.asarray(0)
    )
    for name, synapse in synapses.items():
        inputs.append(Input(f"in {name}", synapse.in_shape))
        layers.append(Layer(name, synapse.out_shape, forgets))
        wires.append(Connection(f"w {name}", f"in {name}", name, synapse, **own))
    return program_of(inputs, layers, wires)


def stated(shape: str) -> bytes:
    """A .npy file of spikes that states that shape, and holds nothing."""
    text = f"{{'descr': '|b1', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text
