"""``snnvae energy sweep``: what fewer steps per sample save."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from snnvae.commands.energy.options import (
    check_page,
    output_options,
    pricing_options,
    time_of,
    write_reports,
)
from snnvae.commands.options import (
    as_json,
    class_option,
    compile_options,
    model_argument,
    numbers,
    options_from,
    seed_option,
)
from snnvae.commands.outputs import Command
from snnvae.commands.result import Result
from snnvae.progress import Progress

if TYPE_CHECKING:
    from snnvae.program import Precision

STEPS = "2,4,8,16"
SAMPLES = 16


@click.command(
    "sweep",
    cls=Command,
    epilog="Example: snnvae energy sweep $(snnvae zoo digits-esvae) --profile horowitz45 "
    "--html sweep.html",
    short_help="Run a network with several T and price each run.",
)
@model_argument
@click.option("--over", default=STEPS, show_default=True, help="Numbers of steps, T.")
@click.option("--samples", type=click.IntRange(1), help="Default: all of --input, else 16.")
@click.option(
    "--precision", type=click.Choice(["float", "fixed"]), default="fixed", show_default=True
)
@seed_option
@class_option
@click.option(
    "--input",
    "input_file",
    type=click.Path(path_type=Path),
    help="Data as of `simulate`; each run sees its first T steps.",
)
@pricing_options
@output_options
@compile_options
@as_json
@click.pass_obj
def command(
    progress: Progress,
    /,
    model: Path,
    over: str,
    samples: int | None,
    precision: Precision,
    seed: int,
    classes: tuple[int, ...] | None,
    input_file: Path | None,
    profiles: tuple[str, ...],
    chip: str | None,
    step_time: str | None,
    static_power: str | None,
    recompute: bool,
    html: Path | None,
    md: Path | None,
    csv: Path | None,
    as_json: bool,
    **flags: Any,
) -> Result:
    """Run a network with several numbers of steps on the emulator and price each run.

    Beside the energy stands how far the outputs move away from those of the most steps.
    """
    from snnvae import energy
    from snnvae.commands.energy.subject import chip_of, depth_of, placement_of
    from snnvae.energy import report as forms
    from snnvae.errors import ConfigError
    from snnvae.evaluate.steps_sweep import sweep_steps
    from snnvae.export.nir_file import read_nir
    from snnvae.families import registry
    from snnvae.program import digest_of

    if len(profiles) != 1:
        raise ConfigError("a sweep takes one --profile")
    if flags.get("steps") is not None:
        raise ConfigError("--steps: a sweep takes its numbers of steps from --over, as in 2,4,8")
    over_steps = numbers("--over", over, "2,4,8")
    graph, profile = read_nir(model), energy.load_profile(profiles[0])
    step, static = time_of(step_time, static_power, [profile])
    place, found = chip_of(chip, [profile]), []
    check_page(html)
    for run in sweep_steps(
        graph,
        over_steps,
        precision=precision,
        options=replace(options_from(**flags), steps=None),
        samples=SAMPLES if samples is None and input_file is None else samples,
        seed=seed,
        file=input_file,
        classes=classes,
        held_out=registry.held_out,
        progress=progress,
    ):
        measured = energy.measure(
            run.program,
            run.recording,
            cache_constant=not recompute,
            placement=placement_of(run.program, place),
            hashes={"graph": digest_of(graph)},
        )
        time = energy.Time(step, static, depth_of(run.program))
        found.append((energy.price(measured, profile, time=time), run.change))
    found.reverse()  # the fewest steps first
    reports, changes = [report for report, _ in found], [change for _, change in found]
    title = model.name
    said = write_reports(
        {
            html: lambda: forms.sweep_html(reports, changes, title),
            md: lambda: forms.sweep_markdown(reports, changes, title),
            csv: lambda: forms.to_csv(forms.by_steps(reports)),
        }
    )
    data: dict[str, Any] = {}
    if as_json:
        runs = zip(reports, changes)
        data = {"runs": [{"change": c, **json.loads(forms.to_json(r))} for r, c in runs]}
    return Result(forms.sweep_text(reports, changes) + said, data, as_json=as_json)


for _option in command.params:
    if isinstance(_option, click.Option) and _option.name == "steps":
        _option.hidden = True  # refused with a word on --over
