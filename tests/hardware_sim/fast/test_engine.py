"""The fast engine against the definition: every spike, every membrane, every count."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from random_graphs import random_graph, random_streams

from snnvae.deploy.compile import compile_graph
from snnvae.errors import DataError
from snnvae.export.nir_file import read_nir
from snnvae.hardware_sim import reference
from snnvae.hardware_sim.fast import block, engine, rounding
from snnvae.hardware_sim.fast.plan import Plan
from snnvae.hardware_sim.host import host_currents
from snnvae.inputs.stimulus_blocks import stimulus_for
from snnvae.options import Options
from snnvae.program import Precision, Program
from snnvae.recording import Recording
from snnvae.stimulus import Stimulus

STEPS, SAMPLES, GRAPHS = 9, 5, 40
ZOO = Path(rounding.__file__).parents[2] / "zoo"
RESETS = ("zero", "subtract", "subtract-delayed", "subtract-ahead")


def case(seed: int, precision: Precision, **own: Any) -> tuple[Program, Stimulus]:
    graph = random_graph(seed, metadata={"reset": RESETS[seed % 4]}, **own)
    program = compile_graph(graph.graph, precision, Options(saturate=True)).program
    samples = [random_streams(graph, STEPS, 31 * seed + n) for n in range(SAMPLES)]
    streams = {name: np.stack([s[name] for s in samples]) for name in samples[0]}
    return program, Stimulus(streams, tuple(range(SAMPLES)))


def ports(program: Program, stimulus: Stimulus, steps: slice) -> dict[str, np.ndarray]:
    return {i.name: stimulus.streams[i.name][:, steps] for i in program.inputs if not i.analog}


def assert_same(got: Recording, wanted: Recording, hint: object = "") -> None:
    for part in ("spikes", "final", "outputs", "membranes"):
        ours, theirs = getattr(got, part), getattr(wanted, part)
        assert ours.keys() == theirs.keys()
        for name, values in theirs.items():
            np.testing.assert_array_equal(ours[name], values, err_msg=f"{hint} {part} {name}")
            assert ours[name].dtype == values.dtype
    assert got.info["saturated"] == wanted.info["saturated"]


@pytest.mark.parametrize("membranes", [False, True])
@pytest.mark.parametrize("precision", ["float", "fixed"])
def test_random_graphs(precision: Precision, membranes: bool) -> None:
    fired = 0
    for seed in range(GRAPHS):
        program, stimulus = case(seed, precision)
        wanted = reference.run(program, stimulus, membranes=membranes)
        got = engine.run(program, stimulus, membranes=membranes)
        assert_same(got, wanted, seed)
        fired += sum(int(s.sum()) for s in wanted.spikes.values())
    assert fired > 1000


def test_random_graphs_of_tenths_whose_sums_meet_thresholds() -> None:
    for seed in range(GRAPHS):
        program, stimulus = case(seed, "float", decimals=True)
        assert_same(engine.run(program, stimulus), reference.run(program, stimulus), seed)


@pytest.mark.parametrize("precision", ["float", "fixed"])
@pytest.mark.parametrize("model", ["digits-fsvae", "digits-esvae"])
def test_zoo_models(model: str, precision: Precision) -> None:
    program = compile_graph(read_nir(ZOO / f"{model}.nir"), precision).program
    stimulus = stimulus_for(program, 12, seed=3)
    got = engine.run(program, stimulus)
    assert_same(got, reference.run(program, stimulus))
    assert got.info["backend"] == "emulator"


@pytest.mark.parametrize("bits", [1, 5, 12])
def test_however_coarse_the_weights_no_spike_differs(
    monkeypatch: pytest.MonkeyPatch, bits: int
) -> None:
    """Weights of few bits: what cannot be decided with them is decided again, exactly."""
    monkeypatch.setattr(rounding, "INT32_BITS", bits)
    recomputed = 0
    for seed in range(GRAPHS):
        program, stimulus = case(seed, "float", decimals=True)
        got = engine.run(program, stimulus)
        assert_same(got, reference.run(program, stimulus), seed)
        recomputed += int(got.info["recomputed"])
    assert recomputed > 100


def test_without_the_margin_coarse_weights_would_give_other_spikes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """So the test before this one can fail."""
    monkeypatch.setattr(rounding, "INT32_BITS", 5)
    monkeypatch.setattr(rounding, "margins", lambda *_: np.zeros(0))
    program = compile_graph(read_nir(ZOO / "digits-fsvae.nir"), "float").program
    stimulus = stimulus_for(program, 4, seed=3)
    got, wanted = engine.run(program, stimulus), reference.run(program, stimulus)
    assert any((got.spikes[name] != wanted.spikes[name]).any() for name in wanted.spikes)


@pytest.mark.parametrize("window", [1, 2, 4])
@pytest.mark.parametrize("precision", ["float", "fixed"])
def test_a_block_goes_through_time_window_by_window(precision: Precision, window: int) -> None:
    for seed in range(GRAPHS):
        program, stimulus = case(seed, precision)
        wanted = reference.run(program, stimulus)
        plan = Plan.of(program, window, exact=True)
        through = block.Block(plan, SAMPLES, window)
        host = host_currents(program, stimulus)
        for _ in range(2):  # the second time after a reset
            for t in range(0, STEPS, window):
                steps = min(window, STEPS - t)
                part = slice(t, t + steps)
                through.run(
                    ports(program, stimulus, part),
                    {name: c[:, part] for name, c in host.items()},
                    steps,
                )
                for layer in program.layers:
                    if layer.neuron.spiking:
                        np.testing.assert_array_equal(
                            through.fired(layer.name, steps), wanted.spikes[layer.name][:, part]
                        )
                through.forward(steps)
            for name, final in wanted.final.items():
                np.testing.assert_array_equal(through.membrane(name), final)
            through.reset()


@pytest.mark.parametrize("bits", [3, 30])
def test_a_block_goes_step_by_step_through_a_window(
    monkeypatch: pytest.MonkeyPatch, bits: int
) -> None:
    """As Lava has it: each step is decided at once, with what has to be computed again."""
    monkeypatch.setattr(rounding, "INT32_BITS", bits)
    recomputed = 0
    for seed in range(GRAPHS):
        program, stimulus = case(seed, "float", decimals=True)
        wanted = reference.run(program, stimulus)
        through = block.Block(Plan.of(program, STEPS), SAMPLES, STEPS)
        host = host_currents(program, stimulus)
        for _ in range(2):
            for t in range(STEPS):
                through.run(ports(program, stimulus, slice(t, t + 1)), host, 1, t)
                for layer in program.layers:
                    if layer.neuron.spiking:
                        np.testing.assert_array_equal(
                            through.fired(layer.name, 1, start=t)[:, 0],
                            wanted.spikes[layer.name][:, t],
                            err_msg=f"{seed}: {layer.name} at {t}",
                        )
            through.reset()
        recomputed += through.recomputed
    assert recomputed > 100 or bits == 30


def test_currents_larger_than_the_grid_is_for_are_added_in_the_reference_s_order() -> None:
    """Analog values outside of their range: such sums round, and their order shows."""
    other_order = 0
    for seed in range(2 * GRAPHS):
        program, stimulus = case(seed, "float", decimals=True)
        analog = {i.name for i in program.inputs if i.analog}
        scaled = {n: s * 1e7 / 3 if n in analog else s for n, s in stimulus.streams.items()}
        loud = Stimulus(scaled, stimulus.samples)
        wanted = reference.run(program, loud, membranes=True)
        assert_same(engine.run(program, loud, membranes=True), wanted, seed)
        assert_same(engine.run(program, loud), reference.run(program, loud), seed)
        mixed = [layer for layer in program.layers if len(program.into(layer.name)) > 1]
        other_order += bool(analog and mixed)
    assert other_order > 5


def test_samples_do_not_depend_on_their_company(nets: Any) -> None:
    program = nets.compiled(nets.small())
    stimulus = nets.spikes(program, steps=8)
    together = engine.run(program, stimulus)
    for n in range(stimulus.batch):
        alone = engine.run(program, stimulus.select(slice(n, n + 1)))
        for name, spikes in alone.spikes.items():
            np.testing.assert_array_equal(spikes[0], together.spikes[name][n])


def test_a_wrong_stimulus_is_refused(nets: Any) -> None:
    program = nets.compiled(nets.small())
    stimulus = nets.spikes(program, steps=8)
    other = Stimulus({"elsewhere": stimulus.streams["in"]}, stimulus.samples)
    with pytest.raises(DataError, match="elsewhere"):
        engine.run(program, other)
