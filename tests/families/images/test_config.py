"""Settings: defaults hold, nonsense is refused in one line."""

from __future__ import annotations

import dataclasses
import json

import pytest

from snnvae.errors import ConfigError
from snnvae.families.images.config import MODELS, Config


@pytest.mark.parametrize("model", MODELS)
def test_defaults_survive_a_round_trip_through_json(model: str) -> None:
    config = Config.default(model)
    assert Config.from_dict(json.loads(json.dumps(config.to_dict()))) == config


def test_changes_override_defaults() -> None:
    assert Config.default("fsvae", epochs=3).epochs == 3


def test_settings_cannot_be_changed_in_place() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Config.default("esvae").lr = 1.0  # type: ignore[misc]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model": "vae"}, "model 'vae' is unknown: use esvae, fsvae, ann-vae, autoencoder"),
        ({"epochs": 0}, "epochs must be a whole number from 1 up"),
        ({"steps": 1.5}, "steps must be a whole number"),
        ({"latent": True}, "latent must be a whole number"),
        ({"seed": -1}, "seed -1 must be a whole number from 0 to"),
        ({"seed": 2**63}, "seed .* must be a whole number from 0 to"),
        ({"widths": ()}, "widths .* must be one or more"),
        ({"widths": (4, 0)}, "widths .* must be whole numbers from 1 to"),
        ({"lr": 0}, "lr 0 must be greater than 0"),
        ({"lr": float("nan")}, "lr nan must be greater than 0"),
        ({"betas": (0.9, 1.0)}, r"betas .* must be two numbers in \[0, 1\)"),
        ({"prior_weight": -1}, "prior_weight -1 must be 0 or greater"),
        ({"prior_loss": "mmd"}, "prior_loss 'mmd' is unknown: use psp or kl"),
        ({"early_stop": 3}, "early_stop needs samples to judge by: set validation"),
        ({"validation": 1.0}, r"validation 1.0 must be in \[0, 1\)"),
        ({"schedule": "linear"}, "schedule 'linear' is unknown: use constant or cosine"),
        ({"clip": -1.0}, "clip -1.0 must be 0 or greater"),
        ({"flip": 1}, "flip 1 must be true or false"),
        ({"batch": 1}, "batch must be at least 2"),
        ({"conditional": 1}, "conditional 1 must be true or false"),
        ({"conditional": True}, "classes 0 must be 2 or more with conditional"),
        ({"classes": 10}, "classes 10 must be 2 or more with conditional, and 0 without it"),
        ({"classes": -1, "conditional": True}, "classes -1 must be a whole number from 0"),
        ({"model": "ann-vae", "conditional": True, "classes": 2}, "for esvae and fsvae, not ann"),
        ({"model": "fsvae", "even": True}, "even is for esvae, not fsvae"),
        ({"colour": "red"}, "no such setting: colour"),
    ],
)
def test_nonsense_is_refused_in_one_line(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message) as error:
        Config.from_dict({"model": "esvae", **changes})
    assert "\n" not in str(error.value)


def test_a_model_must_be_named() -> None:
    with pytest.raises(ConfigError, match="no model given"):
        Config.from_dict({})


@pytest.mark.parametrize(
    ("size", "widths"),
    [
        (8, (16, 32)),
        (16, (32, 64, 128)),
        (28, (16, 32)),
        (32, (32, 64, 128, 256)),
        (64, (32, 64, 128, 256, 512)),
        (256, (32, 64, 128, 256, 512)),
        (25, (16,)),
    ],
)
def test_widths_of_a_folder_suit_the_size_of_its_images(size: int, widths: tuple[int, ...]) -> None:
    assert Config.default("esvae", "folder", image_size=size).widths == widths
    assert Config.default("esvae", "folder", image_size=size, widths=(4,)).widths == (4,)


def test_the_weight_of_the_prior_goes_with_its_distance() -> None:
    """A mean of squares, or a sum over steps and latents, which FSVAE's authors weigh by 1e-4."""
    assert Config.default("fsvae", "mnist", prior_loss="kl").prior_weight == 1e-4
    assert Config.default("fsvae", "mnist", prior_loss="kl", prior_weight=2.0).prior_weight == 2
    before = Config.default("fsvae", "mnist")
    assert before.prior_weight == 1.0
    assert Config.completed({"prior_loss": "kl"}, None, before)["prior_weight"] == 1e-4
    assert "prior_weight" not in Config.completed({"prior_loss": "psp"}, None, before)


def test_a_number_alone_is_one_of_one() -> None:
    assert Config.from_dict({"model": "esvae", "widths": 5}).widths == (5,)
    for value in (True, "5", 0, 5.0, float("nan"), [[1]], ["4"], [4.0]):
        with pytest.raises(ConfigError, match="widths"):
            Config.from_dict({"model": "esvae", "widths": value})
    with pytest.raises(ConfigError, match=r"betas \(0.9,\) must be two numbers"):
        Config.from_dict({"model": "esvae", "betas": 0.9})
