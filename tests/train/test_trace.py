"""The deployable form, and what a trace of it holds."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from snnvae.draws.label import class_spikes
from snnvae.draws.one_hot import OneHot
from snnvae.families.images.vae import SpikingVAE
from snnvae.layers.lif_rule import PAPERS
from snnvae.layers.spiking import SpikingLayer
from snnvae.layers.tdbn import TdBN
from snnvae.train.trace import Trace, trace

SAMPLES = range(4)
ENCODER = {"encoder.0.lif", "encoder.1.lif", "encoder.latent.lif"}
DECODER = {"decoder.input.lif", "decoder.0.lif", "decoder.1.lif"}
PRIOR, POSTERIOR = ({f"{net}.{i}.lif" for i in range(3)} for net in ("prior", "posterior"))
SAMPLER = {"select", "z"}

NODES = {
    ("ESVAE", "encoder"): ENCODER,
    ("ESVAE", "decoder"): DECODER,
    ("ESVAE", "generator"): DECODER,
    ("FSVAE", "encoder"): ENCODER,
    ("FSVAE", "decoder"): DECODER,
    ("FSVAE", "prior"): PRIOR | SAMPLER,
    ("FSVAE", "posterior"): ENCODER | POSTERIOR | SAMPLER,
    ("FSVAE", "generator"): PRIOR | SAMPLER | DECODER,
    ("FSVAE", "autoencoder"): ENCODER | POSTERIOR | SAMPLER | DECODER,
}


def stimulus(model: SpikingVAE, part: str) -> dict[str, np.ndarray]:
    config, batch = model.config, len(SAMPLES)
    rng = np.random.default_rng(0)
    choice = OneHot("choice", config.latent, config.k)
    image = rng.uniform(-1, 1, (batch, 1, 1, 8, 8)).repeat(config.steps, axis=1)
    every = {
        "image": image,
        "z": rng.random((batch, config.steps, config.latent)) > 0.5,
        "choice": choice.stream(SAMPLES, config.steps, 0, ()),
    }
    every["class"] = class_spikes([0, 1, 2, 1], config.classes, config.steps)
    return {port.name: every[port.name] for port in model.wiring(part).ports}


def wired(model: SpikingVAE) -> list[str]:
    """The parts that are one graph each."""
    return [part for part in model.parts if model.stages(part) == (part,)]


def traces(model: SpikingVAE) -> dict[str, Trace]:
    folded = model.folded()
    return {part: trace(folded, part, stimulus(model, part)) for part in wired(model)}


def test_folding_leaves_the_same_class_without_tdbn(any_model: SpikingVAE) -> None:
    folded = any_model.folded()
    assert type(folded) is type(any_model)
    assert folded.is_folded
    assert not any_model.is_folded
    assert not any(isinstance(module, TdBN) for module in folded.modules())
    assert all(p.dtype == torch.float32 and not p.requires_grad for p in folded.parameters())
    assert folded.folded().is_folded


def test_folded_layers_compute_what_the_trained_ones_do(any_model: SpikingVAE) -> None:
    """In float64 up to the one rounding to float32: currents agree to its precision."""
    folded = any_model.folded()
    for (name, layer), (_, other) in zip(any_model.named_modules(), folded.named_modules()):
        if isinstance(layer, SpikingLayer):
            assert isinstance(other, SpikingLayer)
            shape = (5, layer.synapse.in_features) if "latent" in name else None
            if shape is None and hasattr(layer.synapse, "in_features"):
                shape = (5, layer.synapse.in_features)
            shape = shape or (5, layer.synapse.in_channels, 4, 4)
            x = torch.rand(shape, generator=torch.Generator().manual_seed(0))
            with torch.no_grad():
                expected = layer.norm(layer.synapse(x)[None])[0]
                torch.testing.assert_close(other.synapse(x), expected, rtol=1e-4, atol=1e-5)


def test_each_part_records_exactly_its_nodes(any_model: SpikingVAE) -> None:
    kind, config = type(any_model).__name__, any_model.config
    for part, found in traces(any_model).items():
        assert set(found.spikes) == NODES[kind, part]
        image = part in ("decoder", "generator", "autoencoder")
        assert set(found.membranes) == (found.spikes.keys() - SAMPLER) | (
            {"readout"} if image else set()
        )
        assert (found.readout is not None) == image
        for spikes in found.spikes.values():
            assert spikes.dtype == bool
            assert spikes.shape[:2] == (len(SAMPLES), config.steps)
        for membranes in found.membranes.values():
            assert membranes.dtype == np.float64


def test_every_layer_is_alive(any_model: SpikingVAE) -> None:
    for part, found in traces(any_model).items():
        for name, spikes in found.spikes.items():
            assert 0 < spikes.mean() < 1, (part, name)


def test_membranes_are_those_after_reset(any_model: SpikingVAE) -> None:
    for found in traces(any_model).values():
        for name, spikes in found.spikes.items():
            if name.endswith(".lif"):
                assert (found.membranes[name][spikes] == 0).all()
                assert (found.membranes[name] <= PAPERS.v_th).all()


def test_readout_is_the_last_step_of_its_membrane(any_model: SpikingVAE) -> None:
    found = traces(any_model)["generator"]
    assert found.readout is not None
    assert np.array_equal(found.membranes["readout"][:, -1], found.readout)


def test_a_lif_node_follows_from_its_input_by_norses_equation(any_model: SpikingVAE) -> None:
    """decoder.input recomputed in NumPy from the z that the trace was given."""
    found = trace(any_model.folded(), "decoder", given := stimulus(any_model, "decoder"))
    layer = any_model.folded().decoder["input"].synapse
    weight, bias = layer.weight.double().numpy(), layer.bias.double().numpy()
    v = np.zeros((len(SAMPLES), len(bias)))
    for t in range(any_model.config.steps):
        v = v + 0.75 * (given["z"][:, t].astype(float) @ weight.T + bias - v)
        fired = v > PAPERS.v_th
        v = np.where(fired, 0, v)
        assert np.array_equal(found.spikes["decoder.input.lif"][:, t], fired)
        np.testing.assert_allclose(found.membranes["decoder.input.lif"][:, t], v, atol=1e-12)


@pytest.mark.parametrize(("part", "net"), [("generator", "prior"), ("autoencoder", "posterior")])
def test_select_is_the_chosen_candidates_and_z_their_union(
    fsvae: SpikingVAE, part: str, net: str
) -> None:
    given = stimulus(fsvae, part)
    found = trace(fsvae.folded(), part, given)
    select = found.spikes[f"{net}.2.lif"] & given["choice"]
    assert np.array_equal(found.spikes["select"], select)
    grouped = select.reshape(*select.shape[:2], -1, fsvae.config.k)
    assert np.array_equal(found.spikes["z"], grouped.any(-1))


def test_z_is_fed_back_one_step_later(fsvae: SpikingVAE) -> None:
    """prior.0 at step t follows from z at t − 1, and from nothing at the first step."""
    found = trace(fsvae.folded(), "prior", stimulus(fsvae, "prior"))
    layer = fsvae.folded().prior["0"].synapse
    z = np.zeros((len(SAMPLES), fsvae.config.latent))
    v = np.zeros((len(SAMPLES), 2 * fsvae.config.latent))
    for t in range(fsvae.config.steps):
        v = v + 0.75 * (z @ layer.weight.double().numpy().T + layer.bias.double().numpy() - v)
        fired = v > PAPERS.v_th
        v = np.where(fired, 0, v)
        assert np.array_equal(found.spikes["prior.0.lif"][:, t], fired)
        z = found.spikes["z"][:, t].astype(float)


def test_generator_is_prior_then_decoder(fsvae: SpikingVAE) -> None:
    folded, given = fsvae.folded(), stimulus(fsvae, "generator")
    whole, prior = trace(folded, "generator", given), trace(folded, "prior", given)
    decoder = trace(folded, "decoder", {"z": prior.spikes["z"]})
    for part in (prior, decoder):
        for name, spikes in part.spikes.items():
            assert np.array_equal(whole.spikes[name], spikes)
    assert np.array_equal(whole.readout, decoder.readout)


def test_trace_leaves_the_model_alone(any_model: SpikingVAE) -> None:
    folded = any_model.folded()
    before = {name: value.clone() for name, value in folded.state_dict().items()}
    first = trace(folded, "decoder", stimulus(folded, "decoder"))
    second = trace(folded, "decoder", stimulus(folded, "decoder"))
    assert np.array_equal(first.readout, second.readout)
    assert all(torch.equal(v, before[n]) for n, v in folded.state_dict().items())
    assert not any(module._forward_hooks for module in folded.modules())


def test_misuse_is_named(any_model: SpikingVAE, images: Callable[..., torch.Tensor]) -> None:
    with pytest.raises(ValueError, match="folded"):
        trace(any_model, "decoder", stimulus(any_model, "decoder"))
    with pytest.raises(ValueError, match="has no part 'middle'"):
        trace(any_model.folded(), "middle", {})
    with pytest.raises(ValueError, match="takes z, not image"):
        trace(any_model.folded(), "decoder", {"image": images(1).numpy()})


CLASS_PARTS = {
    "ESVAE": {"decoder", "generator"},
    "FSVAE": {"decoder", "prior", "generator", "autoencoder"},
}


def test_the_class_enters_prior_and_decoder_and_nothing_else(conditional_model: SpikingVAE) -> None:
    kind = type(conditional_model).__name__
    ports = {p: conditional_model.wiring(p).ports for p in wired(conditional_model)}
    taking = {part for part, some in ports.items() if "class" in {port.name for port in some}}
    assert taking == CLASS_PARTS[kind]
    folded = conditional_model.folded()
    for part in taking:
        given = stimulus(conditional_model, part)
        with pytest.raises(ValueError, match=r"takes .*class.*, not"):
            trace(folded, part, {k: v for k, v in given.items() if k != "class"})
        other = {**given, "class": np.roll(given["class"], 1, axis=-1)}
        one, two = trace(folded, part, given), trace(folded, part, other)
        changed = {n for n in one.spikes if not np.array_equal(one.spikes[n], two.spikes[n])}
        assert changed
        assert not [n for n in changed if n.startswith(("encoder.", "posterior."))]


def test_a_conditional_first_layer_adds_the_columns_of_the_class(
    conditional_model: SpikingVAE,
) -> None:
    """decoder.input recomputed in NumPy: W·[z ; class] + b, the class the same at each step."""
    given = stimulus(conditional_model, "decoder")
    found = trace(conditional_model.folded(), "decoder", given)
    layer = conditional_model.folded().decoder["input"].synapse
    weight, bias = layer.weight.double().numpy(), layer.bias.double().numpy()
    latent = conditional_model.config.latent
    constant = weight[:, [latent + c for c in (0, 1, 2, 1)]].T + bias
    v = np.zeros(constant.shape)
    for t in range(conditional_model.config.steps):
        z = given["z"][:, t].astype(float)
        v = v + 0.75 * (z @ weight[:, :latent].T + constant - v)
        fired = v > PAPERS.v_th
        v = np.where(fired, 0, v)
        assert np.array_equal(found.spikes["decoder.input.lif"][:, t], fired)
