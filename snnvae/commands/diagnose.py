"""``snnvae diagnose``: what a spiking VAE's loss is due to, and what to do about it."""

from __future__ import annotations

from pathlib import Path

import click

from snnvae.commands.common import given
from snnvae.commands.options import as_json, model_argument, seed_option
from snnvae.commands.outputs import Command, OutputFolder
from snnvae.commands.result import Result
from snnvae.progress import Progress


@click.command(
    cls=Command, epilog="Example: snnvae diagnose $(snnvae zoo digits-esvae --pt) -o out/"
)
@model_argument
@click.option(
    "--samples", type=click.IntRange(1),
    help="Held-out samples whose loss is taken apart (200); of spins the states (100,800).",
)  # fmt: skip
@click.option(
    "--draws", type=click.IntRange(2), default=8, show_default=True,
    help="Of latent spikes, for each expectation.",
)  # fmt: skip
@click.option(
    "--iterations", type=click.IntRange(1), default=200, show_default=True,
    help="Of the search for each image's best rates, and for its best spikes.",
)  # fmt: skip
@click.option(
    "--aggregate", type=click.IntRange(20), default=1500, show_default=True,
    help="Training images, and draws of the prior, whose latents are compared.",
)  # fmt: skip
@click.option("--data-dir", type=click.Path(path_type=Path), help="Default: $SNNVAE_DATA.")
@seed_option
@click.option(
    "-o", "--out", type=OutputFolder("diagnosis.*"),
    help="Folder for diagnosis.md, diagnosis.json and diagnosis.png.",
)  # fmt: skip
@as_json
@click.pass_obj
def command(
    progress: Progress,
    model: Path,
    samples: int | None,
    draws: int,
    iterations: int,
    aggregate: int,
    data_dir: Path | None,
    seed: int,
    out: Path | None,
    as_json: bool,
) -> Result:
    """Say what a spiking VAE's (.pt) reconstruction loss is due to, and how its prior fits.

    The loss is parted between the encoder (its rates against each image's own best ones), the
    draws (these against the best latent spikes found) and the decoder (what these leave), class by
    class; the prior's latents are compared with the posterior's. Suggestions follow.
    """
    from snnvae.evaluate import ladder
    from snnvae.families import registry
    from snnvae.files import make_folder

    config, trained = registry.load_spiking(model)
    if out is not None:
        make_folder(out)
    own = ("draws", "iterations", "aggregate")
    told = given(click.get_current_context())
    registry.check_takes(config.family.name, [x for x in own if x in told])
    does = config.family.does("diagnose") or ladder.diagnose
    found = does(
        trained,
        config.family.data(config, data_dir, progress),
        out,
        draws=draws,
        iterations=iterations,
        aggregate=aggregate,
        seed=seed,
        progress=progress,
        **({} if samples is None else {"samples": samples}),
    )
    return Result(found.text, found.data, as_json=as_json)
