"""What is exported computes what Norse computes, and a single step of a single weight shows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import nir
import numpy as np
import pytest
from in_code import HERE
from thorough import thorough

from snnvae.deploy.compile import compile_graph
from snnvae.errors import CheckpointError, ConfigError
from snnvae.evaluate.check import check, norse_rows
from snnvae.evaluate.parity import LayerParity, all_agree
from snnvae.families import registry
from snnvae.families.images.esvae import ESVAE
from snnvae.families.images.fsvae import FSVAE
from snnvae.families.images.vae import SpikingVAE
from snnvae.hardware_sim import reference
from snnvae.inputs.stimulus_blocks import stimulus_for
from snnvae.train.to_nir import to_nir

Trained = Callable[[str], tuple[SpikingVAE, Path]]
KINDS = {"esvae": ESVAE, "fsvae": FSVAE}
EVERY_PART = [
    (f"{model}{form}", part)
    for form in ("", " conditional")
    for model, kind in KINDS.items()
    for part in kind.parts
    if (model, part) != ("esvae", "autoencoder")  # two graphs
]
SAMPLES = 6


def beside_norse(graph: nir.NIRGraph, checkpoint: Path) -> tuple[LayerParity, ...]:
    return check(
        graph,
        samples=SAMPLES,
        model=registry.load_spiking(checkpoint)[1],
        checkpoint=checkpoint,
        held_out=registry.held_out,
        backends=(),
        precisions=("float",),
    ).rows


@pytest.mark.parametrize(("model", "part"), EVERY_PART)
def test_every_part_is_norse_spike_for_spike(trained: Trained, model: str, part: str) -> None:
    net, path = trained(model)
    graph = to_nir(net, part)
    rows = beside_norse(graph, path)
    program = compile_graph(graph).program
    assert [row.layer for row in rows] == [layer.name for layer in program.layers]
    for row in rows:
        assert row.mismatches == 0, row
        if row.membrane is not None:
            assert row.membrane < 1e-12 * max(row.largest, 1), row
        layer = program.layer(row.layer)
        if layer.neuron.spiking:
            assert 0 < row.spikes < SAMPLES * net.config.steps * layer.size, row
        else:
            assert row.membrane is not None
    assert all_agree(rows)


def weights(graph: nir.NIRGraph) -> list[str]:
    """Trained weights, which the checkpoint holds too."""
    return [n for n, node in graph.nodes.items() if hasattr(node, "weight") and n != "z.sum"]


@pytest.mark.parametrize(("model", "part"), [("esvae", "generator"), ("fsvae", "autoencoder")])
def test_one_step_of_one_weight_shows(trained: Trained, model: str, part: str) -> None:
    """In each layer, the encoder's and the readout's included: 2 integer units, or 2 / scale."""
    net, path = trained(model)
    graph = to_nir(net, part)
    fixed = compile_graph(graph, "fixed").program
    exact = {c.name: c for c in compile_graph(graph).program.connections}
    stimulus = stimulus_for(fixed, SAMPLES, seed=0, may_be_noise=True)
    fired = {n: s.any((0, 1)) for n, s in reference.run(fixed, stimulus).spikes.items()}
    for name in weights(graph):
        (connection,) = (c for c in fixed.connections if c.name == name)
        changed = to_nir(net, part)
        weight = changed.nodes[name].weight = changed.nodes[name].weight.astype(np.float64)
        # A synapse that no spike passes cannot show: take one from a neuron that fires.
        alive = fired.get(connection.source, np.ones(connection.synapse.in_shape, bool))
        channel = int(np.flatnonzero(alive.reshape(len(alive), -1).any(1))[0])
        middle = tuple(n // 2 for n in weight.shape[2:])
        transposed = type(changed.nodes[name]).__name__ == "ConvTranspose2d"
        at = (channel, 0, *middle) if transposed else (0, channel, *middle)
        # A weight unit of the chip is 1 / scale of a current, which is gain times NIR's weight.
        gain = np.abs(exact[name].synapse.weight).max() / np.abs(weight).max()
        step = 2 / (fixed.layer(connection.target).scale * gain)
        weight[at] += step
        assert not all_agree(beside_norse(changed, path)), name
    assert all_agree(beside_norse(to_nir(net, part), path))


def test_a_bias_and_a_threshold_show_too(trained: Trained) -> None:
    net, path = trained("esvae")
    for name, field, change in (
        ("decoder.0", "bias", 1e-4),
        ("decoder.input.lif", "v_threshold", 0.02),
        ("readout", "v_leak", 1e-6),
        ("decoder.1.lif", "tau", 1e-6),
    ):
        graph = to_nir(net, "generator")
        array = getattr(graph.nodes[name], field).astype(np.float64)
        setattr(graph.nodes[name], field, array + change)
        assert not all_agree(beside_norse(graph, path)), (name, field)


def test_the_checkpoint_must_belong_to_the_file(trained: Trained, tmp_path: Path) -> None:
    esvae, own = trained("esvae")
    _, other = trained("fsvae")
    graph = to_nir(esvae)
    with pytest.raises(
        ConfigError, match=r"`checkpoint` .*fsvae.pt: holds a fsvae, the file a\s+esvae"
    ):
        beside_norse(graph, other)
    with pytest.raises(CheckpointError):
        beside_norse(graph, tmp_path / "none.pt")
    nameless = to_nir(esvae)
    del nameless.metadata["snnvae"]["part"]
    with pytest.raises(ConfigError, match="does not say which part"):
        beside_norse(nameless, own)


def test_a_checkpoint_of_other_sizes_is_named(trained: Trained, tmp_path: Path) -> None:
    from snnvae.families.images.config import Config
    from snnvae.train import checkpoint
    from snnvae.train.build import build

    net, _ = trained("esvae")
    larger = build(Config.default("esvae", widths=(4, 8), latent=6, steps=7))
    path = checkpoint.save(tmp_path / "larger.pt", larger.eval())
    with pytest.raises(ConfigError, match="its shapes are not those of the file"):
        beside_norse(to_nir(net), path)


def test_norse_is_compared_in_float_only(trained: Trained) -> None:
    net, _ = trained("esvae")
    rows = check(to_nir(net), samples=2, model=net, backends=()).rows
    assert {row.precision for row in rows} == {"float"}
    assert {row.peer for row in rows} == {"norse"}


def test_norse_rows_of_a_run(trained: Trained) -> None:
    net, _ = trained("fsvae")
    program = compile_graph(to_nir(net)).program
    stimulus = stimulus_for(program, 3, seed=9)
    expected = reference.run(program, stimulus, membranes=True)
    assert all_agree(norse_rows(program, stimulus, expected, net))
    later = stimulus_for(program, 3, seed=10)
    assert not all_agree(norse_rows(program, later, expected, net))


@pytest.mark.parametrize("model", ["esvae conditional", "fsvae conditional"])
def test_what_can_be_run_soon_agrees_on_a_conditional_generator(
    trained: Trained, model: str
) -> None:
    net, _ = trained(model)
    soon = ("emulator", "lava-batched", *HERE & {"c"})
    found = check(
        to_nir(net), samples=4, model=net, classes=(7,), backends=soon, precisions=("fixed",)
    )
    assert {row.peer for row in found.rows} == set(soon)
    assert all_agree(found.rows)


@thorough
@pytest.mark.parametrize("model", ["esvae conditional", "fsvae conditional"])
def test_every_backend_agrees_on_a_conditional_generator(trained: Trained, model: str) -> None:
    """Float and fixed point, the emulator, both Lava modes, C, Rust; with one class asked for."""
    net, _ = trained(model)
    found = check(to_nir(net), samples=4, model=net, classes=(7,))
    assert (found.left_out == ()) == ({"c", "rust"} == HERE)
    wanted = {("float", "norse"), *(("fixed", language) for language in HERE)}
    assert {(row.precision, row.peer) for row in found.rows} == wanted | {
        (precision, peer)
        for precision in ("float", "fixed")
        for peer in ("emulator", "lava-batched", "lava-stock")
    }
    assert all_agree(found.rows)
    assert all(row.spikes > 0 for row in found.rows if row.layer != "readout")
