"""Settings of the models that generate classes from their attributes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from snnvae.families.attributes import data
from snnvae.train.settings import Settings, flag, numbers, require, setting, weight, whole

if TYPE_CHECKING:
    from snnvae.families.attributes.family import Attributed

MODELS = ("attribute-vae", "attribute-ann")
SPIKING = ("attribute-vae",)
METRICS: tuple[str, ...] = ()
PUBLISHED: tuple[str, ...] = ()
USUAL: dict[str, dict[str, Any]] = {
    "attribute-vae": {"steps": 8, "lr": 3e-3, "prior_weight": 1e-3},
    "attribute-ann": {"steps": 1, "lr": 1e-3, "prior_weight": 3e-3},
}
"""Chosen on a split of the glyphs' classes that is none of the five."""


@dataclass(frozen=True)
class Config(Settings):
    """Sizes of the networks, what they see, and how much latents may tell.

    model       'attribute-vae', or 'attribute-ann', the same with ReLU and Gaussian latents
    dataset     name for `snnvae.families.attributes.data.load`
    split       which classes are never seen, of a data set that has several splits
    inputs      values of a sample; classes and attributes: of the data set
    widths      neurons of the encoder's hidden layers; decoder_widths: of the decoder's
    prior_weight  of the KL divergence in nats beside the mean squared error
    """

    dataset: str = "glyphs"
    split: int = setting(0, "Attributes: which classes are never seen.", whole(0))
    inputs: int = setting(1, check=whole())
    classes: int = setting(2, check=whole(2))
    attributes: int = setting(1, check=whole())
    widths: tuple[int, ...] = setting(
        (192,), "Neurons of the encoder's hidden layers.", numbers(), metavar="W,W"
    )
    decoder_widths: tuple[int, ...] = setting(
        (192, 192), "Of the decoder's.", numbers(), metavar="W,W"
    )
    latent: int = setting(12, "Latent spikes per step.", whole())
    prior_weight: float = setting(1e-3, "Weight of the prior's distance.", weight)
    tanh: bool = setting(False, "Attributes: the readout passes tanh.", flag)

    spiking_models = SPIKING
    trainable_models = MODELS
    asks = ("generated",)
    lacks: ClassVar[Mapping[str, str]] = {
        "front": "a front prices samples without classes, and these have attributes; compare "
        "trainings at several `steps` instead"
    }

    @property
    def family(self) -> Attributed:
        """The family of the classes with attributes."""
        from snnvae.families.attributes.family import FAMILY

        return FAMILY

    @property
    def sizes(self) -> tuple[str, ...]:
        """What decides on weights, and the classes that they are for."""
        return (
            "model", "dataset", "split", "inputs", "classes", "attributes", "widths",
            "decoder_widths", "latent", "tanh",
        )  # fmt: skip

    def __post_init__(self) -> None:
        require(self.model in MODELS, f"model {self.model!r} is unknown: use {', '.join(MODELS)}")
        super().__post_init__()
        for name in ("widths", "decoder_widths"):
            require(
                len(getattr(self, name)) > 0, f"{name} () must be one or more whole numbers from 1"
            )
        require(
            self.dataset in data.DATASETS,
            f"dataset {self.dataset!r}: use {' or '.join(data.DATASETS)}",
        )
        require(self.batch > 1, "batch must be at least 2: tdBN normalises over the batch")

    @classmethod
    def default(cls, model: str, dataset: str = "glyphs", **changes: Any) -> Self:
        """The settings that suit `model` on `dataset`, with `changes`."""
        drawn = {"tanh": True, **data.sizes(dataset)} if dataset == data.GLYPHS else {}
        given = {"schedule": "cosine", **USUAL.get(model, {}), **drawn, **changes}
        return cls.from_dict({"model": model, "dataset": dataset, **given})

    @classmethod
    def completed(
        cls, given: Mapping[str, Any], where: Path | None, config: Self | None = None
    ) -> dict[str, Any]:
        """The sizes of a new training's data set."""
        dataset = given.get("dataset", data.GLYPHS)
        return {**(data.sizes(dataset, where) if config is None else {}), **given}
