"""The authors' published checkpoints: every tensor finds its place, and every spike is theirs."""

from __future__ import annotations

import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import published_vae as published
import pytest
import torch
from published_vae import Reference, Sizes, Weights
from torch import Tensor

from snnvae.deploy.compile import compile_graph
from snnvae.deploy.run import run as run_backend
from snnvae.draws.gauss_sigmoid import GaussSigmoid
from snnvae.errors import CheckpointError, ConfigError
from snnvae.families.images.authors import published_kind, read_authors
from snnvae.families.images.vae import SpikingVAE
from snnvae.hardware_sim.make_stimulus import build_stimulus
from snnvae.stimulus import Stimulus
from snnvae.train import checkpoint
from snnvae.train.to_nir import to_nir
from snnvae.train.trace import trace

SAMPLES = range(4)
COEF = "membrane_output_layer.coef"
both = pytest.mark.parametrize("kind", ["fsvae", "esvae"])


@pytest.fixture
def saved(tmp_path: Path) -> Callable[..., Path]:
    """saved('fsvae', {name: other value, or None to leave it out}) → a file; more as of Sizes."""

    def save(kind: str, changes: dict[str, Any] | None = None, **sizes: Any) -> Path:
        weights: dict[str, Any] = {**published.state_dict(Sizes(kind, **sizes)), **(changes or {})}
        torch.save({name: w for name, w in weights.items() if w is not None}, tmp_path / "a.pth")
        return tmp_path / "a.pth"

    return save


def refused(path: Path, kind: str, message: str, **options: Any) -> None:
    with pytest.raises(CheckpointError) as error:
        read_authors(path, kind, **options)
    assert message in str(error.value)
    assert str(error.value).startswith(str(path))
    assert "\n" not in str(error.value)


# Sizes ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "keys", "parameters"), [("fsvae", 131, 6_681_571), ("esvae", 133, 6_698_083)]
)
def test_the_published_large_models(tmp_path: Path, kind: str, keys: int, parameters: int) -> None:
    shapes = published.shapes(published.large(kind))
    assert len(shapes) == keys
    sizes = {
        name: torch.Size(shape).numel()
        for name, shape in shapes.items()
        if name.rpartition(".")[2] not in published.BUFFERS
    }
    assert sum(sizes.values()) == parameters
    torch.save(published.state_dict(published.large(kind)), tmp_path / "large.pth")
    model = read_authors(tmp_path / "large.pth", kind)
    nets = sum(size for name, size in sizes.items() if name.startswith(("prior.", "posterior.")))
    unused = nets if kind == "esvae" else 0
    assert sum(p.numel() for p in model.parameters()) == parameters - unused
    config = model.config
    assert (config.model, config.dataset) == (kind, "celeba")
    assert (config.image_size, config.channels, config.latent, config.steps) == (64, 3, 128, 16)
    assert config.widths == (32, 64, 128, 256, 512)
    assert kind == "esvae" or config.k == 20
    assert not model.training


@both
def test_sizes_are_those_of_the_tensors(saved: Callable[..., Path], kind: str) -> None:
    path = saved(kind, widths=(3, 4, 5), channels=3, latent=6, k=2, steps=9, side=1)
    config = read_authors(path, kind, steps=9, dataset="digits").config
    assert (config.image_size, config.channels, config.widths) == (8, 3, (3, 4, 5))
    assert (config.latent, config.steps, config.dataset) == (6, 9, "digits")


@pytest.mark.parametrize(
    ("channels", "widths", "dataset"),
    [(1, (2,) * 4, "mnist"), (3, (2,) * 4, "cifar10"), (3, (2,) * 5, "celeba")],
)
def test_the_data_set_is_guessed_from_the_images(
    saved: Callable[..., Path], channels: int, widths: tuple[int, ...], dataset: str
) -> None:
    path = saved("esvae", channels=channels, widths=widths)
    assert read_authors(path, "esvae").config.dataset == dataset


# Spikes -----------------------------------------------------------------------------------------


def expected(weights: Weights, part: str, stimulus: Stimulus) -> tuple[Weights, Tensor | None]:
    """Their spikes by our node names, batch and time first, and the readout before tanh."""
    reference = Reference(weights)
    streams = {
        name: torch.from_numpy(np.array(x, np.float64)).movedim(1, -1)
        for name, x in stimulus.streams.items()
    }
    spikes: Weights = {}
    readout = latent = None
    z = streams["z"].flatten(1, 3) if "z" in streams else None
    if "image" in streams:
        spikes |= reference.encode(streams["image"])
        latent = spikes["encoder.latent.lif"]
    if "choice" in streams:
        index = streams["choice"].flatten(1, 3).unflatten(1, (reference.latent, -1)).argmax(2)
        spikes |= reference.sample("prior" if latent is None else "posterior", index, latent)
        z = spikes["z"]
    if z is not None:
        decoded, readout = reference.decode(z)
        spikes |= decoded
    return {name: s.movedim(-1, 1) for name, s in spikes.items()}, readout


def stimulus_of(model: SpikingVAE, part: str) -> Stimulus:
    program = compile_graph(to_nir(model, part)).program
    rng, shape = np.random.default_rng(0), program.inputs[0].shape
    data = {}
    for port in program.inputs:
        if port.name == "image":
            data["image"] = rng.uniform(-1, 1, (len(SAMPLES), *port.shape))
        elif port.name == "z" and part == "decoder":
            data["z"] = rng.random((len(SAMPLES), model.config.steps, *shape)) < 0.4
    return build_stimulus(program, list(SAMPLES), data=data)


@pytest.mark.parametrize(
    ("kind", "part"),
    [
        ("fsvae", "generator"),
        ("fsvae", "autoencoder"),
        ("esvae", "generator"),
        ("esvae", "encoder"),
        ("esvae", "decoder"),
    ],
)
@pytest.mark.parametrize("seed", [0, 1])
def test_every_spike_is_theirs(tmp_path: Path, kind: str, part: str, seed: int) -> None:
    """The model in Norse, and its NIR in the emulator, against their equations on their tensors."""
    weights = published.state_dict(Sizes(kind, channels=3), seed)
    torch.save(weights, tmp_path / "a.pth")
    model = read_authors(tmp_path / "a.pth", kind)
    stimulus = stimulus_of(model, part)
    spikes, readout = expected(weights, part, stimulus)
    for name, fired in spikes.items():
        assert 0.1 < fired.mean() < 0.6, name

    flat = {
        name: x if name == "image" else x.reshape(*x.shape[:2], -1)
        for name, x in stimulus.streams.items()
    }
    norse = trace(model.folded(), part, flat)
    program = compile_graph(to_nir(model, part)).program
    emulated = run_backend(program, stimulus)
    neurons = {layer.name for layer in program.layers if layer.neuron.spiking} - {"select"}
    assert neurons == set(spikes)
    for name, fired in spikes.items():
        mine = emulated.spikes[name]
        np.testing.assert_array_equal(norse.spikes[name], fired.numpy().astype(bool), name)
        np.testing.assert_array_equal(mine, fired.reshape(mine.shape).numpy().astype(bool), name)
    if readout is not None:
        assert norse.readout is not None
        np.testing.assert_allclose(norse.readout, readout.numpy(), atol=1e-5)
        image = readout.tanh().numpy()
        np.testing.assert_allclose(emulated.outputs["output"], image, atol=1e-5)


@both
def test_without_folding_the_latents_are_theirs_too(saved: Callable[..., Path], kind: str) -> None:
    """tdBN by its running statistics, as trained: no rounding is between."""
    path = saved(kind)
    model, reference = read_authors(path, kind).double(), Reference(torch.load(path))
    images = torch.rand(4, 1, 8, 8, generator=torch.Generator().manual_seed(0)).double() * 2 - 1
    theirs = reference.encode(images[..., None].expand(-1, -1, -1, -1, 7))["encoder.latent.lif"]
    with torch.no_grad():
        assert torch.equal(model.encoder.constant(images, 7), theirs.movedim(-1, 0))
        z = (torch.rand(7, 4, 5, generator=torch.Generator().manual_seed(1)) < 0.4).double()
        torch.testing.assert_close(
            model.decode(z), reference.decode(z.movedim(0, -1))[1].tanh(), rtol=0, atol=1e-6
        )


def test_the_prior_of_an_esvae_draws_from_their_rates(saved: Callable[..., Path]) -> None:
    path = saved("esvae")
    stimulus = stimulus_of(read_authors(path, "esvae"), "generator")
    weights = torch.load(path)
    weight, bias = (weights[f"sample_layer.0.{leaf}"].numpy() for leaf in ("weight", "bias"))
    drawn = GaussSigmoid("z", weight, bias).stream(SAMPLES, 7, 0, ())
    np.testing.assert_array_equal(stimulus.streams["z"].reshape(drawn.shape), drawn)


# Forms of the file ------------------------------------------------------------------------------


def same(path: Path, kind: str, weights: Weights) -> bool:
    mine = read_authors(path, kind).state_dict()["encoder.0.synapse.weight"]
    return torch.equal(mine, weights["encoder.0.weight"][..., 0])


@both
@pytest.mark.parametrize(
    "wrapper", [None, "state_dict", "model_state_dict", "model", "net", "best"]
)
@pytest.mark.parametrize("prefix", ["", "module.", "_orig_mod.", "model.module._orig_mod."])
def test_wrappers_and_prefixes(tmp_path: Path, kind: str, wrapper: str | None, prefix: str) -> None:
    weights = published.state_dict(Sizes(kind))
    content: Any = OrderedDict((prefix + name, value) for name, value in weights.items())
    content._metadata = OrderedDict({"": {"version": 1}})  # as Module.state_dict() leaves it
    if wrapper:
        content = {"epoch": 3, wrapper: content, "optimizer": {"state": {}}}
    torch.save(content, tmp_path / "a.pth")
    assert same(tmp_path / "a.pth", kind, weights)
    assert published_kind(tmp_path / "a.pth") == kind


def test_names_of_another_network_are_shown(tmp_path: Path) -> None:
    torch.save({"net": {"conv1.weight": torch.zeros(2)}}, tmp_path / "a.pth")
    message = "lacks 'encoder.0.weight', so it is not a published fsvae: .*; it has 'conv1.weight'"
    with pytest.raises(CheckpointError, match=message):
        read_authors(tmp_path / "a.pth", "fsvae")
    with pytest.raises(
        ConfigError, match="no data set 'fashion': there is digits, mnist, fashion-m"
    ):
        read_authors(tmp_path / "a.pth", "fsvae", dataset="fashion")


def test_what_no_network_runs_may_be_absent(saved: Callable[..., Path]) -> None:
    counts = [n for n in published.shapes(Sizes("fsvae")) if n.endswith("num_batches_tracked")]
    read_authors(saved("fsvae", dict.fromkeys(counts)), "fsvae")
    nets = [n for n in published.shapes(Sizes("esvae")) if n.startswith(("prior.", "posterior."))]
    read_authors(saved("esvae", dict.fromkeys(nets)), "esvae")


@both
def test_steps_are_a_check(saved: Callable[..., Path], kind: str) -> None:
    path = saved(kind)
    assert read_authors(path, kind, steps=7).config.steps == 7
    message = "is made for T = 7 steps, not 16: leave `steps` out; `snnvae simulate --steps 16`"
    refused(path, kind, message, steps=16)


# Mistakes ---------------------------------------------------------------------------------------

WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "an unknown name": ({"extra\nline": torch.zeros(2)}, r"has an unknown 'extra\nline'"),
    "an unknown layer": ({"psp.weight": torch.zeros(2)}, "has an unknown 'psp.weight'"),
    "a missing name": ({"decoder_input.bias": None}, "lacks 'decoder_input.bias', which every"),
    "a missing first layer": ({"encoder.0.weight": None}, "lacks 'encoder.0.weight'"),
    "no readout": ({COEF: None}, f"lacks '{COEF}'"),
    "a shape": (
        {"final_layer.1.bias": torch.zeros(4)},
        "holds final_layer.1.bias of torch.float32 (4,); beside its other tensors that must be "
        "torch.float32 (1,)",
    ),
    "a kernel without time": (
        {"decoder.0.weight": torch.zeros(6, 4, 3, 3)},
        "holds decoder.0.weight of torch.float32 (6, 4, 3, 3)",
    ),
    "a first kernel without time": (
        {"encoder.0.weight": torch.zeros(4, 1, 3, 3)},
        "holds encoder.0.weight of shape (4, 1, 3, 3), which must have 5 axes",
    ),
    "another type": (
        {"decoder_input.bias": torch.zeros(24, dtype=torch.float64)},
        "holds decoder_input.bias of torch.float64 (24,)",
    ),
    "NaN": (
        {"encoder.1.bn.weight": torch.full((6,), torch.nan)},
        "holds encoder.1.bn.weight with values that are not finite",
    ),
    "a negative variance": (
        {"encoder.1.bn.running_var": torch.full((6,), -1.0)},
        "holds encoder.1.bn.running_var with values below 0",
    ),
    "another readout": (
        {COEF: torch.ones(1, 1, 1, 1, 7)},
        f"holds {COEF} other than 0.8^(T−1−t): no such readout is known",
    ),
    "a map that is not square": (
        {"before_latent_layer.weight": torch.zeros(5, 12)},
        "holds before_latent_layer.weight of 12 columns: no square map of 6 channels",
    ),
    "a claimed size": (
        {"before_latent_layer.weight": torch.zeros(1).expand(5, 6 * 1000**2)},
        "holds before_latent_layer.weight that is not a dense tensor",
    ),
    "a sparse tensor": (
        {"before_latent_layer.weight": torch.eye(5).to_sparse()},
        "holds before_latent_layer.weight that is not a dense tensor",
    ),
    "text": ({"decoder_input.bias": "24"}, "holds decoder_input.bias that is not a dense tensor"),
}


@both
@pytest.mark.parametrize(("changes", "message"), WRONG.values(), ids=WRONG)
def test_a_wrong_tensor_is_named(
    saved: Callable[..., Path], kind: str, changes: dict[str, Any], message: str
) -> None:
    refused(saved(kind, changes), kind, message)


WRONG_SAMPLER: dict[str, tuple[dict[str, Any], str]] = {
    "another z_0": (
        {"prior.initial_input": torch.ones(1, 5, 1)},
        "holds prior.initial_input other than 0: no such sampler is known",
    ),
    "no z_0": ({"posterior.initial_input": None}, "lacks 'posterior.initial_input'"),
    "candidates": (
        {"prior.layers.2.weight": torch.zeros(16, 20)},
        "has 16 candidates, no multiple of its 5 latents",
    ),
}


@pytest.mark.parametrize(("changes", "message"), WRONG_SAMPLER.values(), ids=WRONG_SAMPLER)
def test_what_an_fsvae_samples_by_is_checked_and_an_esvae_does_not_care(
    saved: Callable[..., Path], changes: dict[str, Any], message: str
) -> None:
    refused(saved("fsvae", changes), "fsvae", message)
    read_authors(saved("esvae", changes), "esvae")


def test_a_network_without_latents(saved: Callable[..., Path]) -> None:
    none = {"before_latent_layer.weight": torch.zeros(0, 24)}
    refused(saved("fsvae", none), "fsvae", "has 15 candidates, no multiple of its 0 latents")
    refused(saved("esvae", none), "esvae", "has unusable sizes: latent must be a whole number")


def test_images_too_wide_to_believe(saved: Callable[..., Path]) -> None:
    path = saved("esvae", widths=(1,) * 10, latent=1)
    refused(path, "esvae", "10 times halved from at most 1024 pixels")


def test_the_other_kind(saved: Callable[..., Path]) -> None:
    refused(saved("esvae"), "fsvae", "is an ESVAE, not an FSVAE: use `kind` esvae")
    refused(saved("fsvae"), "esvae", "is an FSVAE, not an ESVAE: use `kind` fsvae")
    with pytest.raises(ConfigError, match="no published checkpoint is of kind 'vae'"):
        read_authors(saved("fsvae"), "vae")


class Payload:
    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (Path("owned"),)


def test_code_is_refused_and_not_run(
    saved: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    refused(saved("fsvae", {"extra": Payload()}), "fsvae", "carries code or objects")
    (tmp_path / "raw.pth").write_bytes(pickle.dumps(Payload()))
    refused(tmp_path / "raw.pth", "fsvae", "is not a torch file")
    assert published_kind(tmp_path / "raw.pth") is None
    assert not (tmp_path / "owned").exists()


def test_a_file_that_unpacks_to_more_than_it_is(saved: Callable[..., Path]) -> None:
    path = saved("esvae", {"sample_layer.0.weight": torch.zeros(1000, 1000)})
    with zipfile.ZipFile(path) as archive:
        entries = {entry: archive.read(entry) for entry in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    refused(path, "esvae", "as no torch file does")


def test_other_files(tmp_path: Path, saved: Callable[..., Path], esvae: SpikingVAE) -> None:
    refused(tmp_path / "none.pth", "fsvae", "no such file")
    path = saved("fsvae")
    path.write_bytes(path.read_bytes()[:-100])
    refused(path, "fsvae", "is not a torch file, or is cut short or damaged")
    ours = checkpoint.save(tmp_path / "model.pt", esvae)
    refused(ours, "esvae", "is a checkpoint of snnvae's own: leave `kind` out")
    for content in ([1, 2], {1: torch.zeros(2)}):
        torch.save(content, path)
        refused(path, "fsvae", "holds no state_dict")
    for content in ({}, {"weight": torch.zeros(2)}):
        torch.save(content, path)
        refused(path, "fsvae", "lacks 'encoder.0.weight', so it is not a published fsvae")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "hello")
    refused(path, "fsvae", "is not a torch file, or is cut short or damaged")
    assert published_kind(path) is None
