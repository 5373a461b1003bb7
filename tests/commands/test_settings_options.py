"""Options of training are made from the settings."""

from __future__ import annotations

from dataclasses import fields

import click
import pytest

from snnvae.commands.remedies import with_flags
from snnvae.commands.settings_options import given_settings
from snnvae.commands.train import command as train
from snnvae.errors import ConfigError
from snnvae.families.images.config import Config
from snnvae.families.resolve import resolve


def test_every_setting_with_a_help_is_an_option_with_that_help() -> None:
    options = {each.name: each for each in train.params if isinstance(each, click.Option)}
    helps = {each.name: each.metadata.get("help") for each in fields(Config)}
    told = {name: with_flags(text) for name, text in helps.items() if text}
    assert len(told) > 25
    assert {name: options[name].help for name in told} == told


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"widths": "8,16"}, {"widths": (8, 16)}),
        ({"spike_budget": "300k"}, {"spike_budget": 300_000.0}),
        ({"spike_budget": "0"}, {"spike_budget": 0.0}),
        ({"lr": 0.5, "epochs": None, "flip": False}, {"lr": 0.5, "flip": False}),
        ({"schedule": "cosine", "model": "esvae"}, {"schedule": "cosine", "model": "esvae"}),
    ],
)
def test_options_become_settings(options: dict[str, object], expected: dict[str, object]) -> None:
    assert given_settings(options) == expected


def test_a_flag_takes_true_or_false() -> None:
    with pytest.raises(ConfigError, match="flip 'yes' must be true or false"):
        resolve(None, {"model": "esvae", **given_settings({}, ("flip=yes",))})


def test_any_other_setting_is_given_by_name() -> None:
    given = given_settings({}, ("betas=0.5,0.9", "flip=true", "widths=7", "lr=1e-2"))
    assert given == {"betas": (0.5, 0.9), "flip": True, "widths": (7,), "lr": 0.01}
    assert resolve(None, {"model": "esvae", **given}).betas == (0.5, 0.9)


@pytest.mark.parametrize(
    ("options", "others", "message"),
    [
        ({"widths": "a,b"}, (), "--widths a,b: write whole numbers, as in 32,64"),
        ({"spike_budget": "-3"}, (), "--spike-budget -3: write a number such as 20000, 300k"),
        ({}, ("betas",), "--set betas: write NAME=VALUE"),
        ({}, ("=3",), "--set =3: write NAME=VALUE"),
        ({}, ("latnet=3",), "--set latnet=3: no such setting; do you mean latent"),
        ({"latent": 5}, ("latent=3",), "--set latent=3: latent is given already"),
    ],
)
def test_what_is_no_value_is_named(
    options: dict[str, object], others: tuple[str, ...], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        given_settings(options, others)
