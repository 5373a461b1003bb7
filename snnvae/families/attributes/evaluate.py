"""``snnvae evaluate`` of classes with attributes: are those that were never seen recognised?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import nir
import numpy as np
from numpy.typing import NDArray

from snnvae.deploy.backends import RunResources
from snnvae.errors import ConfigError
from snnvae.evaluate.asked import Asked, Figures
from snnvae.families.attributes import data
from snnvae.families.attributes.ann import AttributeANN
from snnvae.families.attributes.data.described import Described, Split
from snnvae.families.attributes.family import check_fit
from snnvae.families.attributes.generate import by_ann, by_program
from snnvae.families.attributes.known import Known
from snnvae.families.attributes.model import AttributeVAE
from snnvae.families.attributes.peers import direct_attributes, linear_gaussian
from snnvae.families.attributes.recognise import Recognised, recognised
from snnvae.layers.model import Trainable
from snnvae.machine import bytes_text, memory
from snnvae.table import Table

PER_CLASS = 400
"""Generated samples of each class, where nobody says how many in all."""
BYTES = 2 * 8
"""Of a value of a generated sample, while float64 blocks are joined."""
REAL = "*"
"""Marks what learned seen classes from real samples."""
Labels = NDArray[np.int64]
STAND_IN, DIRECT, EVERYTHING = "linear", "direct", "saw all"


def evaluate(asked: Asked, model: Trainable | None, graphs: Mapping[str, nir.NIRGraph]) -> Figures:
    """Figures of classifiers that learned from what the model generates, in torch or deployed, and
    of those beside it."""
    if not isinstance(model, Known):
        raise ConfigError("give the checkpoint, which knows its classes: a .nir file does not")
    config = model.config
    found = data.load(config.dataset, config.split, asked.data_dir)
    check_fit(config, found)
    if not model.fits(found):
        raise ConfigError(
            f"{config.dataset} has other attributes or another scale than the data that the model "
            "was trained on: give these"
        )
    if asked.samples is not None:
        found = replace(found, test=found.test.first(asked.samples))
        if not (np.isin(found.seen, found.test.label).any() and len(found.test.of(found.unseen))):
            raise ConfigError(
                f"`samples` {asked.samples}: there is none of a seen or none of an unseen class "
                "among them; give more"
            )
    each = PER_CLASS if asked.generated is None else asked.generated // len(found.known)
    if each < 1:
        raise ConfigError(
            f"`generated` {asked.generated}: {len(found.known)} classes need a sample each"
        )
    size = each * len(found.known) * config.inputs * BYTES
    if size > memory():
        raise ConfigError(
            f"`generated` {asked.generated}: so many samples take {bytes_text(size)}, and this "
            f"machine has {bytes_text(memory())}; give fewer"
        )
    label = np.tile(found.known, each)
    columns = of_model(asked, model, found, label) | of_peers(asked.seed, found, label)
    figures = {name: column.figures() for name, column in columns.items()}
    names = list(next(iter(figures.values())))
    rows = [(name, *(f"{column[name]:.4f}" for column in figures.values())) for name in names]
    head = (
        f"{len(found.test)} held-out samples of {len(found.seen)} seen and {len(found.unseen)} "
        f"unseen classes of {config.dataset}, split {config.split}; {each} generated samples of "
        f"each class, {asked.backend}, seed {asked.seed}"
    )
    table = Table(("", *columns), rows).as_text()
    by_figure = {name: {k: f[name] for k, f in figures.items()} for name in names}
    out = {"samples": len(found.test), "generated": len(label), "backend": asked.backend}
    foot = f"{REAL} seen classes learned from real samples: biased towards them"
    head = "\n".join([head, *asked.fewer(len(found.test), "samples")])
    return Figures(f"{head}\n\n{table}\n{foot}", {**out, **by_figure})


def of_model(asked: Asked, model: Known, found: Described, label: Labels) -> dict[str, Recognised]:
    """Of what the model generates for these classes, in each form that it is asked for."""
    if isinstance(model, AttributeANN):
        return _columns("torch", Split(by_ann(model, label, asked.seed), label), found)
    assert isinstance(model, AttributeVAE)
    columns: dict[str, Recognised] = {}
    for precision in asked.precisions:
        made = by_program(
            model, precision, label, asked.seed, backend=asked.backend,
            progress=asked.progress, resources=RunResources(dask=asked.dask),
        )  # fmt: skip
        columns |= _columns(precision, Split(made, label), found)
    return columns


def _columns(name: str, made: Split, found: Described) -> dict[str, Recognised]:
    """Of generated samples of all classes; and of unseen ones beside real ones of seen classes."""
    real = found.train.of(found.seen).with_others(made.of(found.unseen))
    return {name: recognised(made, found), f"{name}{REAL}": recognised(real, found)}


def of_peers(seed: int, found: Described, label: Labels) -> dict[str, Recognised]:
    """Of what stands beside: see `peers`; the last one where there are samples to learn from."""
    columns = {
        STAND_IN: recognised(linear_gaussian(found, label, seed), found),
        DIRECT: direct_attributes(found),
    }
    if np.isin(found.unseen, found.train.label).all():
        columns[EVERYTHING] = recognised(found.train, found)
    return columns
