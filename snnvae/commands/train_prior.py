"""``snnvae train-prior``."""

from __future__ import annotations

from pathlib import Path

import click

from snnvae.commands.finite import FiniteRange
from snnvae.commands.options import as_json
from snnvae.commands.outputs import Command, OutputFile
from snnvae.commands.result import Result
from snnvae.progress import Progress


@click.command(
    cls=Command,
    epilog="Example: snnvae train-prior runs/a/model.pt --components 50 -o runs/a/fitted.pt",
)
@click.argument("model", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--components",
    type=click.IntRange(1, 10_000),
    default=50,
    show_default=True,
    help="Normal distributions of the mixture.",
)
@click.option(
    "--temperature",
    type=FiniteRange(0, 10),
    default=1.0,
    show_default=True,
    help="Standard deviations by this factor: below 1 samples are surer and vary less.",
)
@click.option("--data-dir", type=click.Path(path_type=Path), help="Default: $SNNVAE_DATA.")
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True)
@click.option("-o", "--out", type=OutputFile(), required=True, help="The model with that prior.")
@as_json
@click.pass_obj
def command(
    progress: Progress,
    /,
    model: Path,
    components: int,
    temperature: float,
    data_dir: Path | None,
    seed: int,
    out: Path,
    as_json: bool,
) -> Result:
    """Fit a prior to a trained ESVAE's encoder: a mixture of normal distributions over the rates of
    its training images, in place of the prior that it was trained with. Of a conditional model each
    class has its share of them, fitted to its own images.

    The rest of the model stays as it is; export, evaluate and the other commands take the result.
    """  # fmt: skip
    from snnvae.extras import require_extra

    require_extra("train")
    from snnvae.families import registry
    from snnvae.families.images.fitted_prior import fit_prior
    from snnvae.train import checkpoint

    config, trained = registry.load_spiking(model)
    data = config.family.data(config, data_dir, progress)
    fitted = fit_prior(trained, data.train, components, seed, progress, temperature)
    path = checkpoint.save(out, fitted)
    text = f"fitted {components} components to {len(data.train):,} images\nwrote {path}"
    found = {"checkpoint": str(path), "components": components, "images": len(data.train)}
    return Result(text, found, as_json=as_json)
