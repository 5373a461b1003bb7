"""Settings of the image models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from snnvae.families.images import data
from snnvae.families.images.metrics import METRICS
from snnvae.families.images.presets import KL_WEIGHT, PRESETS, RECIPES, widths_for
from snnvae.layers.lif_rule import SURROGATES, LIFRule, Surrogate
from snnvae.train.settings import (
    Settings,
    flag,
    numbers,
    positive,
    require,
    setting,
    share,
    weight,
    whole,
)

if TYPE_CHECKING:
    from snnvae.families.images.family import Images
    from snnvae.families.images.nets import Neurons

__all__ = ["METRICS", "MODELS", "PUBLISHED", "SPIKING", "Config"]

MODELS = ("esvae", "fsvae", "ann-vae", "autoencoder")
SPIKING = ("esvae", "fsvae")
LARGEST_DECAY = 1 - 1 / 4096
GAUSSIAN, MIXTURE = "gaussian", "mixture"
PUBLISHED = ("fsvae", "esvae")


@dataclass(frozen=True)
class Config(Settings):
    """Sizes of the networks, what they see, and how prior and posterior are compared.

    model     'esvae', 'fsvae', 'ann-vae', or 'autoencoder', whose latents FAD compares
    dataset   name for `snnvae.families.images.data.load`
    channels  colours of the images
    latent    L, latent spikes per step; the ANN's latent numbers
    lr        ESVAE multiplies it by batch/250
    classes   of the data set, where conditional; else 0
    prior     of an ESVAE: 'gaussian', that of its training, or 'mixture', of so many `components`
    """

    dataset: str = "digits"
    image_size: int = setting(8, "Side of the square images in pixels.", whole())
    channels: int = setting(1, check=whole())
    widths: tuple[int, ...] = setting(
        (16, 32), "Channels of the stages, outermost first.", numbers(), metavar="W,W"
    )
    decoder_widths: tuple[int, ...] = setting(
        (), "Of the decoder's maps, innermost first.", numbers(), metavar="W,W"
    )
    latent: int = setting(32, "Latent spikes per step.", whole())
    decay: float = setting(0.25, "What a step leaves of a membrane; 0.25 is the papers'.", share)
    surrogate: Surrogate = setting(  # noqa: RUF009
        "rectangle", "In place of a spike's derivative.", choices=SURROGATES
    )
    spread: float = setting(1.0, "tdBN's first γ.", positive)
    even: bool = setting(False, "ESVAE: spikes of a rate are spread evenly over the steps.", flag)
    k: int = setting(8, "FSVAE: candidate spikes per latent.", whole())
    prior_hidden: tuple[int, ...] = setting(
        (), "FSVAE: of the prior's hidden layers.", numbers(0, 2), metavar="N,N"
    )
    posterior_hidden: tuple[int, ...] = setting(
        (), "FSVAE: of the posterior's.", numbers(0, 2), metavar="N,N"
    )
    identity: float = setting(
        0.0, "FSVAE: how strongly its posterior first passes its input on.", weight
    )
    prior_loss: str = setting("psp", "FSVAE.", choices=("psp", "kl"))
    prior_weight: float = setting(1.0, "Weight of the prior's distance beside the error's.", weight)
    flip: bool = setting(False, "Mirror training images at random.", flag)
    conditional: bool = setting(
        False,
        "The class enters prior and decoder, so that samples can be asked for by class.",
        flag,
    )
    classes: int = setting(0, check=whole(0))
    prior: str = setting(GAUSSIAN, choices=(GAUSSIAN, MIXTURE))
    components: int = setting(0, check=whole(0))
    temperature: float = setting(1.0, check=weight)

    spiking_models = SPIKING
    trainable_models = (*SPIKING, "ann-vae")
    asks = (
        "generated", "features", "reference", "inception", "card", "draws", "iterations",
        "aggregate",
    )  # fmt: skip

    @property
    def family(self) -> Images:
        """The family of the images."""
        from snnvae.families.images.family import FAMILY

        return FAMILY

    @property
    def sizes(self) -> tuple[str, ...]:
        """The names of all settings but those that the model is trained with."""
        return (
            "model", "image_size", "channels", "widths", "decoder_widths", "latent", "k",
            "prior_hidden", "posterior_hidden", "identity", "conditional", "classes", "decay",
            "prior", "components",
        )  # fmt: skip

    def lends(self, model: object, conditional: object) -> bool:
        """Tells whether this model lends its encoder and decoder to such a one: to the other kind,
        or to one that is conditional where it is not, or the reverse."""
        same = (model, conditional) == (self.model, self.conditional)
        return self.spiking and model in SPIKING and not same

    def lent_by(self, have: Config) -> tuple[str, ...]:
        """The sizes of encoder and decoder."""
        if not have.lends(self.model, self.conditional):
            return ()
        return ("image_size", "channels", "widths", "decoder_widths", "latent", "decay")

    @property
    def neurons(self) -> Neurons:
        """The neurons of the spiking models."""
        from snnvae.families.images.nets import Neurons

        return Neurons(LIFRule(self.decay, self.surrogate), self.spread)

    @property
    def maps(self) -> tuple[int, ...]:
        """Channels of the decoder's maps, innermost first."""
        return self.decoder_widths or (*reversed(self.widths), self.widths[0])

    def __post_init__(self) -> None:
        require(self.model in MODELS, f"model {self.model!r} is unknown: use {', '.join(MODELS)}")
        super().__post_init__()
        require(len(self.widths) > 0, "widths () must be one or more whole numbers from 1 up")
        wrong = numbers(0, len(self.widths) + 1)("decoder_widths", self.decoder_widths)
        require(wrong is None, wrong or "")
        require(self.batch > 1, "batch must be at least 2: tdBN normalises over the batch")
        require(
            not self.conditional or self.spiking,
            f"conditional is for {' and '.join(SPIKING)}, not {self.model}",
        )
        require(not self.even or self.model == "esvae", f"even is for esvae, not {self.model}")
        require(
            not self.identity or self.model == "fsvae", f"identity is for fsvae, not {self.model}"
        )
        require(
            self.decay <= LARGEST_DECAY,
            f"decay {self.decay!r} must be at most {LARGEST_DECAY}, the slowest of 12 bits",
        )
        require(
            (self.components > 0) == (self.prior == MIXTURE),
            f"components {self.components!r} with prior {self.prior!r}: a mixture has some",
        )
        require(
            self.classes > 1 if self.conditional else self.classes == 0,
            f"classes {self.classes!r} must be 2 or more with conditional, and 0 without it",
        )

    @classmethod
    def default(cls, model: str, dataset: str = "digits", **changes: Any) -> Self:
        """The settings that suit `model` on `dataset`, with `changes`."""
        settings = {"model": model, "dataset": dataset, **PRESETS.get((model, dataset), {})}
        size = changes.get("image_size")
        if dataset == "folder" and isinstance(size, int):
            settings["widths"] = widths_for(size)
        if changes.get("prior_loss") == "kl":
            settings["prior_weight"] = KL_WEIGHT
        return cls.from_dict({**settings, **changes})

    @classmethod
    def presets(cls) -> Mapping[str, Mapping[str, Any]]:
        """Such as 'fsvae-mnist', and 'esvae-mnist-lasting'."""
        usual = {
            f"{model}-{dataset}": {"model": model, "dataset": dataset} for model, dataset in PRESETS
        }
        return usual | RECIPES

    @classmethod
    def completed(
        cls, given: Mapping[str, Any], where: Path | None, config: Self | None = None
    ) -> dict[str, Any]:
        """The colours of a new training's images, their size where the data set has none of its
        own, the number of classes where it becomes conditional, the weight that goes with another
        distance of the prior, and what a model of another kind does not take over."""
        usual = "digits" if config is None else config.dataset
        dataset, conditional = given.get("dataset", usual), given.get("conditional")
        found = dict(given)
        if config is not None:
            model = given.get("model", config.model)
            if config.lends(model, given.get("conditional", config.conditional)):
                found = config._not_taken_over(str(model)) | found
        if config is None and dataset in data.DATASETS and "channels" not in given:
            found["channels"] = data.channels_of(dataset, where)
        if config is None and dataset == "folder" and "image_size" not in given:
            found["image_size"] = data.image_size_of(dataset, where)
        if isinstance(conditional, bool) and "classes" not in given:
            found["classes"] = data.classes_of(dataset, where) if conditional else 0
        loss = given.get("prior_loss")
        if config is not None and loss not in (None, config.prior_loss):
            usual_weight = cls.default(config.model, config.dataset, prior_loss=loss).prior_weight
            found.setdefault("prior_weight", usual_weight)
        return found

    def _not_taken_over(self, model: str) -> dict[str, Any]:
        """What a model that this one lends its parts to has of its own kind."""
        found: dict[str, Any] = {"prior": GAUSSIAN, "components": 0, "temperature": 1.0}
        if model != self.model:
            usual = self.default(model, self.dataset)
            own = ("even", "identity", "lr", "prior_weight")
            found |= {name: getattr(usual, name) for name in own}
        return found

    @classmethod
    def from_dict(cls, settings: Mapping[str, Any]) -> Self:
        """Makes settings as `Settings.from_dict` does."""
        require("model" in settings, f"no model given: use {' or '.join(MODELS)}")
        return super().from_dict(settings)
