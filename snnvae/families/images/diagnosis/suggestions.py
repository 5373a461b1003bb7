"""From figures to what to do: rules with their thresholds, each suggestion with its reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from scipy.stats import binom

from snnvae.families.images.config import Config
from snnvae.families.images.diagnosis.result import Diagnosis, Suggestion
from snnvae.layers.neuron import Readout
from snnvae.train.settings import command_of

CAUSES = 0.2
"""Share of the loss from which a cause is worth something being done."""
OVERFITTED = 1.2
"""Loss on held-out over that on training images, from which learning by heart is suspected."""
TOLD_APART = 0.75
"""AUC from which prior and posterior differ so much that generated images suffer."""
WORTH_DOUBLING = 1.2
"""Gain in averaged steps from which twice as many are worth their cost."""
UNSEEN = 2.0
"""MMD² over that of equal crowds, below which training by MMD has nothing left to go by."""
IDLE = 0.125
"""Part of the latents that may be idle."""
CHANCE = 0.01
"""Probability of so many right classes by always guessing the largest one, below which the classes
that are read from latents mean something (binomial test)."""
OFTEN, SELDOM = 2.0, 0.5
"""A class's share in the prior over that in the data: drawn too often, too seldom."""
HARD, ENOUGH = 1.3, 10
"""A class's loss over that of all, from which it stands out, if it has this many images."""

Rule = Callable[[Diagnosis, Config], Iterator[Suggestion]]


def suggest(found: Diagnosis, config: Config) -> tuple[Suggestion, ...]:
    """Suggests what to do: the largest part of the loss first, then prior, latents and classes."""
    parts = sorted(found.loss.parts.items(), key=lambda item: -item[1].share)
    rules = [OF_PART[name] for name, part in parts if part.share >= CAUSES]
    rules += [_prior, _idle, _prior_classes, _hard_classes]
    return tuple(s for rule in rules for s in rule(found, config))


def notes(found: Diagnosis) -> tuple[str, ...]:
    """Returns what to bear in mind: signs and sizes that are not what they seem."""
    said = [
        f"The {name}'s part is negative, {part.loss:.4f} ± {part.error:.4f}: the search found "
        "nothing better on average, count it as none."
        for name, part in found.loss.parts.items()
        if part.loss < 0
    ]
    said.append(
        "Best rates and best spikes are those that a search found: the encoder's part is a lower "
        "bound, the decoder's an upper bound. More `iterations` move both to the encoder's side."
    )
    if found.model == "fsvae":
        said.append(
            "An FSVAE may choose a rate of 0 or 1 for each step, so that every spike pattern is "
            "within its family: what its own draws cost is better seen in the spread."
        )
    if found.class_accuracy is None:
        said.append("The data set has no classes that could be compared.")
    elif not classes_are_read(found):
        said.append(
            f"Classes cannot be read from these latents (right for {found.class_accuracy:.0%} of "
            f"the held-out images, {_largest_class(found):.0%} by guessing the largest class): the "
            "prior's shares of classes say nothing."
        )
    return tuple(said)


def classes_are_read(found: Diagnosis) -> bool:
    """Tells whether the regression that finds classes in latents is better than chance."""
    if found.class_accuracy is None or not found.classes:
        return False
    images = found.loss.images
    right = round(found.class_accuracy * images)
    return bool(binom.sf(right - 1, images, _largest_class(found)) < CHANCE)


def _largest_class(found: Diagnosis) -> float:
    """Share of the held-out images that are of the class that most are of."""
    counts = [c.loss.images for c in found.classes]
    return max(counts, default=0) / max(sum(counts), 1)


def _encoder(found: Diagnosis, config: Config) -> Iterator[Suggestion]:
    reason = f"The encoder causes {found.loss.encoder.share:.0%} of the loss"
    if found.loss.total > OVERFITTED * found.training_loss:
        yield Suggestion(
            "encoder",
            f"{reason}, and on training images the loss is {found.training_loss:.4f} instead of "
            f"{found.loss.total:.4f}: it has partly learnt them by heart. Stop earlier, raise "
            "`weight_decay`, or train on more images.",
            _command(config, validation=0.1, early_stop=10),
        )
        return
    yield Suggestion(
        "encoder",
        f"{reason}, and on training images the loss is not much less ({found.training_loss:.4f}): "
        "it is held back rather than overfitted. Make it wider (`widths`), let the learning rate "
        "fall (`schedule` cosine), or let the prior pull less at it (`prior_weight`).",
        _command(config, widths=[2 * width for width in config.widths], schedule="cosine"),
    )


def _draws(found: Diagnosis, config: Config) -> Iterator[Suggestion]:
    part, spread = found.loss.draws.share, found.loss.spread
    # Of an FSVAE the part says only that rates were searched less well than spikes (see notes).
    if found.model == "fsvae" and spread < CAUSES:
        return
    now, then = _counted(config.steps), _counted(2 * config.steps)
    steps_help = then > WORTH_DOUBLING * now
    cure = (
        "more steps T average over more of them"
        if steps_help
        else f"a larger latent shares the image out among more of them. More steps would not: the "
        f"readout forgets, and counts as if {now:.1f} steps were averaged, {then:.1f} with twice T"
    )
    yield Suggestion(
        "draws",
        f"Drawing spikes at random, even with the best rates, causes {part:.0%} of the loss "
        f"(spread of the encoder's own draws: {spread:.0%}): {cure}.",
        _command(config, steps=2 * config.steps)
        if steps_help
        else _command(config, latent=2 * config.latent),
    )


def _counted(steps: int) -> float:
    """Equally weighted steps that average as well as the readout's: (Σw)²/Σw²."""
    weights = Readout.weights(steps)
    return sum(weights) ** 2 / sum(w * w for w in weights)


def _decoder(found: Diagnosis, config: Config) -> Iterator[Suggestion]:
    yield Suggestion(
        "decoder",
        f"Even for the best spikes found, the decoder leaves {found.loss.decoder.share:.0%} of the "
        "loss: give it more channels, or more latents to draw from.",
        _command(config, widths=[2 * width for width in config.widths]),
    )


def _prior(found: Diagnosis, config: Config) -> Iterator[Suggestion]:
    fit = found.prior
    if fit.auc < TOLD_APART:
        return
    reason = (
        f"A classifier tells the prior's latents from the posterior's (AUC {fit.auc:.2f}, KL about "
        f"{fit.kl_nats:.1f} nats): generated images come from latents that the decoder has not "
        "seen."
    )
    if found.model == "esvae" and fit.mmd2 < UNSEEN * fit.mmd2_if_same:
        yield Suggestion(
            "prior",
            f"{reason} MMD², which `prior_weight` weighs, hardly sees it ({fit.mmd2:.3f}, "
            f"{fit.mmd2_if_same:.3f} for equal crowds), so more weight has little to go by. The "
            "prior is one linear layer; one per class may come closer.",
        )
        return
    yield Suggestion(
        "prior",
        f"{reason} Raise `prior_weight`; it costs reconstruction.",
        _command(config, prior_weight=3 * config.prior_weight or 1.0),
    )


def _idle(found: Diagnosis, config: Config) -> Iterator[Suggestion]:
    fit = found.prior
    idle = fit.latents - fit.active
    if idle < IDLE * fit.latents or not fit.active:
        return
    yield Suggestion(
        "latents",
        f"{idle} of {fit.latents} latents do not vary with the image ({fit.silent} never fire, "
        f"{fit.always_on} always): a smaller latent does the same at less cost. `snnvae train` "
        "from this model (`start`) with `adaptive_latent` cuts them out, or train anew with fewer.",
        _command(config, latent=fit.active),
    )


def _prior_classes(found: Diagnosis, config: Config) -> Iterator[Suggestion]:
    def named(wanted: Callable[[float], bool]) -> str:
        return ", ".join(
            f"{c.label} ({c.prior_share:.0%} for {c.data_share:.0%})"
            for c in found.classes
            if c.data_share and wanted(c.prior_share / c.data_share)
        )

    if not classes_are_read(found):
        return
    seldom, often = named(lambda ratio: ratio < SELDOM), named(lambda ratio: ratio > OFTEN)
    if seldom or often:
        said = [
            f"too {how} class {which}"
            for how, which in (("seldom", seldom), ("often", often))
            if which
        ]
        yield Suggestion(
            "classes",
            f"The prior draws {', and '.join(said)}: generated images do not show the classes as "
            "the data do. A heavier `prior_weight`, or a prior per class, mends it.",
        )


def _hard_classes(found: Diagnosis, config: Config) -> Iterator[Suggestion]:
    for c in found.classes:
        if c.loss.images >= ENOUGH and c.loss.total > HARD * found.loss.total:
            name, part = max(c.loss.parts.items(), key=lambda item: item[1].loss)
            yield Suggestion(
                "classes",
                f"Class {c.label} loses {c.loss.total:.4f}, {c.loss.total / found.loss.total:.1f} "
                f"times as much as the mean, most of it by the {name} ({part.share:.0%}).",
            )


def _command(config: Config, **changes: Any) -> str:
    return command_of(config.changed(**changes), out="runs/next")


OF_PART: dict[str, Rule] = {"encoder": _encoder, "draws": _draws, "decoder": _decoder}
