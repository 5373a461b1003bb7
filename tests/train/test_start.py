"""What a training starts from: all of a model, or the parts that one of another kind has too."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from tiny_models import CONDITIONAL

from snnvae.errors import ConfigError
from snnvae.families.images.config import Config
from snnvae.families.images.vae import SpikingVAE
from snnvae.train import checkpoint
from snnvae.train.adaptive.shrink import shrink
from snnvae.train.build import build
from snnvae.train.fixed_point import in_fixed_point
from snnvae.train.start import starting_model


@pytest.fixture
def trained(esvae: SpikingVAE, tmp_path: Path) -> Path:
    return checkpoint.save(tmp_path / "esvae.pt", esvae)


def test_another_kind_lends_encoder_and_decoder(
    esvae: SpikingVAE, trained: Path, tiny: Callable[..., Config]
) -> None:
    config = tiny("fsvae", k=4)
    told: list[str] = []
    started, anew = starting_model(config, trained, told.append), build(config)
    assert told == [f"encoder and decoder are those of {trained}, and all else begins anew"]
    have = esvae.state_dict()
    for name, value in started.state_dict().items():
        lent = name.split(".")[0] in ("encoder", "decoder")
        assert torch.equal(value, (have if lent else anew.state_dict())[name]), name


def test_a_class_joins_what_the_decoder_has_learned(
    esvae: SpikingVAE, trained: Path, tiny: Callable[..., Config]
) -> None:
    config = tiny("esvae", **CONDITIONAL)
    told: list[str] = []
    started, anew = starting_model(config, trained, told.append), build(config)
    assert "encoder and decoder (without classes) are those" in told[0]
    latents = config.latent
    assert isinstance(started, SpikingVAE)
    found, theirs, new = (model.decoder["input"].synapse.weight for model in (started, esvae, anew))
    assert torch.equal(found[:, :latents], theirs)
    assert torch.equal(found[:, latents:], new[:, latents:])
    assert started.training


def test_classes_that_both_know_are_lent(tiny: Callable[..., Config], tmp_path: Path) -> None:
    lender = build(tiny("esvae", **CONDITIONAL))
    path = checkpoint.save(tmp_path / "a.pt", lender)
    started = starting_model(tiny("fsvae", **CONDITIONAL), path)
    have, found = lender.decoder.state_dict(), started.decoder.state_dict()
    assert all(torch.equal(found[name], value) for name, value in have.items())


def test_what_is_lent_must_fit(trained: Path, tiny: Callable[..., Config]) -> None:
    with pytest.raises(ConfigError, match=r"has widths \(4, 6\), now it is \(4, 8\): leave it out"):
        starting_model(tiny("fsvae", widths=(4, 8)), trained)
    with pytest.raises(ConfigError, match=r"has decay 0.25, now it is 0.5"):
        starting_model(tiny("fsvae", decay=0.5), trained)
    with pytest.raises(ConfigError, match="has model 'esvae', now it is 'ann-vae'"):
        starting_model(tiny("ann-vae", steps=1), trained)
    with pytest.raises(ConfigError, match=r"has k 3, now it is 4"):  # of the same kind: all of it
        starting_model(tiny("esvae", k=4), trained)


def test_only_floats_are_lent(
    esvae: SpikingVAE, trained: Path, tiny: Callable[..., Config], tmp_path: Path
) -> None:
    fixed = checkpoint.save(tmp_path / "fixed.pt", in_fixed_point(esvae))
    with pytest.raises(ConfigError, match=r"is in fixed point, .* give the model that it was trai"):
        starting_model(tiny("fsvae"), fixed)
    with pytest.raises(ConfigError, match="train in float first, without `qat`"):
        starting_model(tiny("fsvae", qat="loihi2"), trained)


def test_a_network_is_shrunk_from_its_own_kind(
    trained: Path, tiny: Callable[..., Config], tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=r"of another model, .* train this one first"):
        shrink(trained, tiny("fsvae"), tmp_path / "small", epochs=1, rounds=1, penalty=0.0)
