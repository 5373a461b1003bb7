"""netx files: what is written, what is refused and why, and what a file from anywhere may hold."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import nir
import numpy as np
import pytest

from snnvae.deploy.compile import compile_graph
from snnvae.errors import ConfigError, GraphError, SnnvaeError, UnsupportedError
from snnvae.export.netx import read_netx, write_netx
from snnvae.export.netx.biases import whole_biases
from snnvae.export.netx.file import load
from snnvae.export.netx.layer import RELAY
from snnvae.export.nir_file import read_nir, write_nir
from snnvae.options import Options
from snnvae.program import Program

Graph = Callable[[Any], nir.NIRGraph]


def small(nets: Any, **lif: Any) -> nir.NIRGraph:
    """Convolution (3, 4, 4) → Flatten → Affine (5)."""
    rng = np.random.default_rng(0)
    nodes = {
        "in": nets.source(2, 4, 4),
        "conv": nir.Conv2d((4, 4), rng.normal(0, 0.5, (3, 2, 3, 3)), 1, 1, 1, 1, np.zeros(3)),
        "a": nets.lif(3, 4, 4, tau=4e-3, r=4.0),
        "flat": nir.Flatten({"input": np.array([3, 4, 4])}, 0, 2),
        "w": nets.affine(rng.normal(0, 0.5, (5, 48))),
        "b": nets.lif(5, **lif),
        "out": nets.sink(5),
    }
    return nets.chain(nodes)


def dense(nets: Any, weight: Any, bias: Any = 0.0, **lif: Any) -> nir.NIRGraph:
    weight = np.atleast_2d(np.asarray(weight, float))
    nodes = {
        "in": nets.source(weight.shape[1]),
        "w": nets.affine(weight, bias),
        "a": nets.lif(len(weight), **lif),
        "out": nets.sink(len(weight)),
    }
    return nets.chain(nodes)


def numbers(program: Program) -> list[np.ndarray]:
    """All integers of a program that decide its spikes."""
    found = []
    for layer in program.layers:
        neuron = layer.neuron
        found += [neuron.bias.value.max(), neuron.bias.value.min(), neuron.start]
        found += [getattr(neuron, name, np.zeros(())) for name in ("dv", "threshold")]
    return [np.asarray(n) for n in found] + [c.synapse.weight for c in program.connections]


def test_the_file_is_as_lava_dl_lays_it_out(nets: Any, tmp_path: Path) -> None:
    path = tmp_path / "model.net"
    assert write_netx(small(nets), path) == ()
    program = compile_graph(small(nets), "fixed").program
    with h5py.File(path, "r") as file:
        layers = file["layer"]
        kinds = [layers[str(i)]["type"][0] for i in range(len(layers))]
        assert kinds == [b"input", b"conv", b"flatten", b"dense"]
        assert layers["0/shape"][()].tolist() == [2, 4, 4]
        conv = layers["1"]
        assert conv["shape"][()].tolist() == [3, 4, 4]
        np.testing.assert_array_equal(conv["weight"][()], program.connections[0].synapse.weight)
        assert conv["padding"][()].tolist() == [1, 1]
        assert conv["groups"][()] == 1
        assert "bias" not in conv
        assert conv["neuron/type"][()] == b"CUBA"
        assert conv["neuron/iDecay"][()] == 4096
        assert conv["neuron/vDecay"][()] == 1024
        assert conv["neuron/vThMant"][()] == program.layers[0].neuron.threshold


def test_what_is_read_back_has_the_same_integers(nets: Any, tmp_path: Path) -> None:
    path = tmp_path / "model.net"
    write_netx(small(nets), path)
    graph, notes = read_netx(path)
    assert notes == ()
    write_nir(graph, tmp_path / "again.nir")
    programs = [
        compile_graph(g, "fixed").program for g in (small(nets), read_nir(tmp_path / "again.nir"))
    ]
    for one, other in zip(*map(numbers, programs), strict=True):
        np.testing.assert_array_equal(one, other)
    assert [layer.scale for layer in programs[1].layers] == [1.0, 1.0]


def test_dt_is_stated_and_changes_nothing_else(nets: Any, tmp_path: Path) -> None:
    path = tmp_path / "model.net"
    write_netx(small(nets), path)
    programs = [compile_graph(read_netx(path, dt)[0], "fixed").program for dt in (1e-3, 1e-4, 0.7)]
    assert [program.dt for program in programs] == [1e-3, 1e-4, 0.7]
    for program in programs[1:]:
        for one, other in zip(numbers(programs[0]), numbers(program), strict=True):
            np.testing.assert_array_equal(one, other)
    with pytest.raises(ConfigError, match="`dt`"):
        read_netx(path, float("nan"))


@pytest.mark.parametrize("voltage_decay", [0, 1, 2, 3, 123, 1024, 2731, 4095, 4096])
def test_every_decay_comes_back(voltage_decay: int, nets: Any, tmp_path: Path) -> None:
    path = tmp_path / "model.net"
    write_netx(dense(nets, [[1.0, -0.5]]), path)
    with h5py.File(path, "a") as file:
        file["layer/1/neuron/vDecay"][...] = voltage_decay
    graph, notes = read_netx(path)
    (layer,) = compile_graph(graph, "fixed").program.layers
    assert layer.neuron.dv == voltage_decay
    assert ("does not leak" in " ".join(notes)) == (voltage_decay == 0)


def test_a_decaying_current_becomes_a_cuba_lif(nets: Any, tmp_path: Path) -> None:
    """du = dt/τ_syn = iDecay/4096, and both gains are 1."""
    path = tmp_path / "model.net"
    write_netx(dense(nets, [[1.0, -0.5]], tau=4e-3), path)
    with h5py.File(path, "a") as file:
        file["layer/1/neuron/iDecay"][...] = 512
    node = read_netx(path, dt=2e-3)[0].nodes["neurons1"]
    assert isinstance(node, nir.CubaLIF)
    assert 2e-3 / node.tau_syn == pytest.approx(512 / 4096)
    assert node.w_in * 2e-3 / node.tau_syn == pytest.approx(1)
    assert node.r * 2e-3 / node.tau_mem == pytest.approx(1)


def test_biases_are_rounded_only_when_asked(nets: Any, tmp_path: Path) -> None:
    graph, path = dense(nets, [[1.0, -0.5]], bias=0.1234), tmp_path / "model.net"
    with pytest.raises(UnsupportedError, match=r"'a' has biases finer .* `round_bias`"):
        write_netx(graph, path)
    assert not path.exists()
    (note,) = write_netx(graph, path, round_bias=True)
    assert note.startswith("'a': biases rounded by up to 0.")
    program = compile_graph(graph, "fixed").program
    exact = program.layers[0].neuron.bias.value / 64
    rounded, _ = whole_biases(program)
    assert load(path)[1].bias == np.rint(exact) == rounded.layers[0].neuron.bias.value / 64
    assert f"{abs(np.rint(exact) - exact).item():.2g} weight units" in note


def test_biases_that_are_whole_are_written_as_they_are(nets: Any, tmp_path: Path) -> None:
    """254 / 1 weight units per unit: a bias of 0.5 is 127 of them."""
    path = tmp_path / "model.net"
    assert write_netx(dense(nets, [[1.0, -0.5]], bias=0.5), path) == ()
    assert load(path)[1].bias == 127


def test_a_bias_per_neuron_of_a_convolution_is_in_the_order_of_the_ports(
    nets: Any, tmp_path: Path
) -> None:
    path = tmp_path / "model.net"
    leak = np.arange(12.0).reshape(2, 2, 3) / 254
    nodes = {
        "in": nets.source(1, 2, 3),
        "c": nir.Conv2d((2, 3), np.full((2, 1, 1, 1), 1.0), 1, 0, 1, 1, np.zeros(2)),
        "a": nets.lif(2, 2, 3, tau=1e-3, r=1.0, leak=leak),
        "out": nets.sink(2, 2, 3),
    }
    write_netx(nets.chain(nodes, initial="v_reset"), path)
    with h5py.File(path, "r") as file:
        assert file["layer/1/bias"].shape == (3, 2, 2)
        assert file["layer/1/bias"][2, 0, 1] == np.round(leak[1, 0, 2] * 254)


def branches(nets: Any) -> nir.NIRGraph:
    nodes = {
        "in": nets.source(2),
        "w": nets.affine(np.eye(2)),
        "a": nets.lif(2),
        "v": nets.affine(np.eye(2)),
        "u": nets.affine(np.eye(2)),
        "b": nets.lif(2),
        "out": nets.sink(2),
    }
    return nets.graph(nodes, "in w a v b out", "in u b")


def loop(nets: Any) -> nir.NIRGraph:
    nodes = {
        "in": nets.source(2),
        "w": nets.affine(np.eye(2)),
        "a": nets.lif(2),
        "back": nets.delay(2),
        "v": nets.affine(np.eye(2)),
        "out": nets.sink(2),
    }
    return nets.graph(nodes, "in w a out", "a back v a")


def delayed(nets: Any) -> nir.NIRGraph:
    nodes = {
        "in": nets.source(2),
        "d": nets.delay(2, steps=2),
        "w": nets.affine(np.eye(2)),
        "a": nets.lif(2),
        "out": nets.sink(2),
    }
    return nets.chain(nodes)


def two_inputs(nets: Any) -> nir.NIRGraph:
    nodes = {
        "in": nets.source(2),
        "other": nets.source(2),
        "w": nets.affine(np.eye(2)),
        "v": nets.affine(np.eye(2)),
        "a": nets.lif(2),
        "out": nets.sink(2),
    }
    return nets.graph(nodes, "in w a out", "other v a")


def inner_output(nets: Any) -> nir.NIRGraph:
    nodes = {
        "in": nets.source(2),
        "w": nets.affine(np.eye(2)),
        "a": nets.lif(2),
        "v": nets.affine(np.eye(2)),
        "b": nets.lif(2),
        "out": nets.sink(2),
        "seen": nets.sink(2),
    }
    return nets.graph(nodes, "in w a v b out", "a seen")


def behind_dense(nets: Any) -> nir.NIRGraph:
    """A transposed convolution, dense in netx, and a convolution behind it."""
    from snnvae.primitives import NirConvTranspose2d

    nodes = {
        "in": nets.source(1, 2, 2),
        "up": NirConvTranspose2d((2, 2), np.ones((1, 1, 2, 2)), 2, 0, 0, 1, 1, np.zeros(1)),
        "a": nets.lif(1, 4, 4),
        "c": nir.Conv2d((4, 4), np.ones((1, 1, 3, 3)), 1, 1, 1, 1, np.zeros(1)),
        "b": nets.lif(1, 4, 4),
        "out": nets.sink(1, 4, 4),
    }
    return nets.chain(nodes)


REFUSED: dict[str, tuple[Graph, str]] = {
    "a branch": (branches, r"'b' is fed by 'in', 'a' where 'a' alone"),
    "a loop": (loop, r"layers 'a' form a loop"),
    "a delay": (delayed, r"'a' gets its spikes after a delay"),
    "two inputs": (two_inputs, r"one input, the network has 'in', 'other'"),
    "an inner output": (inner_output, r"ends with 'b', but output 'seen' is of 'a'"),
    "a convolution behind a dense layer": (behind_dense, r"'b' is a convolution behind a dense"),
    "tau per neuron": (
        lambda n: dense(n, np.eye(2), tau=[1e-3, 2e-3]),
        r"'a' has a tau per neuron",
    ),
    "threshold per neuron": (
        lambda n: dense(n, np.eye(2), threshold=[1.0, 2.0]),
        r"'a' has a threshold per neuron",
    ),
    "a first membrane": (lambda n: dense(n, [[1.0]], leak=0.5), r"'a' starts away from v_reset"),
    "no weight": (lambda n: dense(n, [[0.0]]), r"'a' has weights that are all 0"),
    "only inhibition": (
        lambda n: dense(n, [[-0.5, -1.0]], threshold=128 / 254),
        r"'a' has no weight above 0 .* power of two, -256",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_netx_lacks_is_named(name: str, nets: Any, tmp_path: Path) -> None:
    build, message = REFUSED[name]
    options = Options(initial="v_leak" if name == "a first membrane" else None)
    if name == "only inhibition":
        graph = build(nets)
        graph.metadata["snnvae"]["scales"] = {"a": 256.0}
    else:
        graph = build(nets)
    with pytest.raises(UnsupportedError, match=message) as error:
        write_netx(graph, tmp_path / "model.net", options, round_bias=True)
    assert str(error.value).startswith("netx: ")
    assert "\n" not in str(error.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (Options(analog=("in",)), "input 'in' takes analog values"),
        (Options(reset="subtract"), "'a' resets by subtraction"),
    ],
)
def test_what_options_ask_for_may_be_refused(
    options: Options, message: str, nets: Any, tmp_path: Path
) -> None:
    with pytest.raises(UnsupportedError, match=message):
        write_netx(dense(nets, np.eye(2)), tmp_path / "model.net", options)


def test_numbers_beyond_8_bits_are_refused(nets: Any, tmp_path: Path) -> None:
    conv = nir.Conv2d((300, 1), np.ones((1, 1, 1, 1)), (200, 1), 0, 1, 1, np.zeros(1))
    nodes = {"in": nets.source(1, 300, 1), "c": conv, "a": nets.lif(1, 2, 1)}
    graph = nets.chain({**nodes, "out": nets.sink(1, 2, 1)})
    with pytest.raises(UnsupportedError, match="'a' has geometry of 200, which netx keeps in 8"):
        write_netx(graph, tmp_path / "model.net")


def test_a_float_program_has_no_integers(nets: Any) -> None:
    from snnvae.export.netx.from_program import from_program

    with pytest.raises(UnsupportedError, match="compile with precision 'fixed'"):
        from_program(nets.compiled(small(nets)))


# What is read.


@pytest.fixture
def net(nets: Any, tmp_path: Path) -> Path:
    path = tmp_path / "model.net"
    write_netx(small(nets), path)
    return path


def put(key: str, value: Any) -> Callable[[h5py.File], None]:
    def change(file: h5py.File) -> None:
        if key in file:
            del file[key]
        file[key] = value

    return change


def drop(key: str) -> Callable[[h5py.File], None]:
    return lambda file: file.__delitem__(key)


def complex_weights(file: h5py.File) -> None:
    del file["layer/3/weight"]
    file["layer/3/weight/real"] = np.ones((5, 48))


DAMAGED: dict[str, tuple[Callable[[h5py.File], None], type[SnnvaeError], str]] = {
    "no layers": (drop("layer"), GraphError, "not netx"),
    "a gap": (drop("layer/1"), GraphError, "not numbered from 0"),
    "a name": (lambda f: f.move("layer/1", "layer/x"), GraphError, "not numbered from 0"),
    "a pool": (put("layer/1/type", b"pool"), UnsupportedError, "layer 1 is of type 'pool'"),
    "a loop": (put("layer/1/type", b"dense_rec"), UnsupportedError, "type 'dense_rec'"),
    "no type": (drop("layer/1/type"), GraphError, "layer 1 has no 'type'"),
    "a number for a type": (put("layer/1/type", 3), GraphError, "no text in 'type'"),
    "sigma-delta": (put("layer/1/neuron/type", b"SDNN"), UnsupportedError, "'SDNN' neurons"),
    "resonators": (put("layer/1/neuron/type", b"RF"), UnsupportedError, "'RF' neurons"),
    "no neurons": (drop("layer/1/neuron"), UnsupportedError, "layer 1 has no neurons"),
    "an endless current": (put("layer/1/neuron/iDecay", 0), UnsupportedError, "never decays"),
    "a decay beyond": (put("layer/1/neuron/vDecay", 5000), GraphError, "vDecay = 5000"),
    "a negative decay": (put("layer/1/neuron/vDecay", -1), GraphError, "vDecay = -1"),
    "no threshold": (drop("layer/1/neuron/vThMant"), GraphError, "no 'vThMant'"),
    "a threshold of 0": (put("layer/1/neuron/vThMant", 0), UnsupportedError, "threshold of 0"),
    "thresholds": (put("layer/1/neuron/vThMant", [1, 2]), UnsupportedError, "2 values"),
    "an input in between": (put("layer/2/type", b"input"), UnsupportedError, "behind other layers"),
    "no weight": (drop("layer/1/weight"), GraphError, "no 'weight'"),
    "complex": (complex_weights, UnsupportedError, "complex weights"),
    "an odd weight": (put("layer/1/weight", np.ones((3, 2, 3, 3))), UnsupportedError, "all even"),
    "a large weight": (
        put("layer/1/weight", np.full((3, 2, 3, 3), 1 << 20)), UnsupportedError, "all even",
    ),
    "not finite": (put("layer/1/weight", np.full((3, 2, 3, 3), np.nan)), GraphError, "not finite"),
    "beyond 32 bits": (put("layer/3/bias", np.full(5, 1e12)), GraphError, "beyond 32 bits"),
    "a large bias": (put("layer/3/bias", np.full(5, 5000)), UnsupportedError, "beyond 4095"),
    "two biases": (put("layer/3/bias", np.ones(2)), GraphError, "2 biases for 5 neurons"),
    "odd biases": (put("layer/1/bias", np.ones((3, 4))), GraphError, r"shape \(3, 4\)"),
    "delays": (put("layer/3/delay", np.ones(5)), UnsupportedError, "has delays, whose spikes"),
    "another shape": (put("layer/1/shape", [3, 4, 5]), GraphError, r"gives \(3, 4, 4\)"),
    "a flat shape": (put("layer/0/shape", [32]), GraphError, "takes an input"),
    "a huge shape": (put("layer/0/shape", [1 << 20, 1 << 20]), GraphError, "damaged or hostile"),
    "no shape": (put("layer/0/shape", [0, 2]), GraphError, r"has the shape \(0, 2\)"),
    "a stride of 0": (put("layer/1/stride", [0, 0]), GraphError, "stride"),
    "huge padding": (put("layer/1/padding", [1 << 30] * 2), GraphError, "beyond any network"),
    "groups": (put("layer/1/groups", 3), GraphError, r"takes an input \(6"),
    "no groups": (put("layer/1/groups", 0), GraphError, "groups"),
    "an outside link": (
        put("layer/1/weight", h5py.ExternalLink("/etc/passwd", "x")), GraphError, "another place",
    ),
    "a soft link": (put("layer/9", h5py.SoftLink("/layer/1")), GraphError, "another place"),
    "another dense size": (put("layer/3/weight", np.ones((5, 7))), GraphError, r"needs \(5, 48\)"),
    "text weights": (put("layer/1/weight", b"w"), GraphError, "no numbers in 'weight'"),
    "empty weights": (put("layer/1/weight", np.zeros((0, 2))), GraphError, "no numbers"),
}  # fmt: skip


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_or_foreign_file_is_refused_in_one_line(name: str, net: Path) -> None:
    change, error, message = DAMAGED[name]
    with h5py.File(net, "a") as file:
        change(file)
    with pytest.raises(error, match=message) as refused:
        read_netx(net)
    assert str(refused.value).startswith(f"{net}: ")
    assert "\n" not in str(refused.value)


def test_what_is_no_netx_file_at_all(tmp_path: Path, nets: Any) -> None:
    for name, content in (("text", b"hello"), ("empty", b"")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(GraphError, match="not a netx file"):
            read_netx(tmp_path / name)
    with pytest.raises(GraphError, match="no such file"):
        read_netx(tmp_path / "absent")
    with pytest.raises(GraphError, match="not a regular file"):
        read_netx(tmp_path)
    write_nir(small(nets), tmp_path / "a.nir")
    with pytest.raises(GraphError, match="not netx"):
        read_netx(tmp_path / "a.nir")


def test_a_file_cut_short_is_refused(net: Path) -> None:
    content = net.read_bytes()
    for part in (0.2, 0.5, 0.9):
        net.write_bytes(content[: int(len(content) * part)])
        with pytest.raises(GraphError):
            read_netx(net)


def test_a_file_without_input_begins_with_its_weights(net: Path, nets: Any) -> None:
    write_netx(dense(nets, np.eye(3)), net)
    with h5py.File(net, "a") as file:
        file.move("layer/1", "layer/x")
        del file["layer/0"]
        file.move("layer/x", "layer/0")
    graph, _ = read_netx(net)
    assert compile_graph(graph, "fixed").program.inputs[0].shape == (3,)


def test_the_relay_is_left_out_and_other_input_neurons_are_not(net: Path, nets: Any) -> None:
    assert load(net)[0].neuron == RELAY
    with h5py.File(net, "a") as file:
        file["layer/0/neuron/vThMant"][...] = 30
        file["layer/0/weight"], file["layer/0/bias"] = -40.0, 10.0
    graph, notes = read_netx(net)
    program = compile_graph(graph, "fixed").program
    assert [layer.name for layer in program.layers] == ["neurons0", "neurons1", "neurons3"]
    (port,) = program.inputs
    assert (port.analog, port.low, port.high) == (True, -30.0, 10.0)
    assert "-40·x + 10" in notes[0]


def test_a_scale_in_the_metadata_must_make_sense(nets: Any) -> None:
    for scale in (0, -1.0, float("inf"), "one"):
        graph = dense(nets, np.eye(2))
        graph.metadata["snnvae"]["scales"] = {"a": scale}
        with pytest.raises(GraphError, match="'scales' of 'a'"):
            compile_graph(graph, "fixed")
    graph.metadata["snnvae"]["scales"] = 3.0
    with pytest.raises(GraphError, match="'scales'"):
        compile_graph(graph, "fixed")


def test_a_stated_scale_is_taken(nets: Any) -> None:
    graph = dense(nets, [[1.0, -0.5]])
    graph.metadata["snnvae"]["scales"] = {"a": 8.0}
    program = compile_graph(graph, "fixed").program
    assert program.layers[0].scale == 8.0
    assert program.connections[0].synapse.weight.tolist() == [[8, -4]]
    assert program.layers[0].neuron.threshold == 8
