"""From a name, a file and options to settings, and back to a command."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from snnvae.errors import ConfigError, DataError
from snnvae.families.images.config import Config
from snnvae.families.images.presets import PRESETS
from snnvae.families.resolve import changed, continued, resolve
from snnvae.layers.lif_rule import PAPERS
from snnvae.train import checkpoint
from snnvae.train.build import build
from snnvae.train.schedule import factor
from snnvae.train.settings import command_of


@pytest.mark.parametrize("name", Config.presets())
def test_every_preset_is_a_model_that_can_be_built(name: str) -> None:
    import torch

    own = {"image_size": 32, "channels": 3} if name.endswith("-folder") else {}
    config = resolve(name, own)
    with torch.device("meta"):
        build(config)
    assert name.removesuffix("-lasting") == f"{config.model}-{config.dataset}"
    assert (config.neurons.rule == PAPERS) != name.endswith("-lasting")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("fsvae-mnist", {"latent": 128, "k": 20, "batch": 250, "epochs": 150, "lr": 1e-3}),
        ("fsvae-celeba", {"image_size": 64, "channels": 3, "flip": True, "steps": 16}),
        ("esvae-mnist", {"latent": 32, "batch": 256, "epochs": 300, "lr": 3e-3}),
        ("esvae-cifar10", {"latent": 128, "lr": 6e-4, "channels": 3, "prior_weight": 1e-3}),
        ("esvae-celeba", {"latent": 128, "lr": 1e-3, "batch": 64}),
    ],
)
def test_presets_are_the_papers(name: str, expected: dict[str, object]) -> None:
    config = resolve(name, {}).to_dict()
    assert {key: config[key] for key in expected} == expected
    assert config["weight_decay"] == 1e-3


def test_options_go_before_the_file_and_the_file_before_the_preset(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('model = "fsvae"\ndataset = "mnist"\nlr = 0.5\nepochs = 3\nwidths = [8, 8]\n')
    config = resolve(str(file), {"epochs": 7})
    assert (config.lr, config.epochs, config.widths, config.latent) == (0.5, 7, (8, 8), 128)


@pytest.mark.parametrize(
    ("source", "changes", "message"),
    [
        ("fsvae-imagenet", {}, "give a .toml file or one of esvae-digits, fsvae-digits"),
        (None, {"dataset": "mnist"}, "no model given: add `model`"),
        ("missing.toml", {}, "cannot read settings missing.toml"),
    ],
)
def test_what_is_no_source_is_said(
    source: str | None, changes: dict[str, str], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        resolve(source, changes)


def test_the_command_of_settings_gives_them_again() -> None:
    config = Config.default(
        "fsvae", "mnist", widths=(16, 32), steps=8, flip=True, schedule="cosine", warmup=0.02
    )
    words = shlex.split(command_of(config))
    assert words[:6] == ["snnvae", "train", "--model", "fsvae", "--dataset", "mnist"]
    assert command_of(config).endswith(
        "--widths 16,32 --flip --steps 8 --schedule cosine --warmup 0.02"
    )
    assert resolve("esvae-mnist-lasting", {}).widths == (32, 64, 128, 256)
    assert command_of(Config.default("esvae")) == "snnvae train --model esvae --dataset digits"


def test_the_learning_rate_rises_and_falls() -> None:
    cosine = Config("esvae", schedule="cosine", warmup=0.2)
    assert [factor(cosine, done) for done in (0, 0.1, 0.2, 0.6, 1.0)] == pytest.approx(
        [0, 0.5, 1, 0.5, 0]
    )
    assert factor(Config("esvae"), 0.7) == 1


def test_presets_name_only_settings() -> None:
    assert all(Config.default(*key) for key in PRESETS)


def test_conditional_settings_know_the_classes_of_the_data_set(tmp_path: Path) -> None:
    config = resolve(None, {"model": "esvae", "conditional": True})
    assert (config.conditional, config.classes) == (True, 10)
    assert resolve(None, {"model": "esvae", "conditional": False}).classes == 0
    assert "--conditional" in shlex.split(command_of(config))
    assert "classes" not in command_of(config)
    back = changed(config, {"conditional": False})
    assert (back.conditional, back.classes) == (False, 0)
    assert changed(back, {"conditional": True}) == config
    with pytest.raises(DataError, match="'celeba' has no classes: leave out `conditional`"):
        resolve("fsvae-celeba", {"conditional": True})


def test_a_model_of_another_kind_takes_over_what_it_can(
    tiny: Callable[..., Config], tmp_path: Path
) -> None:
    """The draws of ESVAE, not of FSVAE; never a prior that was fitted to the other."""
    config = tiny("esvae", even=True, prior="mixture", components=3, lr=0.5)
    path = checkpoint.save(tmp_path / "a.pt", build(config))
    same, by_class, other = (
        continued(path, None, changes)
        for changes in ({}, {"conditional": True}, {"model": "fsvae"})
    )
    assert (same.even, same.prior, same.components) == (True, "mixture", 3)
    assert (by_class.even, by_class.prior, by_class.classes) == (True, "gaussian", 10)
    assert (other.even, other.prior, other.latent) == (False, "gaussian", 5)
    usual = Config.default("fsvae")
    assert (other.lr, other.prior_weight) == (usual.lr, usual.prior_weight)
    assert by_class.lr == config.lr
