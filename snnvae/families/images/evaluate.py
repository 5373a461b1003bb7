"""``snnvae evaluate`` of images: the metrics of what a network reconstructs and generates."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from math import prod
from typing import Any

import nir

from snnvae.deploy.backends import RunResources
from snnvae.errors import ConfigError
from snnvae.evaluate.asked import Asked, Figures
from snnvae.families.images import data
from snnvae.families.images.card import model_card
from snnvae.families.images.family import check_fit
from snnvae.families.images.metrics import OF_COPIES
from snnvae.families.images.metrics.metrics import Metrics, names
from snnvae.families.images.metrics.networks import DeployedNetwork, MeasuredNetwork, TrainedNetwork
from snnvae.families.images.metrics.recogniser import Recogniser
from snnvae.families.images.metrics.words import IN_PARTS, figure
from snnvae.families.images.vae import VAE, SpikingVAE
from snnvae.files import write_text
from snnvae.machine import bytes_text, memory
from snnvae.table import Table
from snnvae.train.to_nir import parts_for, to_nir

GENERATED = 5000
"""Images, where nobody says how many."""
OF_GENERATED = {"fad", "prdc", "is", "fid", "recognised"}
"""Metrics that take generated images."""
BYTES = 2 * 8
"""Of a value of a generated image, while float64 blocks are joined."""
Networks = Mapping[str, Callable[[], MeasuredNetwork]]


def evaluate(asked: Asked, model: VAE | None, graphs: Mapping[str, nir.NIRGraph]) -> Figures:
    """The metrics that are asked for, of a trained model and its deployed forms, or of graphs."""
    common: dict[str, Any] = {
        "seed": asked.seed,
        "backend": asked.backend,
        "progress": asked.progress,
        "resources": RunResources(dask=asked.dask),
    }
    if model is not None:
        dataset, size = model.config.dataset, model.config.image_size
        networks = _of_model(model, asked, common)
    else:
        dataset, size = asked.dataset, _side(graphs)
        networks = {p: partial(DeployedNetwork, graphs, p, **common) for p in asked.precisions}
    split = data.load(dataset, data_dir=asked.data_dir, image_size=size, progress=asked.progress)
    if model is not None:
        check_fit(model.config, split, asked.data_dir)
    images = split.test[: asked.samples]
    generated = GENERATED if asked.generated is None else asked.generated
    _check_room(asked, generated, images.shape[1:])
    judge = Metrics(
        asked.metrics,
        images,
        generated,
        asked.features,
        asked.inception,
        Recogniser(split.train, split.train_labels),
        split.test_labels[: asked.samples],
        asked.reference,
    )
    figures = {name: judge(make()) for name, make in networks.items()}
    by_metric: dict[str, dict[str, Any]] = {}
    for network, found in figures.items():
        for metric, value in found.items():
            by_metric.setdefault(metric, {})[network] = value
    out = {
        "samples": len(images), "generated": generated, "backend": asked.backend, **by_metric
    }  # fmt: skip
    head = [
        f"{len(images)} held-out images of {dataset}, {asked.backend}",
        *asked.fewer(len(images), "images"),
        *split.notes,
    ]
    text = "\n".join([*head, "", _text(by_metric, figures)])
    if asked.card is not None:
        if not isinstance(model, SpikingVAE):
            raise ConfigError("`card` is for a spiking model: an ANN has none")
        made = f"{generated:,} generated ones, " if _generates(asked) else ""
        conditions = f"{len(images):,} held-out images, {made}{asked.backend}, seed {asked.seed}."
        write_text(asked.card, model_card(asked.card.stem, model, by_metric, conditions))
        text += f"\nwrote {asked.card}"
    return Figures(text, out)


def _generates(asked: Asked) -> bool:
    """Tells whether images are generated; rates and operations are those of copies, if any are."""
    return not OF_COPIES & set(asked.metrics) or bool(OF_GENERATED & set(asked.metrics))


def _check_room(asked: Asked, generated: int, shape: Sequence[int]) -> None:
    """ConfigError for more generated images (C, H, W) than memory holds, before any is made."""
    size = generated * prod(shape) * BYTES
    if _generates(asked) and size > memory():
        raise ConfigError(
            f"`generated` {generated:,}: so many images of {'×'.join(map(str, shape))} take "
            f"{bytes_text(size)}, and this machine has {bytes_text(memory())}; give fewer"
        )


def _of_model(model: VAE, asked: Asked, common: Mapping[str, Any]) -> Networks:
    """The trained model and, if it spikes, its deployed forms."""
    if not isinstance(model, SpikingVAE):
        return {"torch": partial(TrainedNetwork, model, asked.seed)}
    folded = model.folded()
    parts = list(parts_for(model, "autoencoder")) if OF_COPIES & set(asked.metrics) else []
    if _generates(asked):
        parts.append("generator")
    graphs = {part: to_nir(folded, part) for part in parts}
    networks: dict[str, Callable[[], MeasuredNetwork]] = {
        "norse": partial(TrainedNetwork, model, asked.seed)
    }
    for precision in asked.precisions:
        networks[precision] = partial(DeployedNetwork, graphs, precision, **common)
    return networks


def _side(graphs: Mapping[str, nir.NIRGraph]) -> int:
    """Returns the side of the images: that of the largest map."""
    shapes = [
        node.input_type["input"]
        for graph in graphs.values()
        for node in graph.nodes.values()
        if "input" in node.input_type
    ]
    return max((int(shape[-1]) for shape in shapes if len(shape) == 3), default=0)


def _text(by_metric: Mapping[str, Mapping[str, Any]], figures: Mapping[str, Any]) -> str:
    """One table: a row for each metric, a column for each network."""
    rows, missing, called = [], [], names()
    for metric, values in by_metric.items():
        if metric == "rates":
            layers = dict.fromkeys(layer for v in values.values() for layer in v)
            rows += [
                (f"rate of {layer}", *(figure(values[n].get(layer)) for n in figures))
                for layer in layers
            ]
        elif metric in IN_PARTS:
            continue
        elif any(isinstance(value, str) for value in values.values()):
            why = next(iter(values.values()))
            missing.append(f"{called.get(metric, metric)}: {why}")
        else:
            rows.append((called.get(metric, metric), *(figure(values.get(n)) for n in figures)))
    return "\n".join([Table(("", *figures), rows).as_text(), *missing])
