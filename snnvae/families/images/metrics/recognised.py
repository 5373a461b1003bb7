"""How many images of a conditional model a classifier takes for their class."""

from __future__ import annotations

from typing import Any

from snnvae.draws.label import classes_in_turn
from snnvae.errors import ConfigError
from snnvae.families.images.metrics.metrics import Run

NAMES = {
    "recognised": "recognised as their class",
    "recogniser_accuracy": "held-out images, recognised likewise",
}


def check(run: Run) -> None:
    """ConfigError for a model without classes."""
    run.need(2)
    if not run.network.classes:
        raise ConfigError(
            "recognised is for conditional models, whose samples have a class: train one with "
            "`conditional`"
        )


def measure(run: Run) -> dict[str, Any]:
    """{'recognised', 'recogniser_accuracy', 'recognised_by_class'}."""
    asked, images = run.asked, run.generated.images
    if asked.recogniser is None or asked.label is None:
        raise ConfigError("recognised needs a recogniser, and the classes of the real images")
    label = classes_in_turn(range(len(images)), run.network.classes)
    return asked.recogniser.figures(images, label, asked.images, asked.label)
