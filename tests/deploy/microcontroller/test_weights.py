"""Every kind of connection, of every geometry; membranes sent on; delays and rings."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from convolutions import Case, convolutions
from hypothesis import given, settings
from hypothesis import strategies as st
from in_code import STEPS, C, Language, assert_same, in_each, in_each_with, summed

from snnvae.deploy.microcontroller import network as laid_out
from snnvae.deploy.microcontroller import runner
from snnvae.deploy.microcontroller.network import Network
from snnvae.deploy.microcontroller.sizes import additions
from snnvae.errors import ConfigError, UnsupportedError
from snnvae.hardware_sim import reference
from snnvae.primitive import Synapse
from snnvae.primitives import AvgPool2d, Linear, OneToOne, Sparse, SumPool2d
from snnvae.program import Connection, Program
from snnvae.stimulus import Stimulus

TOGETHER = 30


def random_spikes(program: Program, samples: int = 2, steps: int = STEPS) -> Stimulus:
    rng = np.random.default_rng(0)
    streams = {i.name: rng.random((samples, steps, *i.shape)) < 0.4 for i in program.inputs}
    return Stimulus(streams, tuple(range(samples)))


def integers(synapse: Synapse, seed: int, largest: int = 127) -> Synapse:
    rng = np.random.default_rng(seed)
    weight = 2 * rng.integers(-largest, largest + 1, synapse.weight.shape)
    return synapse.with_weight(np.where(synapse.weight == 0, 0, weight))


@in_each
@given(cases=st.lists(convolutions(), min_size=TOGETHER, max_size=TOGETHER))
@settings(max_examples=2)
def test_convolutions_of_every_geometry(language: Language, cases: list[Case]) -> None:
    synapses = {f"c{n}": integers(synapse, n) for n, (synapse, _) in enumerate(cases)}
    program = summed(synapses)
    assert_same(program, random_spikes(program), language=language)


def all_kinds() -> dict[str, Synapse]:
    rng = np.random.default_rng(3)
    full = Linear((40,), (7,), rng.integers(-128, 128, (7, 40)))
    few = Linear((300,), (300,), rng.integers(-9, 9, (300, 300)) * (rng.random((300, 300)) < 0.02))
    ones = np.ones((3, 1, 2, 2), np.int64)
    pool = (3, 6, 4), (3, 3, 2)
    return {
        "odd": full,
        "even": full.with_weight(full.weight * 2),
        "sixteen bits": full.with_weight(full.weight * 255),
        "32 bits": full.with_weight(full.weight * 2**19 + 1),
        "few": few,
        "lists": Sparse.of(few),
        "twins": OneToOne((5, 7), (5, 7), rng.integers(-5, 5, (5, 7))),
        "same": OneToOne((33,), (33,), np.full(33, 12)),
        "sum": SumPool2d(*pool, 8 * ones, (2, 2), (0, 0), (1, 1), 3),
        "average": AvgPool2d(*pool, np.arange(1, 4)[:, None, None, None] * ones, (2, 2), (0, 0),
                             (1, 1), 3),
        "nothing": full.with_weight(full.weight * 0),
    }  # fmt: skip


@in_each
def test_every_kind_in_the_integers_that_hold_it(language: Language) -> None:
    program = summed(all_kinds())
    network = Network.of(program)
    kinds = {p.name: type(p.wires[0].fan_out).__name__ for p in network.parts if p.wires}
    assert kinds["few"] == kinds["lists"] == "Sparse"
    assert kinds["odd"] == "Dense"
    assert kinds["twins"] == kinds["same"] == "Twins"
    assert kinds["sum"] == kinds["average"] == "Kernel"
    types = {p.name: p.tables[0].kind for p in network.parts if p.tables}
    assert [types[n] for n in ("odd", "even", "sixteen_bits")] == ["int8", "int8", "int16"]
    assert types["32_bits"] == "int32"
    assert "same" not in types
    assert_same(program, random_spikes(program), language.checked, language=language)


@in_each
def test_additions_are_those_that_the_code_makes(language: Language) -> None:
    """Counted by the code itself in a trace, and worked out from the spikes of any backend."""
    program = summed(all_kinds())
    stimulus = random_spikes(program)
    network = Network.of(program)
    counted = additions(network, reference.run(program, stimulus))
    steps = stimulus.batch * stimulus.steps
    ran = language.run(program, stimulus, flags=language.fast)
    assert ran.info["additions"] == round(sum(counted.values()) * steps)
    assert all(counted[p.layer.name] <= p.operations for p in network.parts)


SHIFTS = [(shift, delay) for delay in (0, 3) for shift in (-7, -1, 0, 1, 8)]


@in_each_with("sent", SHIFTS, soon=[(-7, 0), (1, 3)])
def test_membranes_that_are_sent_on(language: Language, sent: tuple[int, int]) -> None:
    shift, delay = sent
    first = summed({"sends": all_kinds()["even"]})
    rng = np.random.default_rng(4)
    synapses = {
        "gets": Linear((7,), (9,), 2 * rng.integers(-128, 128, (9, 7))),
        "odd": Linear((7,), (9,), rng.integers(-128, 128, (9, 7))),
        "twins": OneToOne((7,), (7,), rng.integers(-128, 128, 7)),
    }
    after = summed(synapses)
    layers = (*first.layers, *after.layers)
    wires = [
        Connection(f"w {name}", "sends", name, synapse, delay=delay, shift=shift)
        for name, synapse in synapses.items()
    ]
    program = replace(
        first, layers=layers, connections=(*first.connections, *wires),
        outputs={**first.outputs, **after.outputs},
        readouts={**first.readouts, **after.readouts},
    )  # fmt: skip
    flags = language.checked if language is C else None
    assert_same(program, random_spikes(program), flags, language=language)


@in_each
def test_delays_of_spikes_of_inputs_and_layers(nets: Any, language: Language) -> None:
    """Several of one source; longer than a sample; a ring that turns many times."""
    nodes: dict[str, Any] = {"in": nets.source(37), "out": nets.sink(5), "a": nets.lif(5)}
    edges = ["a out"]
    rng = np.random.default_rng(5)
    for n, steps in enumerate((0, 1, 2, 7, 100)):
        nodes[f"late{n}"] = nets.delay(37, steps=steps)
        nodes[f"w{n}"] = nets.affine(rng.integers(-3, 4, (5, 37)) / 8)
        edges.append(f"in late{n} w{n} a")
    nodes["back"] = nets.delay(5, steps=3)
    nodes["around"] = nets.affine(rng.integers(-3, 4, (5, 5)) / 8)
    edges.append("a back around a")
    program = nets.compiled(nets.graph(nodes, *edges, initial="v_leak"), "fixed", saturate=True)
    for steps in (4, 30, 120):
        assert assert_same(program, random_spikes(program, steps=steps), language=language) > 0


def test_what_no_integers_hold_is_refused(nets: Any) -> None:
    with pytest.raises(ConfigError, match="compile with `precision` fixed"):
        Network.of(nets.compiled(nets.small()))
    heavy = summed({"heavy": Linear((2,), (2,), np.full((2, 2), 2**46))})
    with pytest.raises(UnsupportedError, match="'heavy' sums inputs of up to"):
        Network.of(heavy)
    beyond = summed({"beyond": Linear((2,), (2,), np.full((2, 2), 2**33))})
    with pytest.raises(UnsupportedError, match="'w beyond' has weights beyond 32 bits"):
        Network.of(beyond)


def test_what_no_compiler_or_chip_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    program = summed({"even": all_kinds()["even"]})
    monkeypatch.setattr(runner, "MOST_TABLES", 100)
    with pytest.raises(UnsupportedError, match="280 bytes of weights are more than a compiler"):
        C.run(program, random_spikes(program), flags=("-O0", "-w"))
    monkeypatch.setattr(laid_out, "MOST_BYTES", 100)
    with pytest.raises(UnsupportedError, match="beyond the 100 of any microcontroller"):
        Network.of(program)


def test_what_is_told_is_what_it_takes() -> None:
    """The state's size is checked by the compiler; tables by their types."""
    program = summed(all_kinds())
    sizes = C.dialect.sizes(Network.of(program))
    assert sizes.ram == sizes.network.ram + sizes.exchanged + 1024
    assert sizes.flash - sizes.code == sum(t.size for p in sizes.network.parts for t in p.tables)
