"""The results of a diagnosis, frozen."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Part:
    """One cause of the loss.

    loss   mean squared error per pixel that it accounts for
    share  of the encoder's loss
    error  standard error of `loss`, over images
    """

    loss: float
    share: float
    error: float


@dataclass(frozen=True)
class Loss:
    """The loss of some images and its three parts, which add up to it.

    images   how many
    total    mean squared error per pixel of draws from the encoder's posterior
    encoder  total − that of each image's own optimised rates: the amortisation gap
    draws    that − the best latent spikes found: what choosing spikes at random costs
    decoder  the error of these spikes: an upper bound of what the decoder cannot draw
    spread   share of `total` that is variance between draws
    """

    images: int
    total: float
    encoder: Part
    draws: Part
    decoder: Part
    spread: float

    @property
    def parts(self) -> dict[str, Part]:
        """The parts by name, from the image to the pixels."""
        return {"encoder": self.encoder, "draws": self.draws, "decoder": self.decoder}


@dataclass(frozen=True)
class ClassLoss:
    """Images of one class: their loss, their share in the data and in what the prior draws."""

    label: int
    loss: Loss
    data_share: float
    prior_share: float


@dataclass(frozen=True)
class LatentDifference:
    """A latent's mean rate over images, and over draws of the prior."""

    latent: int
    posterior: float
    prior: float


@dataclass(frozen=True)
class PriorFit:
    """The fit of the prior: how its latents differ from the posterior's over many images.

    samples       of each
    mmd2          squared maximum mean discrepancy, ESVAE's kernels; if_same: of equal crowds
    accuracy, auc of a classifier that tells them apart; 0.5: it cannot
    kl_nats       estimate of KL(posterior‖prior); a lower bound with enough samples
    active        latents whose expected rate varies with the image
    silent        latents that never fire, whatever the image
    always_on     latents that always fire
    differences   the latents whose mean rates differ most
    """

    samples: int
    mmd2: float
    mmd2_if_same: float
    accuracy: float
    auc: float
    kl_nats: float
    latents: int
    active: int
    silent: int
    always_on: int
    differences: tuple[LatentDifference, ...]


@dataclass(frozen=True)
class Suggestion:
    """A suggestion of what to do about `about`, with its reason and its figures,
    and the command that tries it."""

    about: str
    text: str
    command: str | None = None


@dataclass(frozen=True)
class Diagnosis:
    """The whole diagnosis.

    model, dataset, steps, latent   what was examined
    draws, iterations, seed         how
    loss           of all images
    training_loss  `total` of as many training images
    classes        one for each class; empty where the data set has none
    class_accuracy of the regression that finds the classes of the prior's draws, on held-out images
    prior          its fit
    suggestions    what to do, most important first
    notes          what to bear in mind about the figures
    """

    model: str
    dataset: str
    steps: int
    latent: int
    draws: int
    iterations: int
    seed: int
    loss: Loss
    training_loss: float
    classes: tuple[ClassLoss, ...]
    class_accuracy: float | None
    prior: PriorFit
    suggestions: tuple[Suggestion, ...] = ()
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain types, for JSON."""
        return asdict(self)
