"""What the host draws, drawn in code: the same spikes of the same seed, with no floating point."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from in_code import RUST, C, Language, in_each_with, summed

from snnvae import zoo
from snnvae.deploy.compile import compile_graph
from snnvae.deploy.microcontroller import draws
from snnvae.deploy.microcontroller.network import Network
from snnvae.deploy.run import run
from snnvae.draws.attributes import Attributes
from snnvae.draws.bernoulli import Bernoulli
from snnvae.draws.clock import Clock
from snnvae.draws.draw import Draw
from snnvae.draws.evidence import Evidence, Variable
from snnvae.draws.first_steps import FirstSteps
from snnvae.draws.gauss_sigmoid import GaussSigmoid
from snnvae.draws.label import Label
from snnvae.draws.one_hot import OneHot
from snnvae.draws.patterns import Patterns
from snnvae.export.nir_file import read_nir
from snnvae.hardware_sim.make_stimulus import build_stimulus
from snnvae.primitives import OneToOne
from snnvae.program import Program

SAMPLES, SEED = 5, 2**40 + 7


def run_drawn(
    language: Language, program: Program, folder: Path, seed: int = SEED
) -> dict[str, np.ndarray]:
    """Spikes of each layer, (samples, steps, *shape), of inputs that the code draws."""
    made = language.code(Network.of(program), draws_itself=True)
    flags = (*language.fast, *language.watched)
    path = language.build(folder, made, language.dialect.command(), flags)
    arguments = ["-l", "-o", ".", "-s", str(seed), "-n", str(SAMPLES), "-t", str(program.steps)]
    subprocess.run([path, *arguments], cwd=folder, check=True, capture_output=True)
    return {
        layer.name: np.load(folder / f"layer_{n}_spikes.npy").reshape(
            SAMPLES, program.steps, *layer.shape
        )
        for n, layer in enumerate(program.layers)
        if layer.neuron.spiking
    }


def kinds() -> dict[str, Draw]:
    rng = np.random.default_rng(0)

    def p(*shape: int) -> np.ndarray:
        values = rng.random(shape) + 0.01
        return values / values.sum(-1, keepdims=True)

    variables = (Variable("a", ("x", "y")), Variable("b", ("x", "y", "z")))
    named = {
        "power": OneHot("power", 5, 16, 4),
        "seven": OneHot("seven", 6, 7, 5),
        "one": OneHot("one", 3, 1, 6),
        "certain": OneHot("certain", 2, 1, 15, (1.0,)),
        "weighted": OneHot("weighted", 4, 3, 7, tuple(p(3).tolist())),
        "rates": Bernoulli("rates", np.append(rng.random(35), [0.0, 1.0]), 8),
        "whole": Attributes("whole", rng.integers(0, 2, (4, 6)).astype(float), 9),
        "graded": Attributes("graded", rng.random((4, 6)), 10),
        "class": Label("class", 4),
        "clock": Clock("clock", 3, 2),
        "told": Evidence("told", variables, {"b": "z"}),
        "untold": Evidence("untold", variables),
        "first": FirstSteps("first", 9, 3, 11),
        "patterns": Patterns(
            "patterns", rng.random((5, 4)) < 0.5, p(2, 5), np.array([0, 1, 1, 0]), 12
        ),
        "one kind": Patterns("one kind", rng.random((3, 11)) < 0.5, p(1, 3), np.zeros(2, int), 13),
        "one row": Patterns("one row", np.ones((1, 2), bool), p(1, 1), np.zeros(3, int), 14),
    }  # fmt: skip
    assert {type(draw) for draw in named.values()} == set(draws.MAKERS)
    return named


WORDS = ("int", "for", "seed", "step", "sample", "label", "linux", "0", "7z", "numbers", "D")
"""Names of inputs that mean something in C, or nothing."""


@in_each_with("named", ["kinds", "words"], soon=["kinds", "words"])
def test_every_kind_of_draw(language: Language, named: str, tmp_path: Path) -> None:
    """Each drives neurons of its own, which fire where the input does."""
    found: dict[str, Draw] = kinds()
    if named == "words":
        found = {
            f"to {name}": Bernoulli(name, np.full(5, 0.5), 4 + n) for n, name in enumerate(WORDS)
        }
    ports = {name: name.removeprefix("to ") if named == "words" else f"in {name}" for name in found}
    sizes = {name: draw.stream((0,), 1, 0, (0,)).shape[-1] for name, draw in found.items()}
    program = summed({name: OneToOne.plain((n,)) for name, n in sizes.items()})
    ones = {c.target: replace(c, synapse=c.synapse.with_weight(np.ones(c.synapse.out_shape, int)))
            for c in program.connections}  # fmt: skip
    fires = [
        replace(layer, neuron=replace(layer.neuron, threshold=np.asarray(0)))
        for layer in program.layers
    ]
    program = replace(
        program,
        layers=tuple(fires),
        inputs=tuple(replace(i, name=ports[i.name.removeprefix("in ")]) for i in program.inputs),
        connections=tuple(replace(c, source=ports[c.target]) for c in ones.values()),
        draws=tuple(replace(draw, port=ports[name]) for name, draw in found.items()),
    )
    wanted = build_stimulus(program, range(SAMPLES), seed=SEED)
    spikes = run_drawn(language, program, tmp_path)
    for name in found:
        np.testing.assert_array_equal(spikes[name], wanted.streams[ports[name]], err_msg=name)
        assert spikes[name].any() == (name != "untold")


@in_each_with("name", ["digits-fsvae", "glyphs-attribute-vae"], soon=["digits-fsvae"])
def test_models_of_the_zoo_draw_what_the_host_draws(
    language: Language, name: str, tmp_path: Path
) -> None:
    program = compile_graph(read_nir(zoo.path(name)), "fixed").program
    wanted = run(program, build_stimulus(program, range(SAMPLES), seed=3))
    for layer, spikes in run_drawn(language, program, tmp_path, 3).items():
        np.testing.assert_array_equal(spikes, wanted.spikes[layer], err_msg=layer)


@given(k=st.integers(2, 1000), place=st.integers(1, 999))
def test_bounds_are_those_of_numpy_s_own_product(k: int, place: int) -> None:
    place = min(place, k - 1)

    def reaches(m: int) -> bool:
        return bool(np.floor(m / 2**53 * k) >= place)

    bound = draws.least(reaches)
    assert reaches(bound)
    assert not reaches(bound - 1)


def test_what_needs_floating_point_stays_a_stream() -> None:
    program = compile_graph(read_nir(zoo.path("digits-esvae")), "fixed").program
    assert isinstance(program.draws[0], GaussSigmoid)
    network = Network.of(program)
    assert draws.drawn(network) == {}
    for language in (C, RUST):
        assert set(language.code(network, draws_itself=True)) == set(language.code(network))


def test_no_floating_point_in_what_a_chip_gets() -> None:
    program = compile_graph(read_nir(zoo.path("ising-chain8")), "fixed").program
    made = C.code(Network.of(program), draws_itself=True)
    for name in ("net.c", "net.h", "net_tables.h", "net_draws.c", "net_draws.h"):
        bare = re.sub(r"/\*.*?\*/", "", made[name], flags=re.DOTALL)
        assert not re.search(r"\b(float|double|malloc|free|printf)\b|\d\.\d", bare), name
        assert set(re.findall(r"#include <(.*?)>", bare)) <= {"stdint.h", "string.h"}
    made = RUST.code(Network.of(program), draws_itself=True)
    for name in ("lib.rs", "layers.rs", "tables.rs", "draws.rs", "arithmetic.rs"):
        bare = re.sub(r"//.*", "", made[f"src/{name}"])
        assert not re.search(r"\b(f32|f64|std|alloc|unsafe)\b(?!_)|\d\.\d", bare), name
    assert "#![no_std]\n#![forbid(unsafe_code)]\n" in made["src/lib.rs"]
