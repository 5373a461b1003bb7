"""``snnvae train-fad``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from snnvae.commands.options import as_json, save_every_option
from snnvae.commands.outputs import Command, OutputFolder
from snnvae.commands.result import Result
from snnvae.commands.settings_options import given_settings, settings_options
from snnvae.progress import Progress

MODEL = "autoencoder"


@click.command(cls=Command, epilog="Example: snnvae train-fad --dataset mnist --out runs/fad")
@click.option("--dataset", required=True, help="As for `snnvae train`.")
@click.option("--data-dir", type=click.Path(path_type=Path), help="Default: $SNNVAE_DATA.")
@click.option("-o", "--out", type=OutputFolder(), required=True, help="Run folder.")
@click.option("--resume", is_flag=True, help="Go on with the training in the run folder.")
@settings_options(
    ("epochs", "batch", "lr", "latent", "image_size", "widths", "seed"),
    latent="Features (the papers: 64; 128 for colour images).",
)
@click.option("--accelerator", type=click.Choice(["auto", "cpu", "cuda", "mps"]), default="cpu")
@save_every_option
@as_json
@click.pass_obj
def command(
    progress: Progress,
    /,
    dataset: str,
    data_dir: Path | None,
    out: Path,
    resume: bool,
    accelerator: str,
    save_every: float,
    as_json: bool,
    **settings: Any,
) -> Result:
    """Train the autoencoder whose features FAD compares, for `snnvae evaluate --features`."""
    from snnvae.errors import ConfigError
    from snnvae.extras import require_extra

    require_extra("train")
    from snnvae.families import registry
    from snnvae.families.resolve import resolve
    from snnvae.train.devices import Hardware
    from snnvae.train.fit import METRICS, STATE, fit
    from snnvae.train.state import settings_of

    given, notes = given_settings(settings), list[str]()

    def tell(note: str) -> None:
        notes.append(note)
        progress.note(note)

    if resume and (out / STATE).exists():
        config = settings_of(out, registry.kind_of).changed(**given)
        if config.model != MODEL:
            raise ConfigError(
                f"{out} holds a training of an {config.model}, not one of `train-fad`: choose "
                "another folder"
            )
    else:
        config = resolve(None, {"model": MODEL, "dataset": dataset, **given}, data_dir)
    path = fit(
        config,
        out,
        progress,
        data_dir=data_dir,
        hardware=Hardware(accelerator),
        resume=resume,
        save_every=save_every,
        tell=tell,
    )
    last = json.loads((out / METRICS).read_text().splitlines()[-1])
    told = [f"held-out reconstruction MSE {last['test_mse']:.4f}", f"wrote {path}"]
    found = {"checkpoint": str(path), **last, "notes": notes}
    return Result("\n".join(told), found, as_json=as_json)
