"""What a training starts from: a new model, or one that was trained."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from snnvae.errors import CheckpointError, ConfigError
from snnvae.layers.model import SpikingModel
from snnvae.train import checkpoint
from snnvae.train.build import build
from snnvae.train.fixed_point import in_fixed_point
from snnvae.train.settings import Settings

MOST_SHOWN = 200
"""Letters that say which setting differs; what is longer is not listed."""


def starting_model(
    config: Settings, source: Path | None, tell: Callable[[str], None] | None = None
) -> Any:
    """A new model, or the weights of a checkpoint, ours or a published one; in fixed point with
    `qat`. A checkpoint of another kind lends the parts that both have, of which `tell` is told.

    ConfigError where the checkpoint is of other sizes, or where `qat` has none to start from.
    """
    if source is None:
        if config.qat:
            raise ConfigError(
                f"`qat` {config.qat} starts from a trained model: name its model.pt with `start`"
            )
        return build(config)
    have, model = _loaded(config, source)
    lent = config.lent_by(have)
    for name in lent or config.sizes:
        had, wanted = getattr(have, name, None), getattr(config, name)
        if had != wanted:
            text = f"has {name} {had!r}, now it is {wanted!r}: leave it out"
            if len(text) > MOST_SHOWN:
                text = f"has other {name} than are asked for: leave out what changes them"
            raise ConfigError(f"{source} {text}, or train without `start`")
    if lent:
        if have.qat:
            raise ConfigError(
                f"{source} is in fixed point, and another model takes parts of a float one: give "
                "the model that it was trained from"
            )
        if config.qat:
            raise ConfigError(f"{source} is of another model: train in float first, without `qat`")
        lender, model = model, build(config)
        parts = config.family.lend(lender, model)
        if tell is not None:
            tell(f"{' and '.join(parts)} are those of {source}, and all else begins anew")
        return model.train()
    if have.qat and not config.qat:
        raise ConfigError(f"{source} is in fixed point already: add `qat` {have.qat}")
    if config.qat and not have.qat:
        assert isinstance(model, SpikingModel)
        model = in_fixed_point(model, config.qat)
    model.config = config
    if isinstance(model, SpikingModel):
        model.steps = config.steps
    return model.train()


def _loaded(config: Settings, source: Path) -> tuple[Any, Any]:
    try:
        return checkpoint.load(source, config.kind_of)
    except CheckpointError:
        model = config.family.published(source)
        if model is None:
            raise
        return model.config, model
