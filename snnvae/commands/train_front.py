"""``snnvae train-front``: quality against energy, from a few trainings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from snnvae.commands.options import as_json, numbers
from snnvae.commands.outputs import Command, OutputFolder
from snnvae.commands.result import Result
from snnvae.commands.settings_options import given_settings, settings_options
from snnvae.families import registry
from snnvae.progress import Progress
from snnvae.strict_json import json_text
from snnvae.table import Table

if TYPE_CHECKING:
    from snnvae.evaluate.front.result import Front
    from snnvae.train.settings import Settings

TABLE, PLOT, NUMBERS = "front.md", "front.png", "front.json"


@click.command(
    "train-front",
    cls=Command,
    epilog="Example: snnvae train-front --model esvae --dataset digits --out runs/front",
)
@click.option(
    "--model", metavar="NAME",
    help=f"One of {', '.join(registry.trainable(spiking=True))} (default: esvae).",
)  # fmt: skip
@click.option("--dataset", help="Default: digits.")
@click.option("--data-dir", type=click.Path(path_type=Path), help="Default: $SNNVAE_DATA.")
@click.option("-o", "--out", type=OutputFolder(), required=True, help="Run folder.")
@click.option("--over", default="2,4,8,16", show_default=True, help="Values of T.")
@click.option(
    "--budgets", default="50%,20%", show_default=True,
    help="Synaptic operations per image, as 300k, 1.5M, or a share of those without a budget.",
)  # fmt: skip
@click.option(
    "--from", "start", type=click.Path(path_type=Path), help="A model.pt instead of the base."
)
@click.option("--base-epochs", type=int, help="Of the first network (default: the preset's).")
@click.option("--epochs", type=click.IntRange(1), default=20, show_default=True, help="Per point.")
@click.option(
    "--qat-epochs", type=click.IntRange(0), default=5, show_default=True,
    help="More in fixed point, per point.",
)  # fmt: skip
@settings_options(
    ("lr", "batch", "widths", "latent", "k", "prior_weight", "seed"),
    lr="Of the base; points have half of it and less.",
)
@click.option(
    "--ann-epochs", type=click.IntRange(0), help="Of the ANNs; 0: none (default: base's)."
)
@click.option("--ann-lr", type=float)
@click.option("--ann-prior-weight", type=float)
@click.option(
    "--ann-sizes", default="0.5,0.25", show_default=True,
    help="Smaller ANNs beside the one of the same topology: shares of its widths and latents.",
)  # fmt: skip
@click.option(
    "--images", type=click.IntRange(2), help="Held-out images to judge by (default: all)."
)
@click.option("--priced", type=click.IntRange(1), default=128, show_default=True)
@as_json
@click.pass_obj
def command(
    progress: Progress,
    /,
    model: str | None,
    dataset: str | None,
    data_dir: Path | None,
    out: Path,
    over: str,
    budgets: str,
    start: Path | None,
    base_epochs: int | None,
    epochs: int,
    qat_epochs: int,
    ann_epochs: int | None,
    ann_lr: float | None,
    ann_prior_weight: float | None,
    ann_sizes: str,
    images: int | None,
    priced: int,
    as_json: bool,
    **settings: Any,
) -> Result:
    """Train networks of several T and budgets of synaptic operations, each from its neighbour and
    to its end in fixed point, and draw quality against energy beside int8 ANNs.

    The folder gets front.md, front.png and front.json, anew after each point, and a folder per
    network. Run again, it goes on where it stopped.
    """
    from snnvae.errors import ConfigError
    from snnvae.extras import require_extra

    require_extra("train")
    require_extra("report")
    from snnvae.evaluate.front.report import ANN_HEADERS, HEADERS, ann_rows, answers, rows
    from snnvae.evaluate.front.trainings import Budget, Plan, train_front
    from snnvae.families.resolve import continued, resolve

    given = given_settings(settings)
    if base_epochs is not None:
        given["epochs"] = base_epochs
    if start and (model or dataset or base_epochs):
        raise ConfigError(
            "--from says model, data set and base: leave out --model, --dataset, --base-epochs"
        )
    given |= {} if start else {"model": model or "esvae", "dataset": dataset or "digits"}
    base: Settings = continued(start, None, given) if start else resolve(None, given, data_dir)
    base.check_can("front")
    if not base.spiking:
        models = ", ".join(registry.trainable(spiking=True))
        raise ConfigError(f"--model {base.model} has no spikes: give one of {models}")
    if base.family.by_class(base):
        raise ConfigError(f"{start} is conditional: give train-front a model that is not")
    try:
        sizes = tuple(float(size) for size in ann_sizes.split(",") if size)
    except ValueError:
        sizes = (0.0,)
    if any(not 0 < size < 1 for size in sizes):
        raise ConfigError(f"--ann-sizes {ann_sizes}: write shares below 1, as in 0.5,0.25")
    ann: dict[str, Any] | None = None
    if ann_epochs != 0:
        given_to_ann = {"lr": ann_lr, "prior_weight": ann_prior_weight}
        ann = {name: value for name, value in given_to_ann.items() if value is not None}
        ann["epochs"] = ann_epochs or base.epochs
        base.family.twin(base, 1.0, ann)  # what would fail after long work fails here
    plan = Plan(
        base=base,
        steps=tuple(dict.fromkeys(numbers("--over", over))),
        budgets=tuple(Budget.parse(text) for text in budgets.split(",") if text),
        epochs=epochs,
        qat_epochs=qat_epochs,
        start=start,
        ann=ann,
        ann_sizes=sizes,
        images=images,
        priced=priced,
        data_dir=data_dir,
    )
    front = train_front(plan, out, progress, lambda found: _write(found, out))
    lines = [Table(HEADERS, rows(front)).as_text()]
    if front.anns:
        lines += ["", Table(ANN_HEADERS, ann_rows(front)).as_text(), "", *answers(front)]
    lines += ["", *(f"wrote {out / name}" for name in (TABLE, PLOT, NUMBERS))]
    return Result("\n".join(lines), front.to_dict(), as_json=as_json)


def _write(front: Front, out: Path) -> None:
    """Table, picture and numbers of what is there so far."""
    from snnvae.evaluate.front.plot import save_plot
    from snnvae.evaluate.front.report import markdown
    from snnvae.files import write_text

    write_text(out / TABLE, markdown(front))
    write_text(out / NUMBERS, json_text(front.to_dict(), indent=2) + "\n")
    save_plot(front, out / PLOT)
