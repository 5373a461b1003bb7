"""What we write runs on lava-dl's netx, and what we read from a file runs as netx runs it."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import h5py
import nir
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from snnvae.deploy.compile import compile_graph
from snnvae.errors import UnsupportedError
from snnvae.export.netx import read_netx, write_netx
from snnvae.export.netx.biases import whole_biases
from snnvae.export.netx.weights import dense_weights
from snnvae.hardware_sim import reference
from snnvae.program import Program
from snnvae.stimulus import Stimulus

RunNetx = Callable[..., np.ndarray]
DT = 1e-3


def chain(nets: Any, nodes: dict[str, nir.NIRNode], **own: Any) -> nir.NIRGraph:
    """Unchecked by NIR, which cannot type groups and kernels that are not square."""
    metadata = {"snnvae": {"version": 1, "dt": DT, **own}}
    return nir.NIRGraph(dict(nodes), list(pairwise(nodes)), metadata=metadata, type_check=False)


def conv(
    nets: Any, weight: tuple[int, ...], size: tuple[int, int], *how: Any, seed: int = 0
) -> nir.Conv2d:
    """`how`: stride, padding, dilation, groups."""
    rng = np.random.default_rng(seed)
    return nir.Conv2d(size, rng.normal(0.1, 0.5, weight), *how, rng.normal(0.05, 0.1, weight[0]))


def dense(nets: Any) -> nir.NIRGraph:
    rng = np.random.default_rng(1)
    nodes = {
        "in": nets.source(7),
        "w": nets.affine(rng.normal(0.1, 0.5, (9, 7)), rng.normal(0.1, 0.1, 9)),
        "a": nets.lif(9, tau=3 * DT, r=3.0),
        "v": nets.affine(rng.normal(0.1, 0.4, (4, 9))),
        "b": nets.lif(4, threshold=0.7),
        "out": nets.sink(4),
    }
    return chain(nets, nodes)


def one_conv(nets: Any, weight: tuple[int, ...], out: tuple[int, ...], *how: Any) -> nir.NIRGraph:
    """A convolution of (4, 7, 6), a second of its result, and a dense layer."""
    rng = np.random.default_rng(2)
    nodes = {
        "in": nets.source(4, 7, 6),
        "c": conv(nets, weight, (7, 6), *how),
        "a": nets.lif(*out),
        "d": conv(nets, (3, out[0], 1, 1), out[1:], 1, 0, 1, 1, seed=3),
        "b": nets.lif(3, *out[1:], tau=4 * DT, r=4.0),
        "flat": nir.Flatten({"input": np.array([3, *out[1:]])}, 0, 2),
        "w": nets.affine(rng.normal(0.05, 0.4, (6, 3 * out[1] * out[2])), rng.normal(0, 0.1, 6)),
        "e": nets.lif(6),
        "out": nets.sink(6),
    }
    return chain(nets, nodes)


def flattened_first(nets: Any) -> nir.NIRGraph:
    """(C, H, W) straight into a dense layer, and a kernel's result flat into its neurons."""
    rng = np.random.default_rng(4)
    nodes = {
        "in": nets.source(2, 3, 4),
        "flat": nir.Flatten({"input": np.array([2, 3, 4])}, 0, 2),
        "w": nets.affine(rng.normal(0.1, 0.5, (5, 24))),
        "a": nets.lif(5),
        "out": nets.sink(5),
    }
    return chain(nets, nodes)


def flat_neurons(nets: Any) -> nir.NIRGraph:
    nodes = {
        "in": nets.source(2, 5, 4),
        "c": conv(nets, (3, 2, 3, 3), (5, 4), 1, 1, 1, 1),
        "flat": nir.Flatten({"input": np.array([3, 5, 4])}, 0, 2),
        "a": nets.lif(60),
        "edge": nets.lif(60, threshold=0.4),
        "out": nets.sink(60),
    }
    return chain(nets, nodes)


def with_currents(nets: Any) -> nir.NIRGraph:
    """Synaptic currents that decay, and biases that the membrane gets without them."""
    rng = np.random.default_rng(5)
    leak, one = rng.uniform(-0.2, 0.6, 10), np.ones(10)
    cuba = nir.CubaLIF(
        tau_syn=3e-3 * one,
        tau_mem=4e-3 * one,
        r=one,
        v_leak=leak,
        v_threshold=one,
        v_reset=0 * one,
        w_in=3 * one,
    )
    nodes = {
        "in": nets.source(6),
        "w": nir.Linear(rng.normal(0.5, 1.0, (10, 6))),
        "a": cuba,
        "v": nets.affine(rng.normal(0.1, 0.5, (5, 10)), rng.normal(0, 0.1, 5)),
        "b": nets.lif(5),
        "out": nets.sink(5),
    }
    return chain(nets, nodes, initial="v_reset")


def biases_by_position(nets: Any) -> nir.NIRGraph:
    """A convolution whose neurons each leak to a value of their own."""
    rng = np.random.default_rng(6)
    nodes = {
        "in": nets.source(2, 5, 4),
        "w": conv(nets, (3, 2, 3, 3), (5, 4), 1, 1, 1, 1),
        "a": nets.lif(3, 5, 4, leak=rng.uniform(-0.5, 1.0, (3, 5, 4))),
        "out": nets.sink(3, 5, 4),
    }
    return chain(nets, nodes, initial="v_reset")


def memoryless(nets: Any) -> nir.NIRGraph:
    rng = np.random.default_rng(5)
    nodes = {
        "in": nets.source(6),
        "w": nets.affine(rng.normal(0, 1, (8, 6)), rng.normal(0, 0.2, 8)),
        "t": nets.threshold(8, at=0.6),
        "out": nets.sink(8),
    }
    return chain(nets, nodes)


def transposed(nets: Any) -> nir.NIRGraph:
    """A transposed convolution, as a dense layer."""
    from snnvae.primitives import NirConvTranspose2d

    rng = np.random.default_rng(6)
    weight = rng.normal(0.1, 0.5, (2, 3, 3, 3))
    nodes = {
        "in": nets.source(2, 3, 3),
        "up": NirConvTranspose2d((3, 3), weight, 2, 1, 1, 1, 1, rng.normal(0, 0.1, 3)),
        "a": nets.lif(3, 6, 6),
        "out": nets.sink(3, 6, 6),
    }
    return chain(nets, nodes)


GRAPHS: dict[str, Callable[[Any], nir.NIRGraph]] = {
    "dense": dense,
    "stride": lambda nets: one_conv(nets, (5, 4, 3, 3), (5, 3, 2), 2, 0, 1, 1),
    "padding": lambda nets: one_conv(nets, (5, 4, 3, 3), (5, 7, 8), 1, (1, 2), 1, 1),
    "dilation": lambda nets: one_conv(nets, (5, 4, 3, 3), (5, 7, 4), 1, (2, 1), 2, 1),
    "groups": lambda nets: one_conv(nets, (6, 2, 3, 3), (6, 7, 6), 1, 1, 1, 2),
    "depthwise": lambda nets: one_conv(nets, (4, 1, 3, 3), (4, 7, 6), 1, 1, 1, 4),
    "oblong kernel": lambda nets: one_conv(nets, (5, 4, 3, 1), (5, 3, 6), (2, 1), (0, 0), 1, 1),
    "all at once": lambda nets: one_conv(nets, (6, 2, 1, 3), (6, 4, 3), 2, (0, 2), (1, 2), 2),
    "flattened first": flattened_first,
    "flat neurons": flat_neurons,
    "memoryless": memoryless,
    "currents": with_currents,
    "biases by position": biases_by_position,
    "transposed": transposed,
}


def ours(program: Program, stream: np.ndarray) -> np.ndarray:
    """Spikes of the last layer in the reference, (B, T, N)."""
    stimulus = Stimulus({program.inputs[0].name: stream}, tuple(range(len(stream))))
    spikes = reference.run(program, stimulus).spikes[program.layers[-1].name]
    return spikes.reshape(*stream.shape[:2], -1)


@pytest.mark.parametrize("name", GRAPHS)
def test_netx_gives_the_spikes_of_the_program_and_of_what_is_read_back(
    name: str, nets: Any, run_netx: RunNetx, tmp_path: Path
) -> None:
    """Several samples in one run, each as if alone."""
    path = tmp_path / "model.net"
    graph = GRAPHS[name](nets)
    write_netx(graph, path, round_bias=True)
    program, _ = whole_biases(compile_graph(graph, "fixed").program)
    stream = nets.spikes(program, samples=4, steps=9).streams["in"]
    spikes = run_netx(path, stream)
    assert 0 < spikes.mean() < 1
    np.testing.assert_array_equal(spikes, ours(program, stream))
    again = compile_graph(read_netx(path)[0], "fixed").program
    np.testing.assert_array_equal(spikes, ours(again, stream))


def test_without_the_relay_the_resets_must_come_a_step_later(
    nets: Any, run_netx: RunNetx, tmp_path: Path
) -> None:
    path = tmp_path / "model.net"
    write_netx(dense(nets), path, round_bias=True)
    program, _ = whole_biases(compile_graph(dense(nets), "fixed").program)
    stream = nets.spikes(program, samples=5, steps=6).streams["in"]
    np.testing.assert_array_equal(run_netx(path, stream, relay=False), ours(program, stream))


def test_a_readouts_membrane_is_the_value(nets: Any, run_netx: RunNetx, tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    nodes = {
        "in": nets.source(6),
        "w": nets.affine(rng.normal(0.2, 0.5, (8, 6))),
        "a": nets.lif(8),
        "r": nets.affine(rng.normal(0, 0.5, (3, 8))),
        "li": nets.li(3),
        "out": nets.sink(3),
    }
    graph, path = chain(nets, nodes), tmp_path / "model.net"
    (note,) = write_netx(graph, path)
    assert "'li' never fires" in note
    program = compile_graph(graph, "fixed").program
    stimulus = nets.spikes(program, samples=3, steps=8)
    recording = reference.run(program, stimulus)
    membrane = run_netx(path, stimulus.streams["in"], membrane=True)
    np.testing.assert_array_equal(membrane, recording.final["li"])
    units = float(note.rsplit(maxsplit=1)[1])
    np.testing.assert_allclose(membrane / units, recording.outputs["out"], rtol=1e-5)
    again = compile_graph(read_netx(path)[0], "fixed").program
    stimulus = Stimulus({"input": stimulus.streams["in"]}, stimulus.samples)
    np.testing.assert_array_equal(membrane, reference.run(again, stimulus).final["neurons2"])


def test_large_currents_are_not_cut_to_16_bits(
    nets: Any, run_netx: RunNetx, tmp_path: Path
) -> None:
    nodes = {
        "in": nets.source(600),
        "w": nets.affine(np.full((2, 600), 1.0) * [[1.0], [-1.0]]),
        "a": nets.lif(2, threshold=100.0),
        "out": nets.sink(2),
    }
    graph, path = chain(nets, nodes), tmp_path / "model.net"
    write_netx(graph, path)
    program = compile_graph(graph, "fixed").program
    stream = nets.spikes(program, samples=2, steps=6).streams["in"]
    np.testing.assert_array_equal(run_netx(path, stream), ours(program, stream))


def lava_dls_own(name: str) -> Path:
    """A network that comes with lava-dl's tests."""
    tests = pytest.importorskip("tests.lava.lib.dl.netx", reason="lava-dl's own tests are missing")
    return Path(next(iter(tests.__path__))) / f"{name}.net"


@pytest.mark.parametrize("name", ["tiny", "mnist", "gts/pilotnet_lif/network"])
def test_lava_dls_own_networks_run_as_in_netx(name: str, run_netx: RunNetx, tmp_path: Path) -> None:
    path = lava_dls_own(name)
    graph, _ = read_netx(path)
    program = compile_graph(graph, "fixed").program
    (port,) = program.inputs
    rng = np.random.default_rng(0)
    shape = (2, 6, *port.shape) if name != "gts/pilotnet_lif/network" else (1, 12, *port.shape)
    low, high = int(port.low), int(port.high)
    stream = np.broadcast_to(rng.integers(low, high + 1, (shape[0], 1, *shape[2:])), shape)
    recording = reference.run(program, Stimulus({port.name: stream}, tuple(range(shape[0]))))
    last = program.layers[-1]
    if last.neuron.spiking:
        want = recording.spikes[last.name].reshape(*shape[:2], -1)
        assert want.any()
        np.testing.assert_array_equal(run_netx(path, stream), want)
    else:
        want = recording.final[last.name].reshape(shape[0], -1)
        assert want.any()
        np.testing.assert_array_equal(run_netx(path, stream, membrane=True), want)


@given(
    arrays.arrays(
        np.int64,
        st.tuples(st.integers(1, 3), st.integers(1, 4)),
        elements=st.one_of(
            st.integers(-256, 254),
            st.sampled_from([-256, -128, -64, -8, -4, -2, 0, 2, 254]),
            st.integers(-128, 127).map(lambda n: 2 * n),
            st.integers(-256, -1),
            st.integers(0, 255),
        ),
    )
)
def test_dense_weights_are_what_lava_dl_and_lava_make_of_them(
    run_netx: RunNetx, weight: np.ndarray
) -> None:
    from lava.lib.dl.netx.utils import optimize_weight_bits
    from lava.utils.weightutils import clip_weights, determine_sign_mode, truncate_weights

    if not weight.any():
        with pytest.raises(UnsupportedError, match="all 0"):
            dense_weights(weight)
        return
    if weight.max() > 254 and weight.min() < 0:
        with pytest.raises(UnsupportedError, match="beyond 8 bits"):
            dense_weights(weight)
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it divides by 0 where the largest weight is 0
        shifted, bits, exponent, _ = optimize_weight_bits(weight)
    mode = determine_sign_mode(shifted)
    used = truncate_weights(clip_weights(shifted, mode, 8), mode, bits) / 2.0**-exponent
    if (used != np.rint(used)).any():
        with pytest.raises(UnsupportedError, match="depends on the sum"):
            dense_weights(weight)
    else:
        np.testing.assert_array_equal(dense_weights(weight), used)


def test_what_netx_changes_is_read_as_netx_hears_it(
    nets: Any, run_netx: RunNetx, tmp_path: Path
) -> None:
    """[−4, −8, −6] becomes [−4, −6, −6]: with −8 neuron 1 would not fire."""
    path = tmp_path / "model.net"
    graph = chain(
        nets,
        {
            "in": nets.source(3),
            "w": nets.affine([[-4.0, -10.0, -6.0]], bias=14.0),
            "a": nets.lif(1, threshold=6.0),
            "out": nets.sink(1),
        },
        scales={"a": 1.0},
    )
    write_netx(graph, path)
    with h5py.File(path, "a") as file:
        file["layer/1/weight"][...] = [[-4, -8, -6]]
    graph, notes = read_netx(path)
    assert any("1 weights other than those of the file" in note for note in notes)
    assert graph.nodes["dense1"].weight.tolist() == [[-4, -6, -6]]
    stream = np.array([[[0, 1, 0], [0, 1, 0], [1, 0, 0], [0, 1, 1], [0, 0, 0]]], bool)
    spikes = run_netx(path, stream)
    np.testing.assert_array_equal(spikes, ours(compile_graph(graph, "fixed").program, stream))
    graph.nodes["dense1"].weight[0, 1] = -8
    assert (spikes != ours(compile_graph(graph, "fixed").program, stream)).any()
