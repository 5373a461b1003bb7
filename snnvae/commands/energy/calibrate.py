"""``snnvae energy calibrate``."""

from __future__ import annotations

import math
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from snnvae.commands.options import as_json
from snnvae.commands.outputs import Command, OutputFile
from snnvae.commands.result import Result
from snnvae.table import Table

if TYPE_CHECKING:
    from snnvae.energy.calibration.found import Calibration


@click.command(
    cls=Command,
    name="calibrate",
    short_help="Fit prices to power measured on a chip.",
    epilog="Example: snnvae energy calibrate figures.csv -o mychip.toml --node-nm 7 --voltage 0.75",
)
@click.argument("figures", type=click.Path(path_type=Path))
@click.option("-o", "--out", type=OutputFile(), required=True, help="The profile, a .toml file.")
@click.option("--name", help="The profile's name (default: that of the file).")
@click.option(
    "--node-nm",
    type=float,
    required=True,
    help="The chip's process in nm, as you want it compared (Loihi 2: Intel 4, once called 7 nm).",
)
@click.option("--voltage", type=float, required=True, help="The supply at which you measured, V.")
@as_json
def command(
    figures: Path, out: Path, name: str | None, node_nm: float, voltage: float, as_json: bool
) -> Result:
    """Fit prices per event to power measured on a chip, and write them as a profile.

    FIGURES is a CSV file with a row per run: run, steps, time_us, total_w, static_w, any of
    syn_ops, dendrite_updates, axon_out, spikes_in, and if known chips, active_chips, power_sd_w.
    Rows with the same run are repetitions.
    """
    from snnvae.energy.calibration.figures import read_figures
    from snnvae.energy.calibration.fit import calibrate
    from snnvae.energy.calibration.profile_toml import to_toml
    from snnvae.energy.profile_file import builtin_profiles
    from snnvae.errors import ConfigError
    from snnvae.files import write_text

    if out.suffix != ".toml":
        raise ConfigError(f"-o {out}: give a name that ends in .toml, as profiles are read by it")
    name = out.stem if name is None else name
    if not name.strip() or name in builtin_profiles():
        raise ConfigError(f"--name '{name}': give a name that no profile of snnvae has")
    for option, value in (("--node-nm", node_nm), ("--voltage", voltage)):
        if not 0 < value < math.inf:
            raise ConfigError(f"{option} {value:g}: give a number above 0")
    measured = read_figures(figures)
    found = calibrate(measured)
    made = [
        *("snnvae", "energy", "calibrate", measured.name, "-o", out.name),
        *("--node-nm", f"{node_nm:g}", "--voltage", f"{voltage:g}", "--name", name),
    ]
    text = to_toml(found, name=name, node_nm=node_nm, voltage_v=voltage, command=shlex.join(made))
    write_text(out, text)
    data = {"file": str(out), "name": name, **found.as_data()}
    return Result(f"{_text(found)}\n\nwrote {out}", data, as_json=as_json)


def _text(found: Calibration) -> str:
    """A line on the fit, a table of prices, one of runs, notes."""
    prices = [
        (
            p.term,
            p.counter,
            f"{p.energy.nominal:.4g}",
            f"{p.energy.low:.4g} … {p.energy.high:.4g}",
            "yes" if p.resolved else "not resolved: unpriced",
        )
        for p in found.prices
    ]
    runs = [
        (r.run, r.rows, *(f"{1e3 * w:.4g}" for w in (r.dynamic_w, r.sd_w, r.fitted_w)))
        for r in found.runs
    ]
    noise = {
        "power_sd_w": "noise as given in power_sd_w",
        "repetitions": "noise from repetitions",
        "residual": "noise from the fit's residual",
    }[found.noise]
    return "\n\n".join(
        [
            f"{found.figures.name}: {found.quality}; {noise}",
            Table(("term", "counter", "pJ", "95 % interval", "resolved"), prices).as_text(),
            Table(("run", "rows", "dynamic mW", "sd", "fitted"), runs).as_text(),
            *(f"Note: {note}." for note in found.notes),
        ]
    )
