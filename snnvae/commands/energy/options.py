"""Options that the energy commands share, and how they are read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from snnvae.commands.options import ENERGY_PROFILE
from snnvae.commands.outputs import NameOrFile, OutputFile
from snnvae.errors import ConfigError
from snnvae.extras import require_extra
from snnvae.files import write_text

if TYPE_CHECKING:
    from snnvae.energy.interval import Interval
    from snnvae.energy.profile import Profile

Command = TypeVar("Command", bound=Callable[..., Any])
NO_CHIP = "none"


def pricing_options(command: Command) -> Command:
    """Adds the options that decide the prices and what is counted."""
    for option in reversed(
        (
            click.option(
                "--profile",
                "profiles",
                type=NameOrFile(),
                multiple=True,
                default=(ENERGY_PROFILE,),
                show_default=True,
                help="Prices: a name that `energy --list-profiles` prints, or a TOML file; a "
                "report takes several, side by side.",
            ),
            click.option(
                "--chip",
                type=NameOrFile(),
                help="Place the network on this chip to count messages and hops: loihi1, loihi2, "
                "a TOML file, or none (default: the profile's chip).",
            ),
            click.option(
                "--step-time",
                metavar="TIME",
                help="Time per step for latency and throughput, as 10us, or low,nominal,high.",
            ),
            click.option(
                "--static-power",
                metavar="POWER",
                help="Static power while the network runs, as 30mW, or low,nominal,high.",
            ),
            click.option(
                "--recompute",
                is_flag=True,
                help="Constant analog inputs are worked out at every step, not once per sample.",
            ),
        )
    ):
        command = option(command)
    return command


def output_options(command: Command) -> Command:
    """Adds the options that say where the report goes."""
    path = OutputFile()
    for option in reversed(
        (
            click.option("--html", type=path, help="Write the report as a page, with plots."),
            click.option("--md", type=path, help="Write the report as Markdown."),
            click.option("--csv", type=path, help="Write every line of the bill as CSV."),
        )
    ):
        command = option(command)
    return command


def check_page(html: Path | None) -> None:
    """Raises MissingError, before any work, where a page is asked for and plots cannot be made."""
    if html is not None:
        require_extra("report")


def write_reports(files: dict[Path | None, Callable[[], str]]) -> str:
    """Write each file that was asked for; says what was written."""
    said = []
    for path, text in files.items():
        if path is not None:
            write_text(path, text())
            said.append(f"wrote {path}")
    return "\n".join(said)


def time_of(
    step_time: str | None, static_power: str | None, profiles: Sequence[Profile]
) -> tuple[Interval | None, Interval | None]:
    """Seconds per step and static watts, as given. A power without any time has no energy."""
    from snnvae.energy.profile_file import SECONDS, WATTS

    step = _quantity("--step-time", step_time, SECONDS)
    static = _quantity("--static-power", static_power, WATTS)
    if static is not None and step is None and all(p.step is None for p in profiles):
        raise ConfigError("--static-power: give --step-time too, as no profile knows a time")
    return step, static


def _quantity(option: str, text: str | None, units: dict[str, float]) -> Interval | None:
    """One value with its unit, or low, nominal and high."""
    from snnvae.energy.interval import Interval

    if text is None:
        return None
    values = [_value(option, part.strip(), units) for part in text.split(",")]
    if len(values) == 1:
        return Interval.exactly(values[0])
    if len(values) != 3 or sorted(values) != values:
        raise ConfigError(f"{option} {text}: give one value, or low,nominal,high in this order")
    return Interval(*values)


def _value(option: str, text: str, units: dict[str, float]) -> float:
    unit = next((u for u in sorted(units, key=len, reverse=True) if text.endswith(u)), None)
    try:
        number = float(text.removesuffix(unit)) if unit else -1.0
    except ValueError:
        number = -1.0
    if unit is None or not 0 < number < float("inf"):
        raise ConfigError(f"{option} {text}: give a number above 0 and {', '.join(units)}")
    return number * units[unit]
