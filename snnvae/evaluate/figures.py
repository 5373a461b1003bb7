"""The figures of a trained model, of its deployed forms, and the exact ones, in one table."""

from __future__ import annotations

from collections.abc import Mapping

import nir

from snnvae.deploy.backends import RunResources
from snnvae.errors import ConfigError
from snnvae.evaluate.asked import Asked, Figures
from snnvae.evaluate.deployed import DeployedModel
from snnvae.layers.model import SpikingModel, Trainable
from snnvae.table import Table


def evaluate(asked: Asked, model: Trainable | None, graphs: Mapping[str, nir.NIRGraph]) -> Figures:
    """Returns what a model's family says of the outputs of the model in torch, of its deployed
    forms, and of the truth where it is known."""
    if model is None:
        raise ConfigError("give the checkpoint, which knows its data: a .nir file does not")
    config, family = model.config, model.config.family
    samples = family.data(config, asked.data_dir, asked.progress).test.take(slice(asked.samples))
    name = "norse" if isinstance(model, SpikingModel) else "torch"
    found = {name: family.figures(config, family.outputs(model, samples, asked.seed), samples)}
    for precision in asked.precisions:
        if not isinstance(model, SpikingModel):
            break
        deployed = DeployedModel(
            model,
            precision,
            seed=asked.seed,
            backend=asked.backend,
            progress=asked.progress,
            resources=RunResources(dask=asked.dask),
        )
        found[precision] = deployed.figures(samples)
    truth = family.truth(config)
    if truth:
        found["exact"] = dict(truth)
    names = dict.fromkeys(figure for figures in found.values() for figure in figures)
    rows = [(n, *(f"{f[n]:.4g}" if n in f else "–" for f in found.values())) for n in names]
    table = Table(("", *found), rows).as_text()
    head = [
        f"{len(samples)} held-out {family.unit}, {asked.backend}",
        *asked.fewer(len(samples), family.unit),
    ]
    text = "\n".join([*head, "", table])
    by_figure = {n: {k: f[n] for k, f in found.items() if n in f} for n in names}
    return Figures(text, {"samples": len(samples), "backend": asked.backend, **by_figure})
