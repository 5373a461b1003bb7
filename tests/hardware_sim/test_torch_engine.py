"""The emulator on a torch device: the reference's recordings, bit for bit."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from convolutions import Case, convolutions
from hypothesis import given
from random_graphs import random_graph, random_streams

from snnvae import zoo
from snnvae.deploy.compile import compile_graph
from snnvae.deploy.settings import Options
from snnvae.errors import BackendError, ConfigError, DataError, SnnvaeError, UnsupportedError
from snnvae.export.nir_file import read_nir
from snnvae.hardware_sim import reference
from snnvae.hardware_sim.fast.plan import units_of
from snnvae.hardware_sim.torch_engine import chunk, devices, engine, sums
from snnvae.hardware_sim.torch_engine.cells import cells
from snnvae.inputs.stimulus_blocks import stimulus_for
from snnvae.primitive import Neuron, Shape, Synapse
from snnvae.primitives import LIF, FixedNeuron, Linear, OneToOne, Sparse
from snnvae.primitives.fixed_point import SILENT_LIMIT, STATE_LIMIT
from snnvae.primitives.parameters import FixedBias
from snnvae.program import Connection, Precision, Program
from snnvae.stimulus import Stimulus

NO_CUDA = pytest.mark.skipif(not torch.cuda.is_available(), reason="torch finds no CUDA device")
DEVICES = ["cpu", pytest.param("cuda", marks=NO_CUDA)]
PRECISIONS: list[Precision] = ["float", "fixed"]
RESETS = ["zero", "subtract", "subtract-delayed", "subtract-ahead"]
STEPS = 10
BATCH = 15


def assert_same(program: Program, stimulus: Stimulus, device: str, *, membranes: bool) -> None:
    """Everything of a recording, its integers' and floats' kinds, and even the signs of zeros."""
    expected = reference.run(program, stimulus, membranes=membranes)
    found = engine.run(program, stimulus, device=device, membranes=membranes)
    for part in ("spikes", "analog", "final", "outputs", "membranes"):
        wanted, got = getattr(expected, part), getattr(found, part)
        assert list(got) == list(wanted), part
        for name, values in wanted.items():
            assert got[name].dtype == values.dtype, name
            np.testing.assert_array_equal(got[name], values, err_msg=name)
            if values.dtype == np.float64:
                np.testing.assert_array_equal(np.signbit(got[name]), np.signbit(values))
    named = {"backend": "emulator", "device": str(devices.chosen(device))}
    assert found.info == {**expected.info, **named}


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("name", ["digits-esvae", "digits-fsvae"])
def test_the_zoo_s_models(name: str, precision: Precision, device: str) -> None:
    program = compile_graph(read_nir(zoo.path(name)), precision).program
    stimulus = stimulus_for(program, 4, seed=3)
    assert_same(program, stimulus, device, membranes=True)


def random_program(seed: int, precision: Precision) -> tuple[Program, Stimulus]:
    """Tenths or sixteenths, every reset and spike rule in turn, three samples."""
    rules = {"reset": RESETS[seed % 4], "spike": ("above", "reached")[seed // 4 % 2]}
    case = random_graph(seed, decimals=seed // 8 % 2 == 1, metadata=rules)
    program = compile_graph(case.graph, precision, Options(saturate=precision == "fixed")).program
    samples = [random_streams(case, STEPS, 7 * seed + n) for n in range(3)]
    streams = {name: np.stack([s[name] for s in samples]) for name in samples[0]}
    return program, Stimulus(streams, (0, 1, 2))


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("batch", range(4))
def test_60_random_graphs(
    batch: int, precision: Precision, device: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With loops, delays and membranes sent on; whole, then in pieces of all kinds."""
    for seed in range(BATCH * batch, BATCH * (batch + 1)):
        program, stimulus = random_program(seed, precision)
        with monkeypatch.context() as whole_or_not:
            if seed % 2:
                whole_or_not.setattr(chunk, "STORED_BYTES", 2000)
                whole_or_not.setattr(chunk, "CURRENT_BYTES", 3000)
                whole_or_not.setattr(sums, "WORK_BYTES", 3000)
            assert_same(program, stimulus, device, membranes=seed % 4 < 2)


def test_the_random_graphs_have_everything_in_them() -> None:
    seen: Counter[str] = Counter()
    for seed in range(4 * BATCH):
        program, _ = random_program(seed, "float")
        connections = program.connections
        seen.update({type(c.synapse).__name__ for c in connections if not c.on_host})
        seen.update(
            layer.neuron.reset
            for layer in program.layers
            if layer.neuron.spiking and hasattr(layer.neuron, "reset")
        )
        seen["delay"] += any(c.delay for c in connections)
        seen["loop"] += any(unit.steps for unit in units_of(program))
        seen["loop of several steps"] += any((unit.steps or 0) > 1 for unit in units_of(program))
        seen["graded"] += any(program.carries_membranes(c) for c in connections)
        seen["on host"] += any(c.on_host for c in connections)
        seen["u"] += any(getattr(n.neuron, "du", None) is not None for n in program.layers)
    synapses = ["Linear", "Conv1d", "Conv2d", "OneToOne", "Sparse"]
    others = ["delay", "loop", "loop of several steps", "graded", "on host", "u"]
    assert {name for name in synapses + RESETS + others if seen[name] < 2} == set()


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("reset", RESETS)
def test_updates_that_leave_24_bits_are_counted(nets: Any, reset: str, device: str) -> None:
    """As in the reference's own test: 517 weights of 254 are beyond 2²³ / 64."""
    nodes = {
        "in": nets.source(517),
        "w": nets.affine(np.ones((2, 517))),
        "a": nets.lif(2, threshold=100.0),
        "out": nets.sink(2),
    }
    program = nets.compiled(nets.chain(nodes, reset=reset), "fixed")
    stream = np.ones((2, 6, 517), bool)
    stream[0, 1, :2] = False
    stimulus = Stimulus({"in": stream}, (0, 1))
    found = engine.run(program, stimulus, device=device)
    assert found.info["saturated"]["a"] >= 2 * 2
    assert_same(program, stimulus, device, membranes=True)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("precision", PRECISIONS)
def test_spikes_may_be_numbers_and_a_delay_longer_than_a_sample(
    nets: Any, precision: Precision, device: str
) -> None:
    nodes = {
        "in": nets.source(3),
        "late": nets.delay(3, steps=9),
        "w": nets.affine(np.eye(3)),
        "a": nets.lif(3, leak=0.4),
        "out": nets.sink(3),
    }
    program = nets.compiled(nets.chain(nodes, initial="v_leak"), precision)
    for steps in (4, 12):
        bits = nets.spikes(program, steps=steps).streams["in"].astype(np.float32)
        assert_same(program, Stimulus({"in": bits}, (0, 1, 2)), device, membranes=True)


# -- sums -------------------------------------------------------------------------------------


def assert_sums_exactly(synapse: Synapse, precision: Precision, device: str) -> torch.dtype:
    connection = Connection("w", "a", "b", synapse)
    made = sums.sums(connection, precision, torch.device(device))
    sums.check(connection, made)
    spikes = np.random.default_rng(1).random((5, *synapse.in_shape)) < 0.3
    number = np.int64 if precision == "fixed" else np.float64
    found = made(devices.tensor(spikes, made.device)).cpu().numpy()
    expected = synapse.apply(spikes.astype(number)).reshape(found.shape)
    np.testing.assert_array_equal(found.astype(number), expected)
    return made.dtype


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("precision", PRECISIONS)
@given(case=convolutions())
def test_convolutions_of_every_geometry(case: Case, precision: Precision, device: str) -> None:
    scale = 2.0**40 if precision == "float" else 50.0
    weight = np.rint(case[0].weight * scale)
    integers = weight.astype(np.int64) if precision == "fixed" else weight / scale
    assert_sums_exactly(case[0].with_weight(integers), precision, device)


def synapses(weight: np.ndarray) -> list[Synapse]:
    matrix = Linear((weight.shape[1],), (len(weight),), weight)
    return [matrix, Sparse.of(matrix), OneToOne((len(weight),), (len(weight),), weight[:, 0])]


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("bits", [0, 7, 23, 40])
def test_integers_are_summed_in_a_number_that_holds_them(bits: int, device: str) -> None:
    rng = np.random.default_rng(0)
    for synapse in synapses(rng.integers(-(2**bits), 2**bits, (6, 9))):
        dtype = assert_sums_exactly(synapse, "fixed", device)
        fits = synapse.largest_sum() < 2**24
        assert dtype == (torch.float32 if fits else torch.float64)


def test_integers_that_no_float_holds_are_refused() -> None:
    for synapse in synapses(np.full((2, 2), 2**53)):
        with pytest.raises(UnsupportedError, match="leave out `device`"):
            sums.sums(Connection("w", "a", "b", synapse), "fixed", torch.device("cpu"))


def test_a_device_that_sums_inexactly_is_found_out(
    nets: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rounded(self: Any, values: torch.Tensor) -> torch.Tensor:
        product = torch.einsum("nyxgk,gko->nyxgo", values.half(), self._matrix.half())
        return product.to(self.dtype)

    program = nets.compiled(nets.small())
    monkeypatch.setattr(sums.KernelSums, "_product", rounded)
    with pytest.raises(BackendError, match="'conv' on cpu are not exact"):
        engine.run(program, nets.spikes(program), device="cpu")


# -- neurons ----------------------------------------------------------------------------------

EDGES = np.array([0, 1, 64, SILENT_LIMIT - 1, SILENT_LIMIT, STATE_LIMIT - 65, STATE_LIMIT - 1])
MEMBRANES = np.concatenate([EDGES, -EDGES])
CURRENTS = np.array([0, 1, -1, 90, -90, 131071, -131071, 131072, -131072, 131073, -131073])


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("fires_at_threshold", [False, True])
@pytest.mark.parametrize("threshold", [None, 90, (1 << 17) - 1])
@pytest.mark.parametrize("reset", RESETS)
def test_integer_neurons_at_the_limits_of_24_bits(
    reset: Any, threshold: int | None, fires_at_threshold: bool, device: str
) -> None:
    """Every membrane with every current, decay and bias, then three more steps."""
    decays, biases = np.array([0, 1, 1000, 4096]), np.array([0, 1, -1, 64])
    v, first, dv, bias = np.meshgrid(MEMBRANES, CURRENTS, decays, biases, indexing="ij")
    rng = np.random.default_rng(0)
    for du in (None, rng.choice([0, 5, 4095], v.shape)):
        neuron = FixedNeuron(
            "LIF",
            dv=dv,
            bias=FixedBias(bias, 0),
            start=v,
            du=du,
            threshold=None if threshold is None else np.asarray(threshold),
            reset=reset,
            fires_at_threshold=fires_at_threshold,
        )
        more = [rng.choice(CURRENTS, (1, *v.shape)) for _ in range(3)]
        assert_same_steps(neuron, v.shape, [first[None], *more], device)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("fires_at_threshold", [False, True])
@pytest.mark.parametrize("has_u", [False, True])
@pytest.mark.parametrize("reset", [None, *RESETS])
def test_float_neurons_round_where_the_definition_rounds(
    reset: Any, has_u: bool, fires_at_threshold: bool, device: str
) -> None:
    rng, shape = np.random.default_rng(0), (1000,)
    neuron = LIF(
        dv=rng.random(shape),
        bias=rng.normal(0, 0.1, shape),
        start=rng.normal(size=shape),
        du=rng.random(shape) if has_u else None,
        threshold=None if reset is None else rng.uniform(0, 0.5, shape),
        reset=reset or "zero",
        fires_at_threshold=fires_at_threshold,
    )
    currents = [rng.normal(size=(1, *shape)) for _ in range(20)]
    assert_same_steps(neuron, shape, currents, device)


def assert_same_steps(neuron: Neuron, shape: Shape, currents: list[Any], device: str) -> None:
    state, made = neuron.initial(1, shape), cells(neuron, 1, shape, torch.device(device))
    beyond = 0
    for current in currents:
        if isinstance(neuron, FixedNeuron):
            beyond += int(neuron.saturates(state, current).sum())
        out, state = neuron.step(state, current)
        fired = made.step(devices.tensor(current, torch.device(device)))
        if fired is not None:
            np.testing.assert_array_equal(fired.cpu().numpy(), out)
        assert (fired is not None) == neuron.spiking
        np.testing.assert_array_equal(made.v.cpu().numpy(), state[0])
        if len(state) > 1:
            np.testing.assert_array_equal(made.u.cpu().numpy(), state[1])
    assert int(made.beyond) == beyond


# -- devices ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "said"),
    [("gpu", "no device 'gpu'"), ("cuda:-1", "no device"), ("mps", "'mps' is not supported")],
)
def test_a_device_that_is_none(nets: Any, name: str, said: str) -> None:
    program = nets.compiled(nets.small())
    with pytest.raises(ConfigError, match=said) as raised:
        engine.run(program, nets.spikes(program), device=name)
    assert "give cuda, cuda:N or cpu" in str(raised.value)


@pytest.mark.parametrize("build", [None, "12.8"])
@pytest.mark.parametrize("name", ["cuda", "cuda:1"])
def test_without_cuda_the_remedy_is_named(
    nets: Any, name: str, build: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.version, "cuda", build)
    monkeypatch.setattr(torch.version, "hip", None)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    program = nets.compiled(nets.small())
    said = "finds no CUDA device; check" if build else "has no CUDA; install a CUDA build of torch"
    with pytest.raises(ConfigError, match=said) as raised:
        engine.run(program, nets.spikes(program), device=name)
    assert "\n" not in str(raised.value)
    assert "leave out `device`" in str(raised.value)


def test_a_cuda_device_beyond_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.version, "cuda", "12.8")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert devices.chosen("cuda:1") == torch.device("cuda", 1)
    with pytest.raises(ConfigError, match="the last of 2 is cuda:1"):
        devices.chosen("cuda:2")


def test_a_full_memory_is_said_in_a_line(nets: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise torch.cuda.OutOfMemoryError("CUDA out of memory.\nTried to allocate 2.00 GiB")

    monkeypatch.setattr(engine, "Chunk", full)
    program = nets.compiled(nets.small())
    with pytest.raises(BackendError, match="the memory of cpu is full; free it"):
        engine.run(program, nets.spikes(program), device="cpu")


def test_products_are_float32_s_own_and_torch_is_left_as_it_was() -> None:
    def stopped() -> None:
        with devices.exact_products(torch.device("cpu")):
            assert torch.get_float32_matmul_precision() == "highest"
            assert not torch.backends.cuda.matmul.allow_tf32
            assert torch.is_inference_mode_enabled()
            raise SnnvaeError("stop")

    before = torch.get_float32_matmul_precision()
    try:
        torch.set_float32_matmul_precision("medium")
        with pytest.raises(SnnvaeError, match="stop"):
            stopped()
        assert torch.get_float32_matmul_precision() == "medium"
        assert not torch.is_inference_mode_enabled()
    finally:
        torch.set_float32_matmul_precision(before)


def test_torch_is_not_imported_before_it_is_needed() -> None:
    code = "import sys, snnvae.hardware_sim.reference; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=300).returncode == 0


# -- errors and progress that are the same as the reference's -----------------------------------


def test_a_stimulus_that_does_not_fit_is_refused(nets: Any) -> None:
    program = nets.compiled(nets.small())
    with pytest.raises(DataError, match="has shape"):
        engine.run(program, Stimulus({"in": np.zeros((1, 4, 2, 4, 5), bool)}, (0,)), device="cpu")


def test_more_steps_than_a_readout_is_for_are_refused(nets: Any) -> None:
    nodes = {"in": nets.source(1), "w": nets.affine([[1.0]]), "out": nets.sink(1)}
    program = nets.compiled(nets.chain(nodes, steps=4), "fixed")
    endless = [layer for layer in program.layers if not layer.neuron.spiking]
    held = [replace(n, neuron=replace(n.neuron, dv=np.zeros((), np.int64))) for n in endless]
    layers = tuple(held) + tuple(n for n in program.layers if n.neuron.spiking)
    assert held
    with pytest.raises(DataError, match="forgets nothing"):
        engine.run(replace(program, layers=layers), nets.spikes(program, steps=5), device="cpu")


def test_progress_is_told_chunk_by_chunk(nets: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[object] = []

    class Hears:
        def start(self, name: str, total: int) -> None:
            heard.append((name, total))

        def advance(self, n: int = 1, **fields: float | str) -> None:
            heard.append(n)

        def finish(self) -> None:
            heard.append("end")

    monkeypatch.setattr(chunk.TorchNetwork, "samples", lambda *_: 2)
    program = nets.compiled(nets.small())
    engine.run(program, nets.spikes(program, samples=5), device="cpu", progress=Hears())
    assert heard == [("emulator", 5), 2, 2, 1, "end"]
