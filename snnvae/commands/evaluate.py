"""``snnvae evaluate``: how good a network is, ours or anybody's, trained and deployed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from snnvae.commands.evaluate_task import is_task, run_task, task_options
from snnvae.commands.options import as_json, model_argument, seed_option
from snnvae.commands.outputs import Command, OutputFile
from snnvae.commands.remedies import with_flags
from snnvae.commands.result import Result
from snnvae.commands.run_options import dask_option
from snnvae.deploy.backends import BACKENDS, Backend
from snnvae.families.registry import metrics as known_metrics
from snnvae.progress import Progress

if TYPE_CHECKING:
    from snnvae.program import Precision

PRECISIONS: tuple[Precision, ...] = ("float", "fixed")
FAMILIES = (
    "metrics", "decoder", "features", "reference", "inception", "dataset", "data_dir", "generated",
    "card",
)  # fmt: skip
"""Parameters of models of ours."""


@click.command(
    cls=Command,
    epilog="Example: snnvae evaluate $(snnvae zoo digits-esvae --pt); or snnvae evaluate net.nir "
    "--input x.npy --labels y.npy --explain page.html",
)
@model_argument
@click.option(
    "--metric", "metrics", type=click.Choice(known_metrics()), multiple=True, default=("mse",),
    show_default=True, help="May be given several times.",
)  # fmt: skip
@click.option("--decoder", type=click.Path(path_type=Path), help="For an ESVAE's encoder.nir.")
@click.option(
    "--features", type=click.Path(path_type=Path), help="Autoencoder of `train-fad`, or FSVAE's."
)
@click.option(
    "--reference", type=click.Path(path_type=Path),
    help="Statistics of features, an .npz with mu and sigma, to which FAD is told too.",
)  # fmt: skip
@click.option("--inception", type=click.Path(path_type=Path), help="Inception's weights.")
@click.option("--dataset", help="What a published checkpoint was trained on (default: a guess).")
@click.option("--data-dir", type=click.Path(path_type=Path), help="Default: $SNNVAE_DATA.")
@click.option("--samples", type=click.IntRange(1), help="The first ones (default: all).")
@click.option(
    "--generated", type=click.IntRange(2),
    help="Generated samples (images: 5000; by attributes: 400 of each class).",
)  # fmt: skip
@click.option("--card", type=OutputFile(), help="Write a model card, Markdown.")
@click.option(
    "--precision", type=click.Choice([*PRECISIONS, "both"]), default="both", show_default=True
)
@seed_option
@click.option("--backend", type=click.Choice(BACKENDS), default="emulator", show_default=True)
@dask_option
@task_options
@as_json
@click.pass_context
def command(
    ctx: click.Context,
    /,
    model: Path,
    metrics: tuple[str, ...],
    decoder: Path | None,
    features: Path | None,
    reference: Path | None,
    inception: Path | None,
    card: Path | None,
    dataset: str | None,
    data_dir: Path | None,
    samples: int | None,
    generated: int | None,
    precision: str,
    seed: int,
    backend: Backend,
    dask: str | None,
    as_json: bool,
    **own: Any,
) -> Result:
    """Measure a network as it is deployed in float and fixed point, beside the trained one.

    Your network (.nir) on your samples: --input with --labels gives accuracy, flips and McNemar's
    test, with --targets errors; --data holds both. --module adds the torch module, --explain a page
    of where fixed point goes another way (docs/your-network.md). All other options are for models
    of snnvae's own, a .pt or what `snnvae export` made of it.

    A .pt may also be a published checkpoint of FSVAE or ESVAE, which is known by its names.

    MSE is per pixel, in [−1, 1], of held-out images. FAD and precision, recall, density and
    coverage (prdc) compare generated with held-out images in the features of an autoencoder.
    recognised is how many images of a conditional model a classifier takes for their class, noise
    the MSE of images that noise has touched.

    Of tables: divergence from the exact answers, and likelihoods, beside independent variables and
    the best tree; --metric twin trains the ANN too, --metric border asks for the Markov border.
    """
    progress: Progress = ctx.obj
    precisions = tuple(p for p in PRECISIONS if precision in (p, "both"))
    if is_task(ctx, FAMILIES):
        return run_task(
            progress, model, precisions=precisions, backend=backend, dask=dask, samples=samples,
            seed=seed, as_json=as_json, **own,
        )  # fmt: skip
    from snnvae.deploy.settings import METADATA_KEY
    from snnvae.errors import ConfigError, GraphError
    from snnvae.evaluate import figures
    from snnvae.evaluate.asked import Asked
    from snnvae.export.nir_file import read_nir
    from snnvae.families import registry
    from snnvae.origin import Origin

    asked = Asked(
        precisions=precisions,
        samples=samples,
        seed=seed,
        backend=backend,
        dask=dask,
        data_dir=data_dir,
        metrics=metrics,
        generated=generated,
        features=features,
        reference=reference,
        inception=inception,
        card=card,
        progress=progress,
    )
    if model.suffix == ".nir":
        if dataset is not None:
            raise ConfigError(f"--dataset is for published checkpoints; {model} says it itself")
        if card is not None:
            raise ConfigError(
                f"--card is for a checkpoint, which knows its training; {model} is NIR"
            )
        files = [model, *([decoder] if decoder else [])]
        graphs, origins = {}, []
        for file in files:
            graph = read_nir(file)
            origin = Origin.read(graph.metadata.get(METADATA_KEY, {}))
            kind = registry.models().get(origin.model or "")
            has_data = kind is None or bool(registry.settings()[kind].dataset)
            if origin.part is None or kind is None or (has_data and not origin.dataset):
                raise GraphError(
                    f"{file} does not say which part of which model it is: evaluate what `snnvae "
                    "export` wrote, or give samples of yours, --input with --labels or --targets"
                )
            graphs[origin.part] = graph
            origins.append(origin)
        trained, asked = None, replace(asked, dataset=origins[-1].dataset or "")
        family = registry.family(registry.models()[str(origins[-1].model)])
    else:
        config, trained = registry.load_any(model, dataset)
        graphs, family = {}, config.family
    strange = sorted({*metrics} - {"mse", *registry.metrics(family.name)})
    if strange:
        raise ConfigError(f"--metric {strange[0]} is not for {family.name}: leave it out")
    given = ("generated", "features", "reference", "inception", "card")
    registry.check_takes(family.name, [x for x in given if getattr(asked, x) is not None])
    does = family.does("evaluate") or figures.evaluate
    found = does(asked, trained, graphs)
    return Result(with_flags(found.text), found.data, as_json=as_json)
