"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from snnvae.commands.finite import FiniteRange
from snnvae.commands.outputs import OutputFolder
from snnvae.deploy.presets import PRESETS
from snnvae.errors import ConfigError
from snnvae.options import CHOICES, LOOP_LATENCIES, SCALE_PER, Options
from snnvae.train.settings import MAX_SEED

Command = TypeVar("Command", bound=Callable[..., Any])

ENERGY_PROFILE = "loihi1"
"""Prices of the report in a result folder; `snnvae energy` makes others."""

RESULTS = (
    "recording.h5", "encoder.h5", "images*.npy", "images*.png", "outputs*.npy",
    "reconstructions.png", "answers.csv", "report.html",
)  # fmt: skip
"""What `simulate` and `run-lava` write into their folder."""

as_json = click.option("--json", "as_json", is_flag=True, help="Print what a script needs.")


class ModelFile(click.Path):
    """The type of an argument that names a file to read, or a model that ships with snnvae."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """A path; a bare name that is no file may be a model's."""
        path = Path(str(super().convert(value, param, ctx)))
        if path.name != str(path) or path.exists():
            return path
        from snnvae import zoo

        shipped = {entry.name: entry.path for entry in zoo.entries()}
        return shipped.get(path.name, path)


model_argument = click.argument("model", type=ModelFile())
out_option = click.option(
    "-o", "--out", type=OutputFolder(*RESULTS), default=Path("out"), show_default=True,
    help="Folder for the results.",
)  # fmt: skip

save_every_option = click.option(
    "--save-every", type=FiniteRange(0, 1e9), default=10, show_default=True, metavar="MINUTES",
    help="Save within an epoch too, so that a killed training loses no more.",
)  # fmt: skip

# Within 64 bits: the generators' keys end at 2^128, torch's seeds and numbers in JSON well before.
seed_option = click.option(
    "--seed", default=0, show_default=True, type=click.IntRange(0, MAX_SEED),
    help="Fixes every random draw.",
)  # fmt: skip


def numbers(flag: str, text: str, example: str = "32,64") -> tuple[int, ...]:
    """Several whole numbers; ConfigError that names the option."""
    try:
        return tuple(int(number) for number in text.split(","))
    except ValueError:
        raise ConfigError(f"{flag} {text}: write whole numbers, as in {example}") from None


MOST_SAMPLES = 10**9


class Classes(click.ParamType):
    """One class or several, as 7 or 7,2,1."""

    name = "class"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, ...]:
        """Text → numbers."""
        if isinstance(value, tuple):
            return value
        return numbers("--class", value, "7, or 7,2,1")


samples_option = click.option(
    "--samples",
    type=click.IntRange(1, MOST_SAMPLES),
    help="How many to run (default: all of --input, else 64).",
)

class_option = click.option(
    "--class", "classes", type=Classes(), metavar="N[,N…]",
    help="Of a conditional model's samples: one for all, or several in turn (default: all of "
    "them in turn, and those of held-out images).",
)  # fmt: skip

evidence_option = click.option(
    "--evidence", multiple=True, metavar="NAME=VALUE",
    help="What a sampler of tables is told of a variable; may be given several times.",
)  # fmt: skip


def evidence_of(words: Sequence[str]) -> dict[str, str]:
    """Values by variable, of words NAME=VALUE; ConfigError for any other, or a name twice."""
    found: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise ConfigError(f"--evidence {word}: write NAME=VALUE, as in smoke=yes")
        if name in found:
            raise ConfigError(f"--evidence {word}: {name} is said already; say it once")
        found[name] = value
    return found


def convention_options(command: Command) -> Command:
    """Adds the options for what NIR leaves open about its numbers;
    without them the file says it."""
    for option in reversed(
        (
            click.option("--dt", type=float, help="Seconds per step (default: the file's)."),
            click.option(
                "--conventions",
                type=click.Choice(list(PRESETS)),
                help="The tool that wrote the file: its conventions, where the file says none.",
            ),
            *(
                click.option(
                    f"--{key.replace('_', '-')}", type=click.Choice(choices), help=_HELP[key]
                )
                for key, choices in CHOICES.items()
            ),
        )
    ):
        command = option(command)
    return command


_HELP = {
    "reset": "After a spike: to v_reset, or minus the threshold (see docs/conventions.md).",
    "initial": "Membrane before the first step.",
    "integrator": "A step: dt/τ (Euler), the exact exponential, or only its decay.",
    "spike": "Where v > v_threshold, or v ≥ v_threshold.",
    "if_gain": "What r of an IF or I adds per step: r·dt, or r.",
    "gain": "What LIF, LI and CubaLIF take of an input: as the file's τ, r and w_in say, or all.",
    "loop_bias": "When the bias of a loop's weights begins.",
}


def compile_options(command: Command) -> Command:
    """Adds all options that decide what a file compiles to."""
    for option in reversed(
        (
            click.option("--steps", type=int, help="Steps per sample (default: the file's)."),
            click.option(
                "--analog", multiple=True, metavar="INPUT", help="This input carries currents."
            ),
            click.option(
                "--delay-edge",
                "delay_edges",
                multiple=True,
                metavar="A,B",
                help="The path from neuron A to B carries one step (for loops without a Delay).",
            ),
            click.option(
                "--loop-latency",
                type=click.Choice(LOOP_LATENCIES),
                default=LOOP_LATENCIES[0],
                show_default=True,
                help="Loops shorter than hardware allows: one process, or accept its latency.",
            ),
            click.option(
                "--scale-per",
                type=click.Choice(SCALE_PER),
                default=SCALE_PER[0],
                show_default=True,
                help="Fixed point: one scale per layer, or per channel (not on Loihi 2).",
            ),
            click.option(
                "--saturate",
                is_flag=True,
                help="Fixed point: where a value does not fit, take the nearest one and say so.",
            ),
        )
    ):
        command = option(command)
    return convention_options(command)


def options_from(*, delay_edges: tuple[str, ...], **flags: Any) -> Options:
    """The compiler's options from the flags of `compile_options`."""
    return Options(delay_edges=edges_from(delay_edges), **flags)


def edges_from(words: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Pairs of nodes; ConfigError for any other words."""
    edges = []
    for text in words:
        ends = text.split(",")
        if len(ends) != 2:
            raise ConfigError(f"--delay-edge {text}: write two node names, as in --delay-edge a,b")
        edges.append((ends[0], ends[1]))
    return tuple(edges)
