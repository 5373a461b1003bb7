"""``snnvae evaluate``: reconstruction error of the trained and of the deployed network."""

from __future__ import annotations

from pathlib import Path

import click

from snnvae.commands.options import as_json, seed_option
from snnvae.commands.result import Result, table
from snnvae.commands.run_options import dask_option
from snnvae.deploy.backends import BACKENDS, Backend, Means
from snnvae.progress import Progress


@click.command(epilog="Example: snnvae evaluate $(snnvae zoo digits-esvae --pt)")
@click.argument("checkpoint", type=click.Path(path_type=Path))
@click.option("--samples", type=click.IntRange(1), help="Held-out images (default: all).")
@seed_option
@click.option("--backend", type=click.Choice(BACKENDS), default="emulator", show_default=True)
@dask_option
@as_json
@click.pass_obj
def command(
    progress: Progress,
    checkpoint: Path,
    samples: int | None,
    seed: int,
    backend: Backend,
    dask: str | None,
    as_json: bool,
) -> Result:
    """Mean squared error per pixel, in [−1, 1], of held-out images: in Norse, and deployed in
    float and fixed point."""
    from snnvae.evaluate.deployed import deployed_reconstructions
    from snnvae.evaluate.reconstruct import mse
    from snnvae.train import checkpoint as checkpoints
    from snnvae.train import data
    from snnvae.train.inference import reconstruct

    config, model = checkpoints.load(checkpoint)
    images = data.load(config.dataset).test[:samples]
    figures = {"norse": mse(images, reconstruct(model, images, seed))}
    for precision in ("float", "fixed"):
        copies = deployed_reconstructions(
            model,
            images,
            precision,
            seed=seed,
            backend=backend,
            progress=progress,
            means=Means(dask=dask),
        ).images
        figures[precision] = mse(images, copies)
    rows = [(name, f"{value:.4f}") for name, value in figures.items()]
    title = f"reconstruction MSE of {len(images)} held-out {config.dataset}, {backend}"
    data_out = {"samples": len(images), "backend": backend, "mse": figures}
    text = f"{title}\n\n{table(('network', 'MSE'), rows)}"
    return Result(text, data_out, as_json=as_json)
