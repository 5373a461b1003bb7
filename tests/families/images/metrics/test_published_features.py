"""FSVAE's authors' autoencoder and statistics: known by names, computing the same."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from snnvae.errors import CheckpointError, DataError
from snnvae.families.images.config import Config
from snnvae.families.images.metrics.features import load_features
from snnvae.families.images.metrics.frechet import frechet_distance
from snnvae.families.images.metrics.metrics import Metrics
from snnvae.families.images.metrics.networks import TrainedNetwork
from snnvae.families.images.metrics.published_features import read_statistics
from snnvae.train.build import build

LATENT, WIDTHS = 5, (3, 4)


def stage(layer: nn.Module, channels: int) -> nn.Sequential:
    return nn.Sequential(layer, nn.BatchNorm2d(channels), nn.LeakyReLU())


def up(fan_in: int, fan_out: int) -> nn.ConvTranspose2d:
    return nn.ConvTranspose2d(fan_in, fan_out, 3, stride=2, padding=1, output_padding=1)


class Theirs(nn.Module):
    """The modules by their names; images of 8 pixels."""

    def __init__(self) -> None:
        super().__init__()
        downs, ups = (1, *WIDTHS), WIDTHS[::-1]
        self.encoder = nn.Sequential(
            *(stage(nn.Conv2d(a, b, 3, stride=2, padding=1), b) for a, b in pairwise(downs))
        )
        self.latent_layer = nn.Linear(4 * WIDTHS[-1], LATENT)
        self.decoder_input = nn.Linear(LATENT, 4 * WIDTHS[-1])
        self.decoder = nn.Sequential(*(stage(up(a, b), b) for a, b in pairwise(ups)))
        last = nn.ConvTranspose2d(WIDTHS[0], 1, 3, padding=1)
        self.final_layer = nn.Sequential(*stage(up(ups[-1], ups[-1]), ups[-1]), last, nn.Tanh())

    def encode(self, x: Tensor) -> Tensor:
        found: Tensor = self.latent_layer(self.encoder(x).flatten(1))
        return found

    def decode(self, z: Tensor) -> Tensor:
        maps = self.decoder_input(z).view(-1, WIDTHS[-1], 2, 2)
        found: Tensor = self.final_layer(self.decoder(maps))
        return found


@pytest.fixture
def theirs() -> Theirs:
    torch.manual_seed(0)
    net = Theirs()
    net.encode(torch.randn(9, 1, 8, 8))  # running statistics of their own
    return net.eval()


@pytest.mark.parametrize("prefix", ["", "module."])
def test_it_computes_what_theirs_computes(theirs: Theirs, tmp_path: Path, prefix: str) -> None:
    torch.save({prefix + n: v for n, v in theirs.state_dict().items()}, tmp_path / "mnist_5.pth")
    ours, images = load_features(tmp_path / "mnist_5.pth", (1, 8, 8)), torch.randn(4, 1, 8, 8)
    with torch.no_grad():
        latents = theirs.encode(images)
        assert torch.equal(ours.encode(images), latents)
        assert torch.equal(ours.decode(latents), theirs.decode(latents))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"encoder.1.1.running_mean": None}, "lacks 'encoder.1.1.running_mean'"),
        ({"latent_layer.weight": torch.zeros(5, 15)}, "no square map of 4 channels"),
        ({"decoder_input.bias": torch.zeros(3)}, "beside its other tensors"),
        ({"latent_layer.weight": None}, "is not an snnvae checkpoint"),
    ],
)
def test_what_is_not_theirs_is_named(
    theirs: Theirs, tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    state = {**theirs.state_dict(), **changes}
    torch.save({n: v for n, v in state.items() if v is not None}, tmp_path / "a.pth")
    with pytest.raises(CheckpointError, match=message):
        load_features(tmp_path / "a.pth", (1, 8, 8))


def test_fad_to_their_statistics(theirs: Theirs, tmp_path: Path) -> None:
    """By batch statistics, in which their network computes both."""
    torch.save(theirs.state_dict(), tmp_path / "a.pth")
    images = np.random.default_rng(0).uniform(-1, 1, (256, 1, 8, 8)).astype(np.float32)
    with torch.no_grad():
        real = theirs.train().encode(torch.from_numpy(images)).numpy()
    sigma = np.cov(real, rowvar=False)
    np.savez_compressed(tmp_path / "a.npz", mu=real.mean(0), sigma=sigma)
    network = TrainedNetwork(build(Config("esvae", widths=(4,), latent=4, steps=2)).eval(), 0)
    asked = Metrics(("fad",), images, 256, tmp_path / "a.pth", reference=tmp_path / "a.npz")
    found = asked(network)
    made = theirs.encode(torch.from_numpy(network.generate(256).images).float()).detach().numpy()
    assert found["fad_to_reference_by_batch"] == pytest.approx(
        frechet_distance(made, real), rel=1e-4
    )
    assert found["fad_to_reference_by_batch"] == pytest.approx(found["fad_by_batch"], rel=1e-4)
    assert found["fad_to_reference"] != pytest.approx(found["fad"], rel=1e-3)


def test_statistics_that_are_none(tmp_path: Path) -> None:
    path, eye = tmp_path / "a.npz", np.eye(3)
    for arrays, message in (
        ({"mu": np.zeros(3)}, "holds no statistics .*sigma.*: give an .npz with mu"),
        ({"mu": np.zeros(4), "sigma": np.eye(4)}, r"mu \(4,\) and sigma \(4, 4\), the autoencoder"),
        ({"mu": np.full(3, np.nan), "sigma": eye}, "not finite"),
        ({"mu": np.array(["a", "b", "c"]), "sigma": eye}, "holds no statistics"),
    ):
        np.savez(path, **arrays)
        with pytest.raises(DataError, match=message) as error:
            read_statistics(path, 3)
        assert "\n" not in str(error.value)
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(DataError, match="holds no statistics"):
        read_statistics(path, 3)
    with pytest.raises(DataError, match="no such file"):
        read_statistics(tmp_path / "none.npz", 3)
