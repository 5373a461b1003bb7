"""``snnvae train``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from snnvae.commands.options import as_json
from snnvae.commands.result import Result
from snnvae.progress import Progress


@click.command(
    epilog="Example: snnvae train --model esvae --dataset digits --out runs/a --epochs 40"
)
@click.option("--model", type=click.Choice(["esvae", "fsvae"]), required=True)
@click.option("--dataset", default="digits", show_default=True)
@click.option("-o", "--out", type=click.Path(path_type=Path), required=True, help="Run folder.")
@click.option("--epochs", type=int)
@click.option("--batch", type=int)
@click.option("--lr", type=float)
@click.option("--latent", type=int, help="Latent spikes per step.")
@click.option("--k", type=int, help="FSVAE: candidate spikes per latent.")
@click.option("--widths", metavar="W,W", help="Channels of the stages, outermost first.")
@click.option("--steps", type=int, help="Time steps T per image.")
@click.option("--seed", type=int)
@as_json
@click.pass_obj
def command(
    progress: Progress, /, model: str, dataset: str, out: Path, as_json: bool, **settings: Any
) -> Result:
    """Train a spiking VAE in Norse; write model.pt and metrics.jsonl into the run folder.

    Settings that are not given are those that suit the model and data set.
    """
    from snnvae.errors import ConfigError
    from snnvae.train.config import Config
    from snnvae.train.fit import METRICS, fit

    given = {name: value for name, value in settings.items() if value is not None}
    if "widths" in given:
        try:
            given["widths"] = tuple(int(width) for width in given["widths"].split(","))
        except ValueError:
            raise ConfigError(
                f"--widths {given['widths']}: write whole numbers, as in 32,64"
            ) from None
    config = Config.default(model, dataset, **given)
    path = fit(config, out, progress)
    last = json.loads((out / METRICS).read_text().splitlines()[-1])
    error = last["test_mse"]
    text = f"held-out reconstruction MSE {error:.4f} after {config.epochs} epochs\nwrote {path}"
    return Result(text, {"checkpoint": str(path), **last}, as_json=as_json)
