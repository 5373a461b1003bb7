"""``snnvae energy``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from snnvae.commands.options import as_json
from snnvae.commands.result import Result
from snnvae.commands.run_network import ENERGY_PROFILE, program_of
from snnvae.files import write_text
from snnvae.progress import Progress


@click.command(epilog="Example: snnvae energy out/recording.h5 --profile loihi1 --html report.html")
@click.argument("recording", type=click.Path(path_type=Path), required=False)
@click.option(
    "--profile", default=ENERGY_PROFILE, show_default=True, help="Name, or path of a TOML file."
)
@click.option("--html", type=click.Path(path_type=Path), help="Write the full report here.")
@click.option("--list-profiles", is_flag=True, help="Print the names of the built-in profiles.")
@as_json
@click.pass_obj
def command(
    progress: Progress,
    /,
    recording: Path | None,
    profile: str,
    html: Path | None,
    list_profiles: bool,
    as_json: bool,
) -> Result:
    """Estimate what a recorded run costs, beside the ANN of the same topology."""
    from snnvae.errors import ConfigError
    from snnvae.hardware_sim import energy
    from snnvae.recording import Recording

    if list_profiles:
        names = energy.builtin_profiles()
        return Result("\n".join(names), {"profiles": list(names)}, as_json=as_json)
    if recording is None:
        raise ConfigError("give the recording.h5 of a run, or --list-profiles")
    run = Recording.load(recording)
    prices = energy.load_profile(profile)
    report = energy.estimate(program_of(recording, run), run, prices, progress=progress)
    text = energy.summary_text(report)
    if html is not None:
        write_text(html, energy.to_html(report, title=str(recording)))
        text += f"\nwrote {html}"
    data = json.loads(energy.to_json(report)) if as_json else {}
    return Result(text, data, as_json=as_json)
