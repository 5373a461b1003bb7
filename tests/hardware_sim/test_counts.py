"""Counts are exact: fan-out against brute force and torch, operations against loops."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest
import torch
from convolutions import (
    Case,
    convolutions,
    gradient,
    plain_convolutions,
    sparse_weight,
    torch_forward,
    transposed_convolutions,
)
from hypothesis import given
from hypothesis import strategies as st

from snnvae.errors import DataError
from snnvae.hardware_sim import reach as reach_module
from snnvae.hardware_sim.counter import Counter, count, kind_of
from snnvae.hardware_sim.counts import Counts
from snnvae.hardware_sim.reach import reach
from snnvae.primitive import Synapse
from snnvae.primitives import LIF, Conv2d, ConvTranspose2d, LeakyIntegrator, Linear
from snnvae.primitives.convolution import Convolution
from snnvae.program import Connection, Input, Layer, Program
from snnvae.recording import Recording

ZERO, ONE = np.zeros(()), np.ones(())


def lif(bias: np.ndarray = ZERO) -> LIF:
    return LIF(dv=0.5 * ONE, bias=bias, threshold=ONE)


def walk(synapse: Convolution, weighted: bool) -> np.ndarray:
    """Fan-out by a loop over every target, input channel and tap; `weighted` skips zero weights."""
    found = np.zeros(synapse.in_shape, np.int64)
    (c_out, c_group), transposed = synapse.weight.shape[:2], isinstance(synapse, ConvTranspose2d)
    both = synapse.in_shape[1:], synapse.out_shape[1:]
    coarse, fine = both if transposed else both[::-1]
    steps = list(zip(synapse.stride, synapse.padding, synapse.dilation))
    for o, i, *tap in product(*map(range, synapse.weight.shape)):
        if weighted and synapse.weight[(o, i, *tap)] == 0:
            continue
        source = o // (c_out // synapse.groups) * c_group + i
        for at in product(*map(range, coarse)):
            far = tuple(y * s - p + d * j for y, j, (s, p, d) in zip(at, tap, steps))
            if all(0 <= y < n for y, n in zip(far, fine)):
                found[(source, *(at if transposed else far))] += 1
    return found


@given(convolutions())
def test_fan_out_of_convolutions_is_that_of_a_loop_over_all_synapses(case: Case) -> None:
    synapse, _ = case
    np.testing.assert_array_equal(synapse.fan_out(), walk(synapse, weighted=False))
    np.testing.assert_array_equal(synapse.fan_out_effective(), walk(synapse, weighted=True))


def assert_fan_out_is_the_gradient(synapse: Synapse, node: Any) -> None:
    """torch's autograd as the oracle: weights of one count all synapses, others the non-zero."""
    ones = gradient(node, np.ones_like(node.weight), synapse.in_shape)
    used = gradient(node, node.weight != 0, synapse.in_shape)
    np.testing.assert_array_equal(synapse.fan_out(), ones)
    np.testing.assert_array_equal(synapse.fan_out_effective(), used)
    assert synapse.macs() == ones.sum()


@given(plain_convolutions())
def test_fan_out_of_plain_convolutions_is_the_gradient_of_torch(case: Case) -> None:
    assert_fan_out_is_the_gradient(*case)


@given(transposed_convolutions())
def test_fan_out_of_transposed_convolutions_is_the_gradient_of_torch(case: Case) -> None:
    assert_fan_out_is_the_gradient(*case)


@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 99))
def test_fan_out_of_a_linear_map_is_its_column_length(n_in: int, n_out: int, seed: int) -> None:
    weight = sparse_weight(np.random.default_rng(seed), n_out, n_in)
    synapse = Linear((n_in,), (n_out,), weight)
    np.testing.assert_array_equal(synapse.fan_out(), np.full(n_in, n_out))
    np.testing.assert_array_equal(synapse.fan_out_effective(), (weight != 0).sum(axis=0))


@given(convolutions(), st.booleans(), st.integers(0, 99))
def test_reach_is_where_weights_of_one_give_a_current(case: Case, full: bool, seed: int) -> None:
    synapse, node = case
    rng = np.random.default_rng(seed)
    if full:  # the short cut for kernels without zeros
        synapse, weight = synapse.with_weight(np.ones_like(synapse.weight)), node.weight**0
    else:
        weight = node.weight != 0
    spikes = rng.random((3, *synapse.in_shape)) < 0.2
    x = torch.as_tensor(spikes, dtype=torch.float64)
    current = torch_forward(node, torch.as_tensor(weight, dtype=torch.float64), x)
    np.testing.assert_array_equal(reach(synapse)(spikes), current.reshape(3, -1).numpy() > 0)


@pytest.mark.parametrize("zeros", [True, False])
def test_reach_of_a_linear_map(zeros: bool) -> None:
    rng = np.random.default_rng(0)
    weight = sparse_weight(rng, 5, 7) if zeros else rng.normal(size=(5, 7))
    spikes = rng.random((20, 7)) < 0.15
    expected = [[any((row != 0) & s) for row in weight] for s in spikes]
    np.testing.assert_array_equal(reach(Linear((7,), (5,), weight))(spikes), expected)


def test_a_kernel_is_shared_unless_it_has_one_position() -> None:
    pad, one = (1, 1), (1, 1)
    assert (
        kind_of(Conv2d((1, 4, 4), (2, 4, 4), np.ones((2, 1, 3, 3)), one, pad, one, 1)) == "kernel"
    )
    assert kind_of(Linear((6,), (5,), np.ones((5, 6)))) != "kernel"
    covering = Conv2d((3, 2, 2), (5, 1, 1), np.ones((5, 3, 2, 2)), one, (0, 0), one, 1)
    to_map = Conv2d((3, 1, 1), (5, 2, 2), np.ones((5, 3, 2, 2)), one, pad, one, 1)
    assert kind_of(covering) != "kernel"
    assert kind_of(to_map) != "kernel"


def test_a_linear_map_written_as_a_convolution_counts_as_the_linear_map() -> None:
    program = network()
    flat = program.connections[-1].synapse
    one = (1, 1)
    weight = flat.weight.reshape(3, 2, 5, 4)
    kernel = Conv2d((2, 5, 4), (3, 1, 1), weight, one, (0, 0), one, 1)
    recording = random_run(program, 2, 4, 0.3)
    a = count(program, recording).connections[-1]
    as_map = replace(program.layers[-1], shape=(3, 1, 1))
    b = count(
        replace(
            program,
            layers=(*program.layers[:-1], as_map),
            connections=(
                *program.connections[:-1],
                replace(program.connections[-1], synapse=kernel),
            ),
        ),
        recording,
    ).connections[-1]
    assert a.priced_synapses == b.priced_synapses < a.synapses == b.synapses
    np.testing.assert_array_equal(a.sop, b.sop)


# --- counting a run


def network(zeros: bool = True) -> Program:
    """in → a (convolution), a → b (transposed), b → a one step later, b → c (linear, a readout)."""
    rng = np.random.default_rng(1)
    weight = sparse_weight if zeros else lambda r, *shape: r.normal(size=shape)
    pad, one = (1, 1), (1, 1)
    down = Conv2d((1, 5, 4), (2, 3, 2), weight(rng, 2, 1, 3, 3), (2, 2), pad, one, 1)
    up = ConvTranspose2d((2, 3, 2), (2, 5, 4), weight(rng, 2, 2, 3, 3), (2, 2), pad, one, 1)
    back = Conv2d((2, 5, 4), (2, 3, 2), weight(rng, 2, 2, 3, 3), (2, 2), pad, one, 1)
    out = Linear((2, 5, 4), (3,), weight(rng, 3, 40))
    bias = np.zeros((2, 3, 2))
    bias[0] = 0.1
    return Program(
        precision="float",
        dt=1e-3,
        steps=4,
        inputs=(Input("in", (1, 5, 4)),),
        layers=(
            Layer("a", (2, 3, 2), lif(bias)),
            Layer("b", (2, 5, 4), lif()),
            Layer("c", (3,), LeakyIntegrator(ZERO, ZERO, 0.2 * ONE)),
        ),
        connections=(
            Connection("down", "in", "a", down),
            Connection("back", "b", "a", back, delay=1),
            Connection("up", "a", "b", up),
            Connection("out", "b", "c", out),
        ),
        outputs={"y": "c"},
        readouts={},
        groups=(("a", "b"),),
    )


def random_run(program: Program, samples: int, steps: int, rate: float, seed: int = 0) -> Recording:
    """Any spikes will do: counting asks where they went, not why."""
    rng = np.random.default_rng(seed)
    spikes = {
        population.name: rng.random((samples, steps, *population.shape)) < rate
        for population in (*program.inputs, *program.layers)
        if isinstance(population, Input) or population.neuron.spiking
    }
    return Recording(spikes)


def part(recording: Recording, rows: slice, steps: slice = slice(None)) -> Recording:
    return Recording({name: s[rows, steps] for name, s in recording.spikes.items()})


@pytest.mark.parametrize("zeros", [True, False])
def test_operations_and_driven_updates_are_those_of_a_loop_over_spikes(zeros: bool) -> None:
    program, samples, steps = network(zeros), 3, 4
    recording = random_run(program, samples, steps, 0.15)
    counts = count(program, recording)
    driven = {layer.name: np.zeros((samples, steps, layer.size), bool) for layer in program.layers}
    for c, counted in zip(program.connections, counts.connections, strict=True):
        pattern = (c.synapse.matrix() != 0).toarray()
        ones = c.synapse.with_weight(np.ones_like(c.synapse.weight)).matrix().toarray()
        event, effective = np.zeros(samples, int), np.zeros(samples, int)
        for b, t in product(range(samples), range(steps)):
            if t < c.delay:
                continue
            for source in np.flatnonzero(recording.spikes[c.source][b, t - c.delay]):
                event[b] += int(ones[:, source].sum())
                effective[b] += int(pattern[:, source].sum())
                driven[c.target][b, t] |= pattern[:, source]
        np.testing.assert_array_equal(counted.sop_event, event)
        np.testing.assert_array_equal(counted.sop_effective, effective)
        np.testing.assert_array_equal(counted.sop_dense, steps * int(ones.sum()))
        assert (counted.synapses, counted.nonzero) == (ones.sum(), pattern.sum())
    for layer in counts.layers:
        np.testing.assert_array_equal(layer.driven, driven[layer.name].sum(axis=(1, 2)))
        np.testing.assert_array_equal(layer.driven + layer.idle, steps * layer.neurons)


def test_spikes_everywhere_make_steps_times_the_dense_macs() -> None:
    program = network(zeros=False)
    counts = count(program, random_run(program, 2, 5, rate=1.1))
    for c, counted in zip(program.connections, counts.connections, strict=True):
        delivered_steps = 5 - c.delay
        np.testing.assert_array_equal(counted.sop_event, delivered_steps * c.synapse.macs())
        np.testing.assert_array_equal(counted.sop_dense, 5 * c.synapse.macs())


def test_the_last_step_of_a_delayed_connection_is_not_delivered() -> None:
    program = network()
    recording = random_run(program, 1, 4, rate=0.0)
    recording.spikes["b"][0, -1] = True
    counts = {c.name: c for c in count(program, recording).connections}
    assert counts["back"].spikes.sum() == counts["back"].sop_event.sum() == 0
    assert counts["out"].spikes.sum() == 40


def test_a_delay_longer_than_the_sample_delivers_nothing() -> None:
    program = network()
    late = tuple(replace(c, delay=9) if c.delay else c for c in program.connections)
    counts = count(replace(program, connections=late), random_run(program, 2, 4, rate=0.5))
    assert counts.connections[1].sop_event.sum() == 0


def test_counts_of_a_batch_are_those_of_its_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    program = network()
    recording = random_run(program, 5, 4, 0.2)
    whole = count(program, recording)
    monkeypatch.setattr(reach_module, "_CHUNK_VALUES", 200)  # chunks of a few rows
    pieces = [count(program, part(recording, slice(n, n + 1))) for n in range(5)]
    again = count(program, recording)
    for k, connection in enumerate(whole.connections):
        for name in ("spikes", "sop_dense", "sop_event", "sop_effective"):
            each = np.concatenate([getattr(p.connections[k], name) for p in pieces])
            np.testing.assert_array_equal(getattr(connection, name), each)
    for k, layer in enumerate(whole.layers):
        for name in ("spikes", "driven", "idle", "bias_adds", "readouts"):
            each = np.concatenate([getattr(p.layers[k], name) for p in pieces])
            np.testing.assert_array_equal(getattr(layer, name), each)
            np.testing.assert_array_equal(getattr(layer, name), getattr(again.layers[k], name))


def test_counts_without_delays_add_over_time() -> None:
    program = network()
    direct = replace(program, connections=tuple(c for c in program.connections if not c.delay))
    recording = random_run(direct, 3, 6, 0.2)
    everything = slice(None)
    early = count(direct, part(recording, everything, slice(0, 2)))
    late = count(direct, part(recording, everything, slice(2, 6)))
    whole = count(direct, recording)
    for quantity in ("sop_dense", "sop_event", "sop_effective", "spikes"):
        both = early.total(quantity) + late.total(quantity)
        np.testing.assert_array_equal(whole.total(quantity), both)
    for k, layer in enumerate(whole.layers):
        both = early.layers[k].driven + late.layers[k].driven
        np.testing.assert_array_equal(layer.driven, both)


def test_biases_readouts_inputs_and_rates() -> None:
    program = network()
    recording = random_run(program, 2, 4, 0.3)
    counts = count(program, recording)
    a, b, c = counts.layers
    assert a.bias_adds.tolist() == [4 * 6] * 2  # half of its twelve neurons have a bias
    assert b.bias_adds.tolist() == [0, 0]
    assert c.readouts.tolist() == [3, 3]
    assert a.readouts.tolist() == [0, 0]
    assert (
        counts.inputs[0].spikes.tolist() == recording.spikes["in"].sum(axis=(1, 2, 3, 4)).tolist()
    )
    assert counts.rate(a) == recording.spikes["a"].mean()
    assert all(counts.total(q).dtype == np.int64 for q in ("sop_event", "sop_dense", "macs"))


def analog(constant: bool) -> tuple[Program, Recording]:
    """An image of 3×3 into 2×3×3 neurons, by host currents with a bias on one channel."""
    weight = np.ones((2, 1, 3, 3))
    conv = Conv2d((1, 3, 3), (2, 3, 3), weight, (1, 1), (1, 1), (1, 1), 1)
    host_bias = np.zeros((2, 3, 3))
    host_bias[1] = 1.0
    program = Program(
        precision="float",
        dt=1e-3,
        steps=4,
        inputs=(Input("image", (1, 3, 3), analog=True, constant=constant),),
        layers=(Layer("a", (2, 3, 3), lif()),),
        connections=(Connection("conv", "image", "a", conv, on_host=True, host_bias=host_bias),),
        outputs={"y": "a"},
        readouts={},
    )
    spikes = np.zeros((2, 4, 2, 3, 3), bool)
    return program, Recording({"a": spikes}, analog={"image": np.ones((2, 4, 1, 3, 3))})


def only(counts: Counts) -> Any:
    (connection,) = counts.connections
    return connection


def test_analog_driven_connections_cost_macs_and_no_operations() -> None:
    # 49 (position, tap) pairs lie inside a 3×3 map, for each of two output channels.
    varying = only(count(*analog(constant=False)))
    assert (varying.drive, varying.macs.tolist()) == ("recomputed", [4 * 98] * 2)
    assert varying.host_adds.tolist() == [4 * 9] * 2
    assert varying.sop_dense.tolist() == varying.sop_event.tolist() == [0, 0]


def test_a_constant_analog_input_is_run_once_and_added_at_every_step() -> None:
    cached = only(count(*analog(constant=True)))
    assert (cached.drive, cached.macs.tolist()) == ("cached", [98] * 2)
    assert cached.host_adds.tolist() == [4 * 18 + 9] * 2
    recomputed = only(count(*analog(constant=True), cache_constant=False))
    assert (recomputed.drive, recomputed.macs.tolist()) == ("recomputed", [4 * 98] * 2)


def test_analog_currents_drive_every_update() -> None:
    (layer,) = count(*analog(constant=True)).layers
    assert layer.driven.tolist() == [4 * 18] * 2


def test_a_recording_of_another_program_is_refused() -> None:
    program = network()
    recording = replace(random_run(program, 1, 4, 0.1), info={"program": "0" * 64})
    with pytest.raises(DataError, match="another program"):
        count(program, recording)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda spikes: spikes.pop("b"), "no spikes of 'b'"),
        (lambda spikes: spikes.update(b=spikes["b"][..., :-1]), "spikes of 'b' have shape"),
        (lambda spikes: spikes.update({k: v[:0] for k, v in spikes.items()}), "0 samples"),
        (lambda spikes: spikes.clear(), "no spikes and no inputs"),
    ],
)
def test_a_recording_that_does_not_fit_is_refused(change: Any, message: str) -> None:
    program = network()
    recording = random_run(program, 1, 4, 0.1)
    change(recording.spikes)
    with pytest.raises(DataError, match=message) as error:
        count(program, recording)
    assert "\n" not in str(error.value)


def test_blocks_of_samples_count_as_the_whole_run() -> None:
    program = network()
    recording = random_run(program, 5, 4, 0.2)
    counter = Counter(program)
    whole = counter.count(recording)
    parts = [
        part(recording, slice(0, 2)),
        part(recording, slice(2, 3)),
        part(recording, slice(3, 5)),
    ]
    joined = Counts.joined([counter.count(block) for block in parts])
    assert joined.samples == whole.samples == 5
    operations = [counter.operations(block) for block in parts]
    assert whole.total("sop").all()
    np.testing.assert_array_equal(np.concatenate(operations), whole.total("sop"))
    for a, b in zip(joined.connections, whole.connections, strict=True):
        assert (a.name, a.synapses, a.fan_out) == (b.name, b.synapses, b.fan_out)
        np.testing.assert_array_equal(a.sop_event, b.sop_event)
        np.testing.assert_array_equal(a.sop_effective, b.sop_effective)
    for x, y in zip(joined.layers, whole.layers, strict=True):
        np.testing.assert_array_equal(x.driven, y.driven)
        np.testing.assert_array_equal(x.spikes, y.spikes)


def test_what_counting_holds_does_not_grow_with_the_samples() -> None:
    """One block of the recording at a time; what stays are the integers of each sample."""
    program, steps, size = network(), 100, 50
    counter = Counter(program)

    def peak(blocks: int) -> int:
        tracemalloc.start()
        runs = (random_run(program, size, steps, 0.2, seed) for seed in range(blocks))
        Counts.joined([counter.count(run) for run in runs])
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    one = sum(s.nbytes for s in random_run(program, size, steps, 0.2).spikes.values())
    assert peak(32) - peak(2) < 30 * one / 10
