"""What `simulate` and `run-lava` share: compile, run, write the result folder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import click
import nir
import numpy as np

from snnvae.commands.options import (
    as_json,
    compile_options,
    model_argument,
    options_from,
    out_option,
    seed_option,
)
from snnvae.commands.result import Result
from snnvae.deploy.compile import compile_graph
from snnvae.deploy.fixed.calibrate import METHODS
from snnvae.deploy.fixed.quantise import LayerReport, notes_text
from snnvae.deploy.run import Backend, check_backend, run
from snnvae.deploy.settings import Options
from snnvae.errors import ConfigError, DataError
from snnvae.evaluate import images
from snnvae.evaluate.calibration import calibrated
from snnvae.evaluate.reconstruct import check_stages, decoder_stimulus, mse
from snnvae.evaluate.stimuli import stimulus_for, with_steps_of
from snnvae.export.nir_file import read_nir
from snnvae.files import make_folder, write_aside, write_text
from snnvae.hardware_sim import energy
from snnvae.hardware_sim.energy.report import to_html
from snnvae.program import Precision, Program
from snnvae.progress import Progress
from snnvae.recording import Recording
from snnvae.stimulus import Stimulus

ENERGY_PROFILE = "loihi1"
"""Prices of the report in a result folder; `snnvae energy` makes others."""
Command = TypeVar("Command", bound=Callable[..., Any])


def run_options(command: Command) -> Command:
    """The options of both commands."""
    own = (
        model_argument,
        click.option("--samples", default=64, show_default=True, type=click.IntRange(1)),
        click.option(
            "--precision",
            type=click.Choice(["float", "fixed"]),
            default="float",
            show_default=True,
            help="float64, or Loihi's integers.",
        ),
        seed_option,
        click.option(
            "--input",
            "input_file",
            type=click.Path(path_type=Path),
            help="Data: .npy (T, …) or (samples, T, …), .npz by input name, or NIR data (HDF5).",
        ),
        click.option(
            "--decoder",
            type=click.Path(path_type=Path),
            help="After an ESVAE encoder: the decoder that gets spikes drawn from its rates.",
        ),
        click.option("--record-state", is_flag=True, help="Record the membranes too."),
        click.option(
            "--calibrate",
            type=click.Choice(METHODS),
            help="Fixed-point scales from --input (or the file's data, or noise) instead of the "
            "worst case; percentile and mse saturate what is rare, as --saturate does.",
        ),
        out_option,
        as_json,
    )
    for option in reversed(own):
        command = option(command)
    return compile_options(command)


@dataclass(frozen=True)
class Request:
    """What to run and where the results go."""

    model: Path
    out: Path
    samples: int = 64
    precision: Precision = "float"
    seed: int = 0
    input_file: Path | None = None
    decoder: Path | None = None
    record_state: bool = False
    calibrate: str | None = None
    options: Options = field(default_factory=Options)


RUN_FLAGS = frozenset(Request.__dataclass_fields__) - {"options"}


def run_command(backend: Backend, progress: Progress, *, as_json: bool, **flags: Any) -> Result:
    """Both commands: the flags of `run_options`, sorted into a request."""
    own = {name: value for name, value in flags.items() if name in RUN_FLAGS}
    rest = {name: value for name, value in flags.items() if name not in RUN_FLAGS}
    result = execute(backend, Request(**own, options=options_from(**rest)), progress)
    return replace(result, as_json=as_json)


def execute(backend: Backend, request: Request, progress: Progress) -> Result:
    """Run a file (and the decoder after it) and write the result folder."""
    options, precision, out = request.options, request.precision, request.out
    graph = read_nir(request.model)
    options = with_steps_of(graph, options, request.input_file)
    if request.calibrate is not None:
        if precision != "fixed" or request.decoder is not None:
            raise ConfigError("--calibrate is for one file with --precision fixed")
        options = calibrated(graph, options, request.calibrate, request.input_file)
    program, rounded = _compiled(graph, precision, options)
    if request.decoder is not None:
        second_graph = read_nir(request.decoder)
        # What concerns single nodes is said of the first file.
        second, more = _compiled(
            second_graph, precision, replace(options, analog=(), delay_edges=())
        )
        rounded += more
        check_stages(program, second)
    stimulus = stimulus_for(
        program, request.samples, seed=request.seed, steps=options.steps, file=request.input_file
    )
    stimulus.check(program)
    check_backend(program, stimulus, backend)
    make_folder(out)
    membranes = request.record_state
    recording = run(program, stimulus, backend, membranes=membranes, progress=progress)
    written = [out / ("encoder.h5" if request.decoder else "recording.h5")]
    recording.save(written[0], graph, program)
    originals = _originals(program, stimulus)
    if request.decoder is not None:
        stimulus = decoder_stimulus(program, recording, second, stimulus)
        program = second
        recording = run(program, stimulus, backend, membranes=membranes, progress=progress)
        written.append(out / "recording.h5")
        recording.save(written[-1], second_graph, second)
    figures, pictures = write_outputs(recording, originals, out)
    written += pictures
    report = energy.estimate(program, recording, energy.load_profile(ENERGY_PROFILE))
    written.append(out / "report.html")
    write_text(written[-1], to_html(report, title=request.model.stem))
    rounding = notes_text(rounded)
    # Only the emulator counts it; in float nothing does.
    saturated = {name: n for name, n in recording.info.get("saturated", {}).items() if n}
    data = {
        "backend": backend,
        "precision": precision,
        "samples": stimulus.batch,
        "steps": stimulus.steps,
        "seed": request.seed,
        "latency": recording.info["latency"],
        "spikes": {name: int(spikes.sum()) for name, spikes in recording.spikes.items()},
        **figures,
        "rounding": rounding,
        "saturated": saturated,
        "files": [str(path) for path in written],
    }
    lines = [
        f"{stimulus.batch} samples × {stimulus.steps} steps on {backend} ({precision})",
        *(f"{name}: {value:.4f}" for name, value in figures.items()),
        *([f"rounding: {rounding}"] if rounding else []),
        *(f"saturated: '{name}' left 24 bits {n} times" for name, n in saturated.items()),
        *(f"wrote {path}" for path in written),
    ]
    return Result("\n".join(lines), data)


def write_outputs(
    recording: Recording, originals: np.ndarray | None, out: Path
) -> tuple[dict[str, float], list[Path]]:
    """Outputs as arrays, images as pictures too; beside the originals, if there are any."""
    figures: dict[str, float] = {}
    written: list[Path] = []
    for name, values in recording.outputs.items():
        kind = "images" if images.is_image(values) else "outputs"
        stem = kind if len(recording.outputs) == 1 else f"{kind}-{name}"
        written.append(out / f"{stem}.npy")
        with write_aside(written[-1]) as temporary, temporary.open("wb") as file:
            np.save(file, values)
        if not images.is_image(values):
            continue
        written.append(out / f"{stem}.png")
        images.save_grid(values, written[-1])
        if originals is not None and originals.shape == values.shape:
            figures["reconstruction MSE"] = mse(originals, values)
            written.append(out / "reconstructions.png")
            images.save_grid(images.pairs(originals, values), written[-1], columns=16)
    return figures, written


def _originals(program: Program, stimulus: Stimulus) -> np.ndarray | None:
    """The images that came in, if the network takes constant images."""
    constant = [port for port in program.inputs if port.constant and len(port.shape) == 3]
    return stimulus.streams[constant[0].name][:, 0] if len(constant) == 1 else None


def _compiled(
    graph: nir.NIRGraph, precision: Precision, options: Options
) -> tuple[Program, tuple[LayerReport, ...]]:
    compiled = compile_graph(graph, precision, options)
    return compiled.program, compiled.report


def program_of(path: Path, recording: Recording) -> Program:
    """The program that a recording was made with, compiled again from the graph in its file."""
    given = recording.info.get("options", {})
    try:
        options = Options(
            **{
                **given,
                "analog": tuple(given.get("analog", ())),
                "delay_edges": tuple((a, b) for a, b in given.get("delay_edges", ())),
            }
        )
        precision = recording.info["precision"]
    except (TypeError, ValueError, KeyError) as error:
        raise DataError(
            f"{path}: its settings are damaged ({error}); run the network again"
        ) from None
    return compile_graph(read_nir(path), precision, options).program
