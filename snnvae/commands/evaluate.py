"""``snnvae evaluate``: how good the trained and the deployed network's images are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from snnvae.commands.options import as_json, seed_option
from snnvae.commands.remedies import with_flags
from snnvae.commands.result import Result, table
from snnvae.commands.run_options import dask_option
from snnvae.deploy.backends import BACKENDS, Backend, Means
from snnvae.evaluate.quality.names import IN_PARTS, METRICS, NAMES, OF_GENERATED, figure
from snnvae.progress import Progress

if TYPE_CHECKING:
    from snnvae.evaluate.quality.networks import Network
    from snnvae.program import Precision

PRECISIONS: tuple[Precision, ...] = ("float", "fixed")


@click.command(
    epilog="Example: snnvae evaluate $(snnvae zoo digits-esvae --pt); or snnvae evaluate model.nir "
    "--metric fad --features runs/fad/model.pt"
)
@click.argument("model", type=click.Path(path_type=Path))
@click.option(
    "--metric", "metrics", type=click.Choice(METRICS), multiple=True, default=("mse",),
    show_default=True, help="May be given several times.",
)  # fmt: skip
@click.option("--decoder", type=click.Path(path_type=Path), help="For an ESVAE's encoder.nir.")
@click.option("--features", type=click.Path(path_type=Path), help="Of `train-fad`: its model.pt.")
@click.option("--inception", type=click.Path(path_type=Path), help="Inception's weights.")
@click.option("--data-dir", type=click.Path(path_type=Path), help="Default: $SNNVAE_DATA.")
@click.option("--samples", type=click.IntRange(1), help="Held-out images (default: all).")
@click.option("--generated", type=click.IntRange(2), default=5000, show_default=True)
@click.option("--card", type=click.Path(path_type=Path), help="Write a model card, Markdown.")
@click.option(
    "--precision", type=click.Choice([*PRECISIONS, "both"]), default="both", show_default=True
)
@seed_option
@click.option("--backend", type=click.Choice(BACKENDS), default="emulator", show_default=True)
@dask_option
@as_json
@click.pass_obj
def command(
    progress: Progress,
    model: Path,
    metrics: tuple[str, ...],
    decoder: Path | None,
    features: Path | None,
    inception: Path | None,
    card: Path | None,
    data_dir: Path | None,
    samples: int | None,
    generated: int,
    precision: str,
    seed: int,
    backend: Backend,
    dask: str | None,
    as_json: bool,
) -> Result:
    """Measure a trained model (.pt), or a NIR file, as it is deployed in float and fixed point.

    MSE is per pixel, in [−1, 1], of held-out images. FAD and precision, recall, density and
    coverage (prdc) compare generated with held-out images in the features of an autoencoder.
    recognised is how many images of a conditional model a classifier takes for their class.
    """
    from snnvae.errors import ConfigError
    from snnvae.evaluate.quality.judge import Judge
    from snnvae.evaluate.quality.recognise import Recogniser
    from snnvae.families.images import data

    chosen = tuple(p for p in PRECISIONS if precision in (p, "both"))
    common = {"seed": seed, "backend": backend, "progress": progress, "means": Means(dask=dask)}
    if card is not None and model.suffix == ".nir":
        raise ConfigError(f"--card is for a checkpoint, which knows its training; {model} is NIR")
    open_it = _from_nir if model.suffix == ".nir" else _from_checkpoint
    dataset, size, networks = open_it(model, decoder, chosen, metrics, common)
    split = data.load(dataset, data_dir=data_dir, image_size=size, progress=progress)
    images = split.test[:samples]
    recogniser = Recogniser(split.train, split.train_labels)
    label = split.test_labels[:samples]
    judge = Judge(metrics, images, generated, features, inception, recogniser, label)
    figures = {name: judge(make()) for name, make in networks.items()}
    by_metric: dict[str, dict[str, Any]] = {}
    for network, found in figures.items():
        for metric, value in found.items():
            by_metric.setdefault(metric, {})[network] = value
    out = {"samples": len(images), "generated": generated, "backend": backend, **by_metric}
    text = f"{len(images)} held-out images of {dataset}, {backend}\n\n{_text(by_metric, figures)}"
    if card is not None:
        _write_card(
            card, model, by_metric, f"{len(images)} held-out images, {backend}, seed {seed}."
        )
        text += f"\nwrote {card}"
    return Result(text, out, as_json=as_json)


def _write_card(card: Path, model: Path, figures: Mapping[str, Any], conditions: str) -> None:
    from snnvae.evaluate.quality.card import model_card
    from snnvae.files import write_text
    from snnvae.train import checkpoint as checkpoints

    _, trained = checkpoints.load_spiking(model)
    write_text(card, model_card(card.stem, trained, figures, conditions))


Networks = Mapping[str, "Callable[[], Network]"]


def _from_checkpoint(
    path: Path, decoder: Path | None, precisions: tuple[Precision, ...], metrics: Any, common: Any
) -> tuple[str, int, Networks]:
    """The trained model and, if it spikes, its deployed forms."""
    from snnvae.evaluate.quality.networks import DeployedNetwork, TrainedNetwork
    from snnvae.families.images.vae import SpikingVAE
    from snnvae.train import checkpoint as checkpoints
    from snnvae.train.to_nir import parts_for, to_nir

    config, model = checkpoints.load(path)
    if not isinstance(model, SpikingVAE):
        alone: Networks = {"torch": partial(TrainedNetwork, model, common["seed"])}
        return config.dataset, config.image_size, alone
    folded = model.folded()
    parts = list(parts_for(model, "autoencoder")) if "mse" in metrics else []
    if "mse" not in metrics or set(metrics) & set(OF_GENERATED):
        parts.append("generator")
    graphs = {part: to_nir(folded, part) for part in parts}
    networks: dict[str, Callable[[], Network]] = {
        "norse": partial(TrainedNetwork, model, common["seed"])
    }
    for precision in precisions:
        networks[precision] = partial(DeployedNetwork, graphs, precision, **common)
    return config.dataset, config.image_size, networks


def _from_nir(
    path: Path, decoder: Path | None, precisions: tuple[Precision, ...], metrics: Any, common: Any
) -> tuple[str, int, Networks]:
    """The files' deployed forms."""
    from snnvae.deploy.settings import METADATA_KEY
    from snnvae.errors import GraphError
    from snnvae.evaluate.quality.networks import DeployedNetwork
    from snnvae.export.nir_file import read_nir

    graphs, dataset, size = {}, "", 0
    for file in (path, *([decoder] if decoder else [])):
        graph = read_nir(file)
        own = graph.metadata.get(METADATA_KEY, {})
        part, dataset = own.get("part"), own.get("dataset", "")
        if not isinstance(part, str) or not isinstance(dataset, str) or not dataset:
            raise GraphError(
                f"{file} does not say which part of which model it is: evaluate what `snnvae "
                "export` wrote"
            )
        graphs[part] = graph
        shapes = [n.input_type["input"] for n in graph.nodes.values() if "input" in n.input_type]
        size = max([size, *(int(s[-1]) for s in shapes if len(s) == 3)])
    return dataset, size, {p: partial(DeployedNetwork, graphs, p, **common) for p in precisions}


def _text(by_metric: Mapping[str, Mapping[str, Any]], figures: Mapping[str, Any]) -> str:
    """One table: a row for each metric, a column for each network."""
    rows, missing = [], []
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
            why = with_flags(str(next(iter(values.values()))))
            missing.append(f"{NAMES.get(metric, metric)}: {why}")
        else:
            rows.append((NAMES.get(metric, metric), *(figure(values.get(n)) for n in figures)))
    return "\n".join([table(("", *figures), rows), *missing])
