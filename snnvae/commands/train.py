"""``snnvae train``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from snnvae.commands.common import complete
from snnvae.commands.finite import FiniteRange
from snnvae.commands.options import as_json, save_every_option
from snnvae.commands.outputs import Command, NameOrFile, OutputFolder
from snnvae.commands.result import Result
from snnvae.commands.settings_options import given_settings, set_option, settings_options
from snnvae.errors import ConfigError
from snnvae.families import registry
from snnvae.plain_text import counted
from snnvae.progress import Progress

if TYPE_CHECKING:
    from snnvae.train.settings import Settings


class Train(Command):
    """Of models of ours; a network of the user's own has a command, and options, of its own."""

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        """The context of either; ConfigError for an option of the other."""
        source, own = _source(args), names_network(args)
        words = list(args)  # which parsing takes away
        try:
            if own:
                from snnvae.commands.train_network import command as of_network

                return complete(of_network).make_context(info_name, args, parent, **extra)
            return super().make_context(info_name, args, parent, **extra)
        except click.NoSuchOption as error:
            from snnvae.commands.train_network import command as of_network

            other = self if own else of_network
            flag = error.option_name
            if flag not in {name for each in other.params for name in each.opts}:
                raise
            if own:
                said = f"is for models of snnvae's own, not for --from {source}; leave it out"
            else:
                given = f", not {source}" if source else _as_from(words)
                said = f"is for a network of yours: give --from net.nir or net.py:build{given}"
            raise ConfigError(f"{flag} {said}") from None


def names_network(args: Sequence[str]) -> bool:
    """Tells whether --from is a NIR file or a module, as net.py:build, rather than a checkpoint."""
    source = _source(args)
    return source is not None and is_network(source)


def is_network(source: str) -> bool:
    """Tells whether it names a NIR file or a module."""
    from snnvae.export.user_module import is_spec

    return source.lower().endswith(".nir") or is_spec(source)


def _source(args: Sequence[str]) -> str | None:
    """What --from says."""
    words = [word for arg in args for word in (arg.split("=", 1) if arg[:1] == "-" else [arg])]
    given = [value for flag, value in pairwise(words) if flag == "--from"]
    return given[-1] if given else None


def _as_from(args: Sequence[str]) -> str:
    """A remedy for a network that is given without --from."""
    found = [arg for arg in args[:1] if is_network(arg)]
    return f", as in --from {found[0]}" if found else ""


@click.command(
    cls=Train,
    epilog="Example: snnvae train --model esvae --dataset digits --out runs/a --epochs 40; or "
    "snnvae train --config fsvae-mnist --steps 8 --accelerator auto --out runs/b; or "
    "snnvae train spins --n 10 --h 1.0 --out runs/c; or "
    "snnvae train --from net.nir --input x.npy --labels y.npy --qat loihi2 --out runs/d",
)
@click.argument("name", required=False, metavar="[MODEL]")
@click.option(
    "--config",
    "source",
    type=NameOrFile(),
    metavar="NAME|FILE.toml",
    help="Such as fsvae-cifar10, the paper's settings; or a file. Options override it.",
)
@click.option("--model", metavar="NAME", help=f"{', '.join(registry.trainable())}.")
@click.option(
    "--dataset",
    help="digits, mnist, fashion-mnist, kmnist, cifar10, celeba or folder; of tables asia, sachs, "
    "child, FILE.bif or FILE.csv; of classes by attributes glyphs or mat.",
)
@click.option("--data-dir", type=click.Path(path_type=Path), help="Default: $SNNVAE_DATA.")
@click.option("-o", "--out", type=OutputFolder(), required=True, help="Run folder.")
@click.option(
    "--from",
    "start",
    type=click.Path(path_type=Path),
    help="Start from this model.pt, with its settings where no other are given; of another "
    "--model, or one that is to be --conditional, encoder and decoder are taken. Or fine-tune a "
    "network of yours, net.nir or net.py:build: `train --from net.nir --help` tells its options.",
)
@click.option(
    "--adaptive-latent",
    "shrinks",
    is_flag=True,
    help="Then cut latents and hidden units that carry little, in rounds of training.",
)
@click.option(
    "--tolerance",
    type=FiniteRange(0, 1e9),
    help="Part by which cutting may raise the error (0.02).",
)
@click.option("--rounds", type=click.IntRange(1), help="Of cutting, at most (10).")
@click.option("--resume", is_flag=True, help="Go on with the training in the run folder.")
@settings_options()
@set_option
@click.option("--accelerator", type=click.Choice(["auto", "cpu", "cuda", "mps"]), default="cpu")
@click.option("--devices", default="1", show_default=True, help="How many, or auto (DDP).")
@click.option("--nodes", type=click.IntRange(1), default=1, help="Machines.")
@click.option(
    "--precision",
    type=click.Choice(["32-true", "bf16-mixed", "16-mixed"]),
    help="Default: 32-true, with --resume what it began with. 16-mixed is for GPUs.",
)
@click.option(
    "--memory",
    "save_memory",
    is_flag=True,
    help="Save memory: compute layers again in the backward pass.",
)
@save_every_option
@as_json
@click.pass_obj
def command(
    progress: Progress,
    /,
    name: str | None,
    source: str | None,
    model: str | None,
    dataset: str | None,
    data_dir: Path | None,
    out: Path,
    start: Path | None,
    shrinks: bool,
    tolerance: float | None,
    rounds: int | None,
    resume: bool,
    accelerator: str,
    devices: str,
    nodes: int,
    precision: str | None,
    save_memory: bool,
    others: tuple[str, ...],
    save_every: float,
    as_json: bool,
    **settings: Any,
) -> Result | None:
    """Train a model, such as a spiking VAE (or the ANN beside it), into a run folder.

    The folder gets model.pt, metrics.jsonl, events for TensorBoard and pictures, anew after each
    epoch. Ctrl-C saves; --resume goes on, on a CPU to the same bits. Settings that are not given
    are those that suit the model and data set, or with --from those of the checkpoint.
    """
    from snnvae.extras import require_extra

    require_extra("train")
    from snnvae.families.resolve import changed, continued, resolve
    from snnvae.train.devices import FULL_PRECISION, Hardware
    from snnvae.train.fit import METRICS, STATE, fit
    from snnvae.train.state import precision_of, settings_of

    if name is not None and model not in (None, name):
        raise ConfigError(f"{name} and --model {model} both say the model: give one")
    model = model or name
    if model is not None and is_network(model):
        raise ConfigError(f"{model} is a network of yours: give it by --from {model}")
    if model is not None and model not in registry.trainable():
        raise ConfigError(f"--model {model}: give one of {', '.join(registry.trainable())}")
    given = given_settings(settings, others)
    given |= {k: v for k, v in (("model", model), ("dataset", dataset)) if v is not None}
    if resume and not (out / STATE).exists():
        raise ConfigError(f"nothing to resume in {out}: leave out --resume")
    if resume and source is None:
        config: Settings = changed(settings_of(out, registry.kind_of), given, data_dir)
    elif start is not None:
        config = continued(start, source, given, data_dir)
    else:
        config = resolve(source, given, data_dir)
    if precision is None:
        precision = precision_of(out) if resume else FULL_PRECISION
    if not shrinks and (tolerance is not None or rounds is not None):
        raise ConfigError("--tolerance and --rounds are for --adaptive-latent: add it")
    if shrinks:
        config.check_can("pruning")
    if shrinks and (resume or config.qat):
        raise ConfigError(
            "--adaptive-latent goes on by itself when it is run again, and comes before --qat: "
            "leave out --resume and --qat"
        )
    if shrinks and (
        save_memory or (accelerator, devices, nodes, precision) != ("cpu", "1", 1, FULL_PRECISION)
    ):
        raise ConfigError(
            "--adaptive-latent runs on one CPU in float32: leave out --accelerator, --devices, "
            "--nodes, --precision and --memory"
        )
    if shrinks:
        from snnvae.commands.train_smaller import train_smaller
        from snnvae.train.alone import alone_in

        with alone_in(out):
            return train_smaller(
                config, out, start, progress, as_json, data_dir=data_dir, tolerance=tolerance,
                rounds=rounds,
            )  # fmt: skip
    if devices != "auto" and not devices.isdecimal():
        raise ConfigError(f"--devices {devices}: write a number, or auto")
    warnings: list[str] = []
    notes: list[str] = []

    def tell(note: str) -> None:
        notes.append(note)
        progress.note(note)

    path = fit(
        config,
        out,
        progress,
        data_dir=data_dir,
        hardware=Hardware(
            accelerator, devices if devices == "auto" else int(devices), nodes, precision
        ),
        resume=resume,
        source=start,
        save_memory=save_memory,
        warn=warnings.append,
        save_every=save_every,
        tell=tell,
    )
    if path is None:  # another process of this training tells
        return None
    last = json.loads((out / METRICS).read_text().splitlines()[-1])
    error, name = last[f"test_{config.family.error}"], config.family.error_name
    text = f"held-out {name} {error:.4f} after {counted(int(last['epoch']), 'epoch')}\nwrote {path}"
    text = "\n".join([*(f"warning: {line}" for line in warnings), text])
    found = {"checkpoint": str(path), **last, "warnings": warnings, "notes": notes}
    return Result(text, found, as_json=as_json)
