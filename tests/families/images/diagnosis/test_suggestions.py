"""Each rule speaks where its figure asks for it, with the figure, and is silent elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from snnvae.families.images.config import Config
from snnvae.families.images.diagnosis.result import ClassLoss, Diagnosis
from snnvae.families.images.diagnosis.suggestions import notes, suggest

MakeUp = Callable[..., Diagnosis]
CONFIG = Config.default("esvae")


def about(found: Diagnosis, config: Config = CONFIG) -> list[str]:
    return [s.about for s in suggest(found, config)]


def test_the_largest_part_comes_first_and_small_ones_not_at_all(made_up: MakeUp) -> None:
    assert about(made_up(0.3, 0.25, 0.45)) == ["decoder", "encoder", "draws"]
    assert about(made_up(0.05, 0.7, 0.25)) == ["draws", "decoder"]


def test_an_fsvaes_draws_are_judged_by_their_spread(made_up: MakeUp) -> None:
    """Its family holds every pattern, so the part alone says nothing about drawing."""
    found = made_up(0.0, 0.6, 0.4, model="fsvae")
    assert about(found, Config.default("fsvae")) == ["decoder"]
    wide = replace(found, loss=replace(found.loss, spread=0.3))
    assert about(wide, Config.default("fsvae")) == ["draws", "decoder"]


def test_reasons_carry_their_figures_and_commands_their_changes(made_up: MakeUp) -> None:
    encoder, draws = suggest(made_up(0.6, 0.4, 0.0), CONFIG)
    assert "causes 60% of the loss" in encoder.text
    assert "wider" in encoder.text
    assert encoder.command is not None
    assert "--widths 32,64 --schedule cosine" in encoder.command
    assert "causes 40% of the loss" in draws.text
    assert draws.command is not None
    assert draws.command.startswith("snnvae train --model esvae --dataset digits --latent 64")


def test_more_steps_help_while_the_readout_counts_them(made_up: MakeUp) -> None:
    """Its weights fall by 0.8 a step, so that in the long run 9 steps count."""
    found = made_up(0.0, 1.0, 0.0)
    (short,), (long,) = (suggest(found, CONFIG.changed(steps=t)) for t in (4, 16))
    assert "--steps 8" in str(short.command)
    assert "--latent 64" in str(long.command)
    assert "as if 8.5 steps were averaged, 9.0 with twice T" in long.text


def test_an_encoder_that_learnt_by_heart_is_not_trained_longer(made_up: MakeUp) -> None:
    (first, _) = suggest(made_up(0.6, 0.4, 0.0, training_loss=0.05), CONFIG)
    assert "by heart" in first.text
    assert "0.0500 instead of 0.1000" in first.text
    assert first.command is not None
    assert "--early-stop" in first.command


def test_a_prior_that_is_told_apart(made_up: MakeUp) -> None:
    (prior,) = suggest(made_up(auc=0.93, kl_nats=2.5, mmd2=0.1), CONFIG)[-1:]
    assert prior.about == "prior"
    assert "AUC 0.93, KL about 2.5 nats" in prior.text
    assert prior.command is not None
    assert "--prior-weight 3" in prior.command
    assert "prior" not in about(made_up(auc=0.6))


@pytest.mark.parametrize(("auc", "told"), [(0.74, False), (0.76, True)])
def test_three_of_four_pairs_must_be_told_apart(made_up: MakeUp, auc: float, told: bool) -> None:
    """An AUC is the share of pairs that are ordered right (docs/diagnosis.md)."""
    assert ("prior" in about(made_up(auc=auc))) == told


def test_a_weight_is_not_raised_where_its_distance_sees_nothing(made_up: MakeUp) -> None:
    (*_, prior) = suggest(made_up(auc=0.93, mmd2=0.012), CONFIG)
    assert "hardly sees it (0.012, 0.010 for equal crowds)" in prior.text
    assert prior.command is None
    # FSVAE does not train by MMD, so that its size says nothing there.
    (*_, other) = suggest(made_up(auc=0.93, mmd2=0.012, model="fsvae"), Config.default("fsvae"))
    assert "--prior-weight 1.5" in str(other.command)


def test_idle_latents_are_counted(made_up: MakeUp) -> None:
    said = suggest(made_up(active=10, silent=4, always_on=1), CONFIG)[-1]
    assert "6 of 16 latents do not vary with the image (4 never fire, 1 always)" in said.text
    assert "(`start`) with `adaptive_latent` cuts them out" in said.text
    assert said.command is not None
    assert "--latent 10" in said.command
    assert "latents" not in about(made_up(active=15))
    assert "latents" not in about(made_up(active=0))


def test_classes_that_the_prior_neglects_or_prefers(made_up: MakeUp) -> None:
    said = suggest(made_up(prior_shares=(0.2, 1.0)), CONFIG)[-1].text
    assert "too seldom class 0 (20% for 50%)" in said
    assert "too often" not in said
    assert "classes" not in about(made_up(prior_shares=(0.3, 0.7)))


@pytest.mark.parametrize(("accuracy", "is_read"), [(0.0, False), (0.6, False), (0.9, True)])
def test_shares_of_classes_say_nothing_where_they_are_read_no_better_than_by_chance(
    made_up: MakeUp, accuracy: float, is_read: bool
) -> None:
    found = made_up(prior_shares=(0.0, 1.0), class_accuracy=accuracy)
    assert ("classes" in about(found)) == is_read
    said = f"right for {accuracy:.0%} of the held-out images, 50% by guessing the largest class"
    assert any(said in note for note in notes(found)) != is_read


def test_a_class_that_loses_more_than_the_others(made_up: MakeUp) -> None:
    found, hard = made_up(), made_up(1.0, 0.1, 0.9).loss
    worse = replace(found, classes=(ClassLoss(7, hard, 0.5, 0.5),))
    said = suggest(worse, CONFIG)[-1].text
    assert "Class 7 loses 0.2000, 2.0 times as much as the mean, most of it by the encoder" in said
    few = replace(worse, classes=(ClassLoss(7, replace(hard, images=3), 0.5, 0.5),))
    assert "classes" not in about(few)


@pytest.mark.parametrize("kind", ["esvae", "fsvae"])
def test_notes_say_what_figures_do_not(kind: str, made_up: MakeUp) -> None:
    said = " ".join(notes(made_up(model=kind)))
    assert "negative" not in said
    assert "bound" in said
    assert ("FSVAE" in said) == (kind == "fsvae")
    below = notes(made_up(-0.1, 0.0, 1.0, model=kind, class_accuracy=None))
    assert "The encoder's part is negative, -0.0100" in below[0]
    assert "no classes" in below[-1]
