"""From the encoder's loss down to the decoder's, image by image."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import torch
from numpy.typing import NDArray

from snnvae.families.images.diagnosis.diagnosis_case import DiagnosisCase
from snnvae.families.images.diagnosis.patterns import ROUNDS, best_pattern
from snnvae.families.images.diagnosis.posterior import encoder_draw, encoder_rates
from snnvae.families.images.diagnosis.rates import expected_errors, optimise_rates
from snnvae.progress import Progress

Values = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Errors:
    """Mean squared errors per pixel of each image (N,).

    encoder  mean of draws from the encoder's posterior
    rates    mean of draws from the image's own optimised rates
    pattern  of the best latent spikes found
    spread   the part of `encoder` that is variance between its draws: it would be gone if the
             decoder's images of all draws were averaged
    """

    encoder: Values
    rates: Values
    pattern: Values
    spread: Values

    @classmethod
    def joined(cls, parts: list[Errors]) -> Errors:
        """Joins the errors of several batches of images."""
        names = [field.name for field in fields(cls)]
        return cls(*(np.concatenate([getattr(p, name) for p in parts]) for name in names))


def length(iterations: int) -> int:
    """Units of progress of `measure`."""
    return 2 * iterations + ROUNDS


def measure(subject: DiagnosisCase, draws: int, iterations: int, progress: Progress) -> Errors:
    """Measures all errors of the subject's images; draws ≥ 2. `progress` advances by `length`."""
    encoder, spread = encoder_errors(subject, draws)
    rates = optimise_rates(subject, encoder_rates(subject), iterations, progress)
    # Draws 0 … draws − 1 chose nothing before, and ESVAE's are by the same U as the encoder's.
    own = expected_errors(subject, rates, 0, draws).double().numpy()
    pattern = best_pattern(subject, rates, draws, iterations, progress).errors.double().numpy()
    return Errors(encoder, own, pattern, spread)


@torch.no_grad()
def encoder_errors(subject: DiagnosisCase, draws: int) -> tuple[Values, Values]:
    """`encoder` and `spread` of Errors, by draws 0 … draws − 1."""
    copies = [subject.net.decode(encoder_draw(subject, d)) for d in range(draws)]
    errors = torch.stack([subject.errors_of(copy) for copy in copies]).mean(0)
    spread = torch.stack(copies).var(0).flatten(1).mean(1)
    return errors.double().numpy(), spread.double().numpy()
