"""The ANN twin of a known network: the VAE at 32², one channel, L = 128."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from snnvae.energy import load_profile, measure
from snnvae.energy.ann import activity
from snnvae.energy.ann.baselines import ann_energies, bits_of_steps
from snnvae.energy.ann.twin import Reuse, ann_twin
from snnvae.errors import GraphError
from snnvae.hardware_sim.counter import Counter
from snnvae.primitive import Synapse
from snnvae.primitives import LIF, Conv2d, ConvTranspose2d, LeakyIntegrator, Linear
from snnvae.program import Connection, Input, Layer, Precision, Program
from snnvae.recording import Recording

ZERO, ONE = np.zeros(()), np.ones(())
STRIDE, PAD, DILATION = (2, 2), (1, 1), (1, 1)


def down(c_in: int, c_out: int, size: int) -> Conv2d:
    weight = np.ones((c_out, c_in, 3, 3))
    half = size // 2
    return Conv2d((c_in, size, size), (c_out, half, half), weight, STRIDE, PAD, DILATION, 1)


def up(c_in: int, c_out: int, size: int, stride: int = 2) -> ConvTranspose2d:
    weight = np.ones((c_out, c_in, 3, 3))
    out = size * stride
    shapes = (c_in, size, size), (c_out, out, out)
    return ConvTranspose2d(*shapes, weight, (stride, stride), PAD, DILATION, 1)


def dense(n_in: tuple[int, ...], n_out: tuple[int, ...]) -> Linear:
    return Linear(n_in, n_out, np.ones((int(np.prod(n_out)), int(np.prod(n_in)))))


def vae() -> Program:
    """Encoder, two heads, decoder. Which latent feeds the decoder is no work of the network's."""
    chain: list[tuple[str, str, str, Synapse]] = [
        ("conv1", "image", "e1", down(1, 32, 32)),
        ("conv2", "e1", "e2", down(32, 64, 16)),
        ("conv3", "e2", "e3", down(64, 128, 8)),
        ("conv4", "e3", "e4", down(128, 256, 4)),
        ("mu", "e4", "μ", dense((256, 2, 2), (128,))),
        ("sigma", "e4", "σ", dense((256, 2, 2), (128,))),
        ("widen", "z", "d0", dense((128,), (256, 2, 2))),
        ("up1", "d0", "d1", up(256, 128, 2)),
        ("up2", "d1", "d2", up(128, 64, 4)),
        ("up3", "d2", "d3", up(64, 32, 8)),
        ("up4", "d3", "d4", up(32, 32, 16)),
        ("last", "d4", "pixels", up(32, 1, 32, stride=1)),
    ]
    neuron = LIF(dv=0.75 * ONE, threshold=ONE)
    readout = LeakyIntegrator(ZERO, ZERO, 0.2 * ONE)
    return Program(
        precision="float",
        dt=1e-3,
        steps=16,
        inputs=(Input("image", (1, 32, 32), analog=True, constant=True), Input("z", (128,))),
        layers=tuple(
            Layer(target, synapse.out_shape, readout if target == "pixels" else neuron)
            for _, _, target, synapse in chain
        ),
        connections=tuple(
            Connection(name, source, target, synapse, on_host=source == "image")
            for name, source, target, synapse in chain
        ),
        outputs={"x": "pixels"},
        readouts={},
    )


def naive(synapse: Synapse) -> int:
    """Borders ignored: every tap of every position, as most counters do."""
    if isinstance(synapse, Linear):
        return synapse.weight.size
    transposed = isinstance(synapse, ConvTranspose2d)
    _, height, width = synapse.in_shape if transposed else synapse.out_shape
    return synapse.weight.size * height * width


def test_the_ann_vae_costs_8_796_320_macs_and_not_10_199_040() -> None:
    program = vae()
    assert ann_twin(program).macs == 8_796_320
    assert sum(naive(c.synapse) for c in program.connections) == 10_199_040


def test_weights_adds_and_activations_of_the_ann_vae() -> None:
    twin = ann_twin(vae())
    encoder = 9 * (32 + 32 * 64 + 64 * 128 + 128 * 256)
    decoder = 9 * (256 * 128 + 128 * 64 + 64 * 32 + 32 * 32 + 32)
    assert twin.weights == encoder + 3 * 1024 * 128 + decoder
    neurons = 8192 + 4096 + 2048 + 1024 + 256 + 1024 + 2048 + 4096 + 8192 + 32768 + 1024
    assert twin.adds == neurons + (neurons - 1024)  # the readout has no activation function
    # All are written; the input, the latent and all but the heads and the pixels are read again.
    assert twin.activations == neurons + (neurons - 256 - 1024) + 1024 + 128


def test_a_loop_counts_once_and_zeros_of_a_linear_map_not_at_all(
    run: tuple[Program, Recording],
) -> None:
    program, _ = run
    macs = {c.name: c.macs for c in ann_twin(program).connections}
    assert macs == {"conv": 200, "fc": 192, "in": 6, "loop": 36, "out": 24}


def totals(program: Program, reuse: Reuse, active: dict[str, np.ndarray] | None = None) -> Any:
    """Term → count per sample."""
    found: dict[str, Any] = {}
    for item in ann_twin(program).items(reuse, active):
        found[item.term] = found.get(item.term, 0) + item.n
    return found


def test_what_memory_costs_depends_on_reuse() -> None:
    twin = ann_twin(vae())
    compute, ideal, none = (
        totals(vae(), reuse) for reuse in ("compute only", "ideal reuse", "no reuse")
    )
    assert set(compute) == {"mac", "add", "address"}
    assert ideal["mac"] == none["mac"] == compute["mac"] == twin.macs
    assert (ideal["weight"], ideal["activation"]) == (twin.weights, twin.activations)
    written = sum(layer.size for layer in vae().layers)
    assert (none["weight"], none["activation"]) == (twin.macs, twin.macs + written)


def test_skipped_zeros_save_work_but_must_be_looked_at(run: tuple[Program, Recording]) -> None:
    program, recording = run
    active = active_macs(program, recording)
    assert set(active) == {c.name for c in program.connections}
    found, full = totals(program, "no reuse", active), totals(program, "no reuse")
    macs = sum(active.values())
    np.testing.assert_array_equal(found["mac"], macs)
    np.testing.assert_array_equal(found["weight"], macs)
    looked_at = sum(int(np.prod(c.synapse.in_shape)) for c in program.connections)
    written = sum(layer.size for layer in program.layers)
    np.testing.assert_array_equal(found["activation"], macs + looked_at + written)
    assert (found["mac"] <= full["mac"]).all()


def test_address_additions_are_lemaires() -> None:
    """A kernel: inputs + outputs + C_out·taps; a matrix: one for each multiply-accumulate."""
    adds = {c.name: c.address_adds for c in ann_twin(vae()).connections}
    assert adds["conv2"] == 32 * 16 * 16 + 64 * 8 * 8 + 64 * 9
    assert adds["up4"] == 32 * 16 * 16 + 32 * 32 * 32 + 32 * 9
    assert adds["mu"] == 1024 * 128


def test_the_row_of_fsvaes_own_table() -> None:
    """29,614,080 multiplications an image, 7.4e9 for the batch of 250 that the table is of.

    Transposed convolutions count stride² times, borders not at all, and a linear layer the square
    of its inputs: the counter in the authors' code takes the output's size from the input.
    """
    as_theirs, exact = ann_twin(vae(), "fsvae").macs, ann_twin(vae()).macs
    assert as_theirs == 29_614_080
    assert as_theirs * 250 == pytest.approx(7.4e9, rel=1e-3)
    assert exact == 8_796_320
    linear = [c for c in vae().connections if isinstance(c.synapse, Linear)]
    squares = sum(int(np.prod(c.synapse.in_shape)) ** 2 for c in linear)
    kernels = [c.synapse for c in vae().connections if not isinstance(c.synapse, Linear)]
    taps = sum(s.weight.size * int(np.prod(s.out_shape[1:])) for s in kernels)
    assert as_theirs == squares + taps


@pytest.mark.parametrize(("steps", "bits"), [(1, 1), (2, 2), (3, 2), (4, 3), (15, 4), (16, 5)])
def test_bits_that_tell_all_spike_counts_apart(steps: int, bits: int) -> None:
    assert bits_of_steps(steps) == bits


def test_narrow_activations_save_on_the_multiplier_and_on_reading() -> None:
    reference = load_profile("horowitz45-memory")
    twin = ann_twin(vae())
    bills = {a.name: a.bill.terms for a in ann_energies(twin, reference, 16, None)}
    int8, narrow = bills["ANN int8, ideal reuse"], bills["ANN 5-bit, ideal reuse"]
    assert narrow["mac"].nominal == pytest.approx(twin.macs * (0.1 + 0.2 * 5 / 8))
    assert narrow["activation"].nominal == pytest.approx(int8["activation"].nominal * 5 / 8)
    assert (narrow["weight"], narrow["add"]) == (int8["weight"], int8["add"])
    assert "ANN int8, zeros skipped, ideal reuse" not in bills


def test_every_arithmetic_comes_with_every_reuse() -> None:
    reference, twin = load_profile("horowitz45-memory"), ann_twin(vae())
    zeros = {c.name: np.zeros(3, np.int64) for c in twin.connections}
    found = {(a.arithmetic, a.reuse) for a in ann_energies(twin, reference, 16, zeros)}
    reuses = ("compute only", "ideal reuse", "no reuse")
    arithmetics = ("fp32", "int8", "int8, zeros skipped", "5-bit")
    assert found == {(a, r) for a in arithmetics for r in reuses}


def active_macs(program: Program, recording: Recording) -> dict[str, np.ndarray]:
    return activity.active_macs(program, recording, Counter(program).visited)


# --- running the twin


def chain(precision: Precision = "float", du: float | None = None) -> tuple[Program, Recording]:
    """Two spike inputs, a layer that one weight silences, a readout; T = 4, two samples."""
    neuron = LIF(dv=0.5 * ONE, bias=np.array([0.0, 0.0, -0.4]), threshold=ONE)
    if du is not None:
        neuron = replace(neuron, du=np.asarray(du))
    weight = np.array([[1.0, 0.0], [-1.0, -1.0], [0.5, 0.5]])
    program = Program(
        precision=precision,
        dt=1e-3,
        steps=4,
        inputs=(Input("in", (2,)),),
        layers=(
            Layer("hidden", (3,), neuron),
            Layer("out", (2,), LeakyIntegrator(ZERO, ZERO, 0.2 * ONE)),
        ),
        connections=(
            Connection("a", "in", "hidden", Linear((2,), (3,), weight)),
            Connection("b", "hidden", "out", Linear((3,), (2,), np.ones((2, 3)))),
        ),
        outputs={"y": "out"},
        readouts={},
    )
    spikes = np.zeros((2, 4, 2), bool)
    spikes[0, :, 0] = True  # rate 1 and 0
    spikes[1, :2, 1] = True  # rate 0 and 1/2
    return program, Recording({"in": spikes, "hidden": np.zeros((2, 4, 3), bool)})


def test_zeros_of_the_twin_by_hand() -> None:
    """Rates (1, 0): currents 1, −1, 0.5 − 0.4; rates (0, ½): 0, −½, 0.25 − 0.4."""
    active = active_macs(*chain())
    # Input 0 has three weights; input 1 has two, its zero is none of the map's.
    np.testing.assert_array_equal(active["a"], [3, 2])
    np.testing.assert_array_equal(active["b"], [2 * 2, 0])


def test_a_synaptic_current_gathers_before_the_bias() -> None:
    """u settles at I/du: half a current over du = ½ outweighs the bias that it did not."""
    active = active_macs(*chain(du=0.5))
    np.testing.assert_array_equal(active["b"], [2 * 2, 2 * 1])


def test_a_loop_is_run_twice(run: tuple[Program, Recording]) -> None:
    """What comes round a back edge is there in the second round."""
    program, recording = run
    active = active_macs(program, recording)
    (loop,) = (c for c in program.connections if c.name == "loop")
    assert 0 < active["loop"].max() <= loop.synapse.macs()


def test_the_twin_takes_an_image_as_it_is_and_without_one_is_not_run(
    run: tuple[Program, Recording],
) -> None:
    program, recording = run
    image = np.array(recording.analog["image"])
    image[0] = 0.0
    blank = active_macs(program, replace(recording, analog={"image": image}))
    assert blank["conv"][0] == 0 < blank["conv"][1]
    assert measure(program, replace(recording, analog={})).active is None


def test_a_loop_is_run_once_or_at_each_step_as_the_file_says(nets: Any) -> None:
    nodes = {
        "in": nets.source(2),
        "a.in": nets.affine(np.ones((3, 2))),
        "a": nets.threshold(3),
        "back": nets.delay(3),
        "b.in": nets.affine(np.ones((1, 3))),
        "b": nets.threshold(1),
        "out": nets.sink(1),
    }
    edges = ("in a.in a b.in b out", "a back a")
    once, often = (
        nets.compiled(nets.graph(nodes, *edges, steps=7, **own))
        for own in ({}, {"twin_passes": "each step"})
    )
    assert often.looped == {"a"}
    one, many = ann_twin(once), ann_twin(often)
    # Two inputs to three neurons, these to themselves and, beyond the loop, to one.
    assert (one.macs, many.macs) == (6 + 3 + 3, 7 * (6 + 3) + 3)
    assert one.weights == many.weights
    assert {x.name: x.adds for x in many.layers} == {"in": 0, "a": 7 * 3 * 2, "b": 2}
    with pytest.raises(GraphError, match="metadata 'twin_passes' makes no sense"):
        nets.compiled(nets.graph(nodes, *edges, steps=7, twin_passes="twice"))


def test_an_input_that_the_twin_is_without_costs_it_nothing(nets: Any) -> None:
    nodes = {
        "in": nets.source(2),
        "noise": nets.source(4),
        "a.in": nets.affine(np.ones((3, 2))),
        "a.noise": nets.affine(np.ones((3, 4))),
        "a": nets.threshold(3),
        "out": nets.sink(3),
    }
    edges = ("in a.in a out", "noise a.noise a")
    rule = {"noise": {"in_twin": False}}
    with_noise, without = (
        ann_twin(nets.compiled(nets.graph(nodes, *edges, inputs=inputs))) for inputs in ({}, rule)
    )
    assert (with_noise.macs, without.macs) == (18, 6)
    assert {layer.name for layer in without.layers} == {"in", "a"}
    assert without.activations == 2 + 3
    with pytest.raises(GraphError, match="metadata 'inputs' of 'noise' makes no sense"):
        nets.compiled(nets.graph(nodes, *edges, inputs={"noise": {"in_twin": "no"}}))
