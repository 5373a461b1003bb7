"""All settings of a training run, in one frozen value that is stored with its checkpoint."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from snnvae.errors import ConfigError
from snnvae.train.presets import PRESETS

MODELS = ("esvae", "fsvae", "ann-vae", "autoencoder")
SPIKING = ("esvae", "fsvae")
SCHEDULES = ("constant", "cosine")
PRIOR_LOSSES = ("psp", "kl")
QAT_TARGETS = ("", "loihi2")
MAX_SEED = 2**63 - 1


@dataclass(frozen=True)
class Config:
    """What to train, on what, and how.

    model         'esvae', 'fsvae', 'ann-vae', or 'autoencoder', whose latents FAD compares
    dataset       name for `snnvae.families.images.data.load`
    image_size    side of the square images in pixels
    channels      colours of the images
    widths        channels of the stride-2 stages, outermost first
    decoder_widths  channels of the decoder's maps, innermost first; empty: those of the encoder
    latent        L, latent spikes per step; the ANN's latent numbers
    k             FSVAE: candidate spikes per latent
    prior_hidden  FSVAE: sizes of the prior's two hidden layers; empty: 2L, 4L
    posterior_hidden  the same of the posterior
    steps         T, time steps per image; the ANN has none
    anneal        values of T that training goes through, an equal part of the epochs each, before
                  it ends with `steps`
    spike_budget  synaptic operations per reconstructed image that training keeps to; 0 for any
    unit_penalty  weight of what keeps units that do little from firing at all
    qat           'loihi2': train in the compiler's fixed point; '' for float
    batch         images per training step
    epochs        passes over the training images
    lr            learning rate (ESVAE multiplies it by batch/250)
    weight_decay  of AdamW
    betas         of AdamW
    prior_loss    FSVAE: 'psp' or 'kl'
    prior_weight  weight of the prior's distance beside the reconstruction's mean squared error
    flip          mirror training images at random
    schedule      of the learning rate: 'constant', or 'cosine' down to nothing
    warmup        part of the training in which the learning rate rises from nothing
    clip          largest norm of the gradient; 0 for any
    validation    part of the training images that is held back to stop by
    early_stop    epochs without a better validation error after which training ends; 0 for never
    conditional   the class enters the prior and the decoder as spikes (ESVAE and FSVAE)
    classes       of the data set, where conditional; else 0
    seed          of everything random in training
    """

    model: str
    dataset: str = "digits"
    image_size: int = 8
    channels: int = 1
    widths: tuple[int, ...] = (16, 32)
    decoder_widths: tuple[int, ...] = ()
    latent: int = 32
    k: int = 8
    prior_hidden: tuple[int, ...] = ()
    posterior_hidden: tuple[int, ...] = ()
    steps: int = 16
    anneal: tuple[int, ...] = ()
    spike_budget: float = 0.0
    unit_penalty: float = 0.0
    qat: str = ""
    batch: int = 64
    epochs: int = 60
    lr: float = 1e-3
    weight_decay: float = 1e-3
    betas: tuple[float, float] = (0.9, 0.999)
    prior_loss: str = "psp"
    prior_weight: float = 1.0
    flip: bool = False
    schedule: str = "constant"
    warmup: float = 0.0
    clip: float = 0.0
    validation: float = 0.0
    early_stop: int = 0
    conditional: bool = False
    classes: int = 0
    seed: int = 0

    def __post_init__(self) -> None:
        _require(self.model in MODELS, f"model {self.model!r} is unknown: use {', '.join(MODELS)}")
        _require(
            self.prior_loss in PRIOR_LOSSES,
            f"prior_loss {self.prior_loss!r} is unknown: use {' or '.join(PRIOR_LOSSES)}",
        )
        for name in ("image_size", "channels", "latent", "k", "steps", "batch", "epochs"):
            _require(_is_int(getattr(self, name), 1), f"{name} must be a whole number from 1 up")
        _require(
            _is_int(self.seed, 0) and self.seed <= MAX_SEED,
            f"seed {self.seed!r} must be a whole number from 0 to {MAX_SEED}",
        )
        for name, counts in self._lengths().items():
            sizes = getattr(self, name)
            _require(
                isinstance(sizes, tuple) and all(_is_int(size, 1) for size in sizes),
                f"{name} {sizes!r} must be whole numbers from 1 up",
            )
            _require(
                counts is None or len(sizes) in counts,
                f"{name} {sizes!r} must be {max(counts or (0,))} numbers",
            )
        _require(len(self.widths) > 0, "widths () must be one or more whole numbers from 1 up")
        _require(self.qat in QAT_TARGETS, f"qat {self.qat!r} is unknown: use loihi2, or leave out")
        _require(_is_real(self.lr) and self.lr > 0, f"lr {self.lr!r} must be greater than 0")
        _require(
            self.schedule in SCHEDULES,
            f"schedule {self.schedule!r} is unknown: use {' or '.join(SCHEDULES)}",
        )
        _require(isinstance(self.flip, bool), f"flip {self.flip!r} must be true or false")
        _require(
            _is_int(self.early_stop, 0),
            f"early_stop {self.early_stop!r} must be 0 or a whole number",
        )
        for name in ("warmup", "validation"):
            value = getattr(self, name)
            _require(_is_real(value) and 0 <= value < 1, f"{name} {value!r} must be in [0, 1)")
        _require(
            self.early_stop == 0 or self.validation > 0,
            "early_stop needs images to judge by: set validation, such as 0.1",
        )
        for name in ("weight_decay", "prior_weight", "clip", "spike_budget", "unit_penalty"):
            value = getattr(self, name)
            _require(_is_real(value) and value >= 0, f"{name} {value!r} must be 0 or greater")
        _require(
            isinstance(self.betas, tuple)
            and len(self.betas) == 2
            and all(_is_real(b) and 0 <= b < 1 for b in self.betas),
            f"betas {self.betas!r} must be two numbers in [0, 1)",
        )
        _require(
            len(self.anneal) < self.epochs,
            f"anneal {self.anneal!r} and steps need an epoch each: epochs {self.epochs} are too "
            "few",
        )
        self._check_classes()
        spiking = self.model in SPIKING
        for name in ("anneal", "spike_budget", "unit_penalty", "qat"):
            _require(
                spiking or not getattr(self, name),
                f"{name} is for spiking models, not for {self.model}",
            )
        _require(self.batch > 1, "batch must be at least 2: tdBN normalises over the batch")

    def _check_classes(self) -> None:
        conditional, classes = self.conditional, self.classes
        _require(
            isinstance(conditional, bool), f"conditional {conditional!r} must be true or false"
        )
        _require(_is_int(classes, 0), f"classes {classes!r} must be a whole number from 0 up")
        _require(
            not conditional or self.model in SPIKING,
            f"conditional is for {' and '.join(SPIKING)}, not {self.model}",
        )
        _require(
            classes > 1 if conditional else classes == 0,
            f"classes {classes!r} must be 2 or more with conditional, and 0 without it",
        )

    def _lengths(self) -> dict[str, tuple[int, ...] | None]:
        """How many numbers a setting may have; None for any."""
        return {
            "widths": None,
            "decoder_widths": (0, len(self.widths) + 1),
            "prior_hidden": (0, 2),
            "posterior_hidden": (0, 2),
            "anneal": None,
        }

    @property
    def maps(self) -> tuple[int, ...]:
        """Channels of the decoder's maps, innermost first."""
        return self.decoder_widths or (*reversed(self.widths), self.widths[0])

    @classmethod
    def default(cls, model: str, dataset: str = "digits", **changes: Any) -> Config:
        """The settings that suit `model` on `dataset`, with `changes`."""
        settings = {"model": model, "dataset": dataset, **PRESETS.get((model, dataset), {})}
        return cls.from_dict({**settings, **changes})

    @classmethod
    def from_dict(cls, settings: Mapping[str, Any]) -> Config:
        """From plain types; lists become tuples, unknown names are refused."""
        known = {field.name for field in fields(cls)}
        unknown = sorted(str(name) for name in settings if name not in known)
        _require(not unknown, f"no such setting: {', '.join(unknown)}")
        _require("model" in settings, f"no model given: use {' or '.join(MODELS)}")
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in settings.items()
        }
        return cls(**values)

    def changed(self, **changes: Any) -> Config:
        """With some settings replaced."""
        return self.from_dict({**self.to_dict(), **changes})

    def to_dict(self) -> dict[str, Any]:
        """Plain types, for JSON and checkpoints."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items()}


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise ConfigError(message)


def _is_int(value: object, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _is_real(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
