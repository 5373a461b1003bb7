"""The whole examination: gaps of the loss, fit of the prior, what follows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from snnvae.errors import ConfigError
from snnvae.families.images.diagnosis.diagnosis_case import DiagnosisCase
from snnvae.families.images.diagnosis.gaps import Errors, encoder_errors, length, measure
from snnvae.families.images.diagnosis.latents import draw_latents
from snnvae.families.images.diagnosis.mismatch import FOLDS, compare, prior_classes
from snnvae.families.images.diagnosis.result import ClassLoss, Diagnosis, Loss, Part
from snnvae.families.images.diagnosis.suggestions import notes, suggest
from snnvae.families.images.vae import IMAGE, SpikingVAE
from snnvae.progress import NoProgress, Progress
from snnvae.train.family import Data, Samples
from snnvae.train.randomness import order
from snnvae.typed import typed

BATCH = 200
"""Images that are examined at a time."""
MAX_CLASSES = 100
"""More are not told apart."""

Labels = NDArray[np.int64]


def diagnose(
    model: SpikingVAE,
    data: Data,
    *,
    samples: int = 200,
    draws: int = 8,
    iterations: int = 200,
    aggregate: int = 1500,
    seed: int = 0,
    progress: Progress | None = None,
) -> Diagnosis:
    """Takes the loss of `samples` held-out images apart, and compares the prior with the posterior
    of `aggregate` training images; both are chosen at random, or all there are.

    draws ≥ 2 for each expectation; iterations of each of the two searches. The model is folded.
    Raises ConfigError where images do not fit the model, or are too few, and for conditional
    models, whose decoder and prior see the class too.
    """
    progress = progress or NoProgress()
    config = model.config
    if config.conditional:
        raise ConfigError(
            "the model is conditional, and its loss cannot be taken apart yet: see "
            f"`{typed('evaluate', metric='recognised')}`, or give a model that was trained without "
            "`conditional`"
        )
    shape = (config.channels, config.image_size, config.image_size)
    have = data.test.inputs[IMAGE][:1].shape[1:]
    if have != shape:
        raise ConfigError(f"the model takes images {shape}, the data set has {have}")
    net = model.folded().float() if not model.is_folded else model
    chosen, seen = (
        _choose(images, n, seed) for images, n in ((data.test, samples), (data.train, aggregate))
    )
    if len(seen) < FOLDS:
        raise ConfigError(f"{len(seen)} training images are too few to compare: give {FOLDS}")
    errors = _measure(net, data.test, chosen, draws, iterations, seed, progress)
    training = _subject(net, data.train, seen[: len(chosen)], seed)
    latents = draw_latents(_subject(net, data.train, seen, seed))
    labels = labels_of(data, seen, chosen)
    classes: tuple[ClassLoss, ...] = ()
    accuracy = None
    if labels is not None:
        of_seen, of_chosen = labels
        held_out = draw_latents(_subject(net, data.test, chosen, seed)).posterior
        shares, accuracy = prior_classes(latents, of_seen, held_out, of_chosen)
        classes = tuple(
            ClassLoss(c, loss_of(errors, of_chosen == c), float(np.mean(of_seen == c)), share)
            for c, share in shares.items()
            if np.any(of_chosen == c)
        )
    found = Diagnosis(
        model=config.model,
        dataset=config.dataset,
        steps=config.steps,
        latent=config.latent,
        draws=draws,
        iterations=iterations,
        seed=seed,
        loss=loss_of(errors, np.ones(len(chosen), bool)),
        training_loss=float(np.mean(encoder_errors(training, draws)[0])),
        classes=classes,
        class_accuracy=accuracy,
        prior=compare(latents, seed),
    )
    return replace(found, suggestions=suggest(found, config), notes=notes(found))


def labels_of(data: Data, seen: Labels, chosen: Labels) -> tuple[Labels, Labels] | None:
    """Classes of these training and held-out images; None where the former are of one class, or
    too many to be told apart."""
    of_seen, of_chosen = _labels(data.train, seen), _labels(data.test, chosen)
    return (of_seen, of_chosen) if 2 <= len(np.unique(of_seen)) <= MAX_CLASSES else None


def _labels(samples: Samples, chosen: Labels) -> Labels:
    assert samples.label is not None
    return samples.label[chosen]


def loss_of(errors: Errors, chosen: NDArray[np.bool_]) -> Loss:
    """Means of the chosen images."""
    encoder, rates, pattern = (
        values[chosen] for values in (errors.encoder, errors.rates, errors.pattern)
    )
    total = float(encoder.mean())

    def part(values: NDArray[np.float64]) -> Part:
        n, mean = len(values), float(values.mean())
        error = float(values.std(ddof=1) / np.sqrt(n)) if n > 1 else 0.0
        return Part(mean, mean / total, error)

    return Loss(
        images=len(encoder),
        total=total,
        encoder=part(encoder - rates),
        draws=part(rates - pattern),
        decoder=part(pattern),
        spread=float(errors.spread[chosen].mean()) / total,
    )


def _measure(
    net: SpikingVAE,
    images: Samples,
    chosen: Labels,
    draws: int,
    iterations: int,
    seed: int,
    progress: Progress,
) -> Errors:
    batches = [chosen[i : i + BATCH] for i in range(0, len(chosen), BATCH)]
    progress.start("best rates and spikes", length(iterations) * len(batches))
    found = [
        measure(_subject(net, images, batch, seed), draws, iterations, progress)
        for batch in batches
    ]
    progress.finish()
    return Errors.joined(found)


def _choose(images: Samples, count: int, seed: int) -> Labels:
    """Positions of `count` images, in order: sets are often sorted by origin or class."""
    positions: Labels = order(seed, 0, len(images))[:count].sort().values.numpy()
    return positions


def _subject(net: SpikingVAE, images: Samples, chosen: Labels, seed: int) -> DiagnosisCase:
    return DiagnosisCase(net, torch.from_numpy(images.inputs[IMAGE][chosen]), chosen.tolist(), seed)
