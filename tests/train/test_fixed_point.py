"""Quantisation-aware training: what it runs is what the compiler makes, spike for spike."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from snnvae.deploy.compile import compile_graph
from snnvae.deploy.run import run as run_program
from snnvae.errors import ConfigError
from snnvae.evaluate.deployed import DeployedModel
from snnvae.families import registry
from snnvae.families.images.config import Config
from snnvae.families.images.inference import reconstruct
from snnvae.families.images.vae import SpikingVAE
from snnvae.hardware_sim.make_stimulus import build_stimulus
from snnvae.layers.fixed.layer import FixedLayer
from snnvae.layers.fixed.rounding import WholeBias, WholeWeight
from snnvae.layers.spiking import SpikingLayer
from snnvae.primitives import fixed_point
from snnvae.train import checkpoint
from snnvae.train.family import Samples
from snnvae.train.fit import fit
from snnvae.train.fixed_point import in_fixed_point
from snnvae.train.to_nir import to_nir
from snnvae.train.trace import trace


@pytest.fixture(params=["esvae", "slow_esvae", "fsvae"])
def trained(request: pytest.FixtureRequest, tmp_path: Path) -> SpikingVAE:
    """As a training in fixed point leaves it on disk: no weight is on a grid, none is as it was."""
    model = in_fixed_point(request.getfixturevalue(request.param))
    g = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.02 * torch.randn(parameter.shape, generator=g)
    return registry.load_spiking(checkpoint.save(tmp_path / "model.pt", model))[1]


def spikes_of(model: SpikingVAE, images: Tensor) -> dict[str, Tensor]:
    """Spikes of the encoder's layers in the training forward, (T, B, …)."""
    seen: dict[str, Tensor] = {}
    for path, layer in model.named_modules():
        if isinstance(layer, SpikingLayer):
            layer.tally = lambda s, path=path: seen.__setitem__(f"{path}.lif", s)
    model.encoder.constant(images, model.config.steps)
    for layer in model.modules():
        if isinstance(layer, SpikingLayer):
            layer.tally = None
    return seen


def test_it_is_in_fixed_point_and_comes_back_so(trained: SpikingVAE) -> None:
    assert trained.is_fixed
    assert not trained.is_folded
    assert trained.config.qat == "loihi2"
    layers = [m for m in trained.modules() if isinstance(m, SpikingLayer)]
    assert all(isinstance(layer, FixedLayer) and layer.scale > 1 for layer in layers)


def test_images_are_the_fixed_programs(trained: SpikingVAE, images: Callable[..., Tensor]) -> None:
    """The exact form: integers everywhere, the readout's membrane included."""
    some = images(20).numpy()
    ours = reconstruct(trained, some, 0)
    deployed = DeployedModel(trained, "fixed").outputs(Samples({"image": some}))
    assert ours.std() > 0.01
    assert np.array_equal(ours, deployed)


def test_training_spikes_are_the_fixed_programs(
    trained: SpikingVAE, images: Callable[..., Tensor]
) -> None:
    """The pass with gradients, by compiled kernels, in float32."""
    some, steps = images(20), trained.config.steps
    model = trained.train()
    program = compile_graph(to_nir(trained.folded(), "encoder"), "fixed").program
    data = {"image": some.numpy()}
    recording = run_program(program, build_stimulus(program, range(20), data=data))
    seen = spikes_of(model, some.clone().requires_grad_())
    assert set(seen) == {f"encoder.{name}.lif" for name in ("0", "1", "latent")}
    for name, spikes in seen.items():
        assert spikes.requires_grad
        theirs = recording.spikes[name].reshape(20, steps, -1)
        ours = spikes.detach().transpose(0, 1).reshape(20, steps, -1).numpy()
        assert 0 < theirs.mean() < 1, name
        assert (ours == theirs).all(), name


def test_weights_and_biases_are_the_programs(trained: SpikingVAE) -> None:
    folded = trained.folded()
    program = compile_graph(to_nir(folded, "generator"), "fixed").program
    checked = 0
    for path, layer in trained.named_modules():
        name = f"{path}.lif"
        if not isinstance(layer, FixedLayer) or name not in {x.name for x in program.layers}:
            continue
        population = program.layer(name)
        assert population.scale == pytest.approx(layer.scale, rel=1e-12)
        assert int(population.neuron.threshold) * 64 == layer.lif.threshold
        whole = layer.whole_weight().detach().abs().sum().item()
        theirs = sum(np.abs(c.synapse.weight).sum() for c in program.into(name))
        assert theirs == whole
        bias = np.unique(np.asarray(population.neuron.bias.value))
        assert set(bias) == set(np.unique(layer.whole_bias().detach().numpy()))
        checked += 1
    assert checked >= 3


def test_its_float_form_is_norses_spike_for_spike(
    trained: SpikingVAE, images: Callable[..., Tensor]
) -> None:
    """Weights on a grid bring membranes to their threshold exactly, unless it lies apart."""
    folded, steps = trained.folded(), trained.config.steps
    program = compile_graph(to_nir(folded, "encoder"), "float").program
    some = images(40).numpy()
    recording = run_program(program, build_stimulus(program, range(40), data={"image": some}))
    video = np.repeat(some[:, None], steps, axis=1)
    norse = trace(folded, "encoder", {"image": video})
    for name, spikes in norse.spikes.items():
        ours = recording.spikes[name].reshape(spikes.shape)
        assert (ours == spikes).all(), name


def test_a_step_in_fixed_point_lowers_the_loss(
    tiny: Callable[..., Config], esvae: SpikingVAE, images: Callable[..., Tensor]
) -> None:
    model = in_fixed_point(esvae)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    some, losses = images(64), []
    for _ in range(12):
        loss = model.loss(some, torch.Generator().manual_seed(0), 0.0).reconstruction
        optimizer.zero_grad()
        loss.backward()
        assert all(p.grad is not None for p in model.decoder.parameters())
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]


def test_a_training_in_fixed_point_goes_on_where_it_stopped(
    tiny: Callable[..., Config], esvae: SpikingVAE, tmp_path: Path
) -> None:
    source = checkpoint.save(tmp_path / "float.pt", esvae)
    config = tiny("esvae", qat="loihi2")
    fit(config, tmp_path / "a", source=source)
    again = fit(config.changed(epochs=2), tmp_path / "a", resume=True)
    whole = fit(config.changed(epochs=2), tmp_path / "b", source=source)
    assert again is not None
    assert whole is not None
    a, b = (registry.load(path)[1].state_dict() for path in (again, whole))
    assert all(torch.equal(value, b[name]) for name, value in a.items())


def test_weights_round_to_even_numbers_of_8_bits() -> None:
    weight = torch.tensor([0.0, 0.9, 1.1, -3.2, 500.0, -500.0], requires_grad=True)
    whole = WholeWeight.apply(weight, 1.0)
    assert whole.tolist() == [0, 0, 2, -4, fixed_point.WEIGHT_MAX, fixed_point.WEIGHT_MIN]
    whole.sum().backward()
    assert weight.grad is not None
    assert weight.grad.tolist() == [1, 1, 1, 1, 0, 0]


def test_biases_share_an_exponent() -> None:
    bias = torch.tensor([100.0, 0.5], dtype=torch.float64)
    assert WholeBias.apply(bias, 1.0).tolist() == [6400, 32]
    assert WholeBias.apply(torch.tensor([1000.0, 0.1]), 1.0).tolist() == [64000, 0]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"qat": "loihi2"}, "starts from a trained model: name its model.pt with `start`"),
        ({"qat": "loihi9"}, "qat 'loihi9' is unknown"),
        ({"model": "ann-vae", "qat": "loihi2"}, "qat is for spiking models"),
    ],
)
def test_mistakes(
    tiny: Callable[..., Config], tmp_path: Path, changes: dict[str, str], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        fit(tiny(**{"model": "esvae", **changes}), tmp_path)


def test_a_checkpoint_of_other_sizes_is_refused(
    tiny: Callable[..., Config], esvae: SpikingVAE, tmp_path: Path
) -> None:
    path = checkpoint.save(tmp_path / "a.pt", esvae)
    with pytest.raises(ConfigError, match="has latent 5, now it is 6"):
        fit(tiny("esvae", latent=6), tmp_path / "b", source=path)
    fixed = checkpoint.save(tmp_path / "c.pt", in_fixed_point(esvae))
    with pytest.raises(ConfigError, match="is in fixed point already"):
        fit(tiny("esvae"), tmp_path / "d", source=fixed)
