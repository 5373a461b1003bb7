"""``snnvae energy RECORDING…``: one report, or several side by side."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from snnvae.commands.energy.options import (
    check_page,
    output_options,
    pricing_options,
    time_of,
    write_reports,
)
from snnvae.commands.options import as_json
from snnvae.commands.outputs import Command
from snnvae.commands.result import Result
from snnvae.progress import Progress
from snnvae.table import Table


@click.command(
    "report",
    cls=Command,
    epilog="Example: snnvae energy a/recording.h5 b/recording.h5 --html ab.html",
)
@click.argument("recordings", nargs=-1, type=click.Path(path_type=Path))
@pricing_options
@output_options
@click.option("--list-profiles", is_flag=True, help="Print the built-in profiles.")
@as_json
@click.pass_obj
def command(
    progress: Progress,
    /,
    recordings: tuple[Path, ...],
    profiles: tuple[str, ...],
    chip: str | None,
    step_time: str | None,
    static_power: str | None,
    recompute: bool,
    list_profiles: bool,
    as_json: bool,
    **files: Path | None,
) -> Result:
    """What recorded runs cost, beside the ANN of the same topology.

    Several recordings, or several profiles, stand side by side.
    """
    from snnvae import energy
    from snnvae.commands.energy.subject import chip_of, depth_of, measured
    from snnvae.errors import ConfigError
    from snnvae.families.registry import says

    if list_profiles:
        return _listed(as_json)
    if not recordings:
        raise ConfigError("give the recording.h5 of a run, or --list-profiles")
    check_page(files["html"])
    prices = [energy.load_profile(name) for name in dict.fromkeys(profiles)]
    step, static = time_of(step_time, static_power, prices)
    place, reports = chip_of(chip, prices), []
    for path, run in zip(recordings, run_names(recordings)):
        found = measured(path, place, cache_constant=not recompute, progress=progress)
        time = energy.Time(step, static, depth_of(found.program))
        for profile in prices:
            parts = [run] * (len(recordings) > 1 or len(prices) == 1)
            parts += [profile.name] * (len(prices) > 1)
            reports.append((", ".join(parts), energy.price(found, profile, time=time)))
    if len({name for name, _ in reports}) < len(reports):  # two profiles of one name
        reports = [(f"{n}: {name}", report) for n, (name, report) in enumerate(reports, 1)]
    title = str(recordings[0]) if len(recordings) == 1 else " and ".join(map(str, recordings))
    if len(reports) == 1:
        does = says("energy", found.program.origin.model)
        more = None if does is None else does(recordings[0], reports[0][1])
        return _one(reports[0], title, more, as_json=as_json, **files)
    return _several(reports, title, as_json=as_json, **files)


def run_names(recordings: tuple[Path, ...]) -> list[str]:
    """A short name for each file: its own, its folder's, or the whole path."""
    paths = [str(path) for path in recordings]
    folders = [path.resolve().parent.name for path in recordings]
    for names in ([path.stem for path in recordings], folders, paths):
        if len(set(names)) == len(names) and all(names):
            return names
    return [f"{n}: {path}" for n, path in enumerate(paths, 1)]


def _one(
    named: Any,
    title: str,
    more: tuple[str, dict[str, Any]] | None,
    *,
    as_json: bool,
    html: Path | None,
    md: Path | None,
    csv: Path | None,
) -> Result:
    from snnvae.energy import report as forms

    report = named[1]
    said = write_reports(
        {
            html: lambda: forms.to_html(report, title),
            md: lambda: forms.to_markdown(report, title),
            csv: lambda: forms.to_csv([named]),
        }
    )
    data = json.loads(forms.to_json(report)) if as_json else {}
    text, own = more or ("", {})
    return Result(forms.summary_text(report) + text + said, {**data, **own}, as_json=as_json)


def _several(
    reports: Any, title: str, *, as_json: bool, html: Path | None, md: Path | None, csv: Path | None
) -> Result:
    from snnvae.energy import report as forms

    said = write_reports(
        {
            html: lambda: forms.side_by_side_html(reports, title),
            md: lambda: forms.side_by_side_markdown(reports, title),
            csv: lambda: forms.to_csv(reports),
        }
    )
    data = {"runs": [{"run": name, **json.loads(forms.to_json(r))} for name, r in reports]}
    return Result(forms.side_by_side_text(reports) + said, data if as_json else {}, as_json=as_json)


def _listed(as_json: bool) -> Result:
    from snnvae import energy

    rows, data = [], []
    for name in energy.builtin_profiles():
        profile = energy.load_profile(name)
        evidence, scope = ", ".join(profile.evidence), profile.scope.replace("_", "-")
        process = f"{profile.node_nm:g} nm" if profile.node_nm else "–"
        rows.append((name, process, scope, evidence, profile.title))
        data.append(
            {
                "name": name,
                "title": profile.title,
                "summary": profile.summary,
                "node_nm": profile.node_nm,
                "scope": profile.scope,
                "evidence": list(profile.evidence),
                "sha256": profile.digest(),
            }
        )
    text = Table(("profile", "process", "scope", "evidence", "title"), rows).as_text()
    return Result(text, {"profiles": data}, as_json=as_json)
