"""What `simulate` and `run-lava` do: compile, run block by block, write the result folder."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from fnmatch import fnmatch
from itertools import chain
from pathlib import Path
from typing import Any

import nir
import numpy as np

from snnvae import energy
from snnvae.commands import run_memory
from snnvae.commands.options import ENERGY_PROFILE, RESULTS, evidence_of, options_from
from snnvae.commands.result import Result
from snnvae.commands.run_outputs import OutputWriter
from snnvae.deploy.backends import Backend, RunResources
from snnvae.deploy.compile import compile_graph
from snnvae.deploy.fixed.quantise import LayerReport, notes_text
from snnvae.deploy.run import check_backend, run
from snnvae.energy import units
from snnvae.energy.report import to_html
from snnvae.errors import ConfigError, DataError, MissingError
from snnvae.evaluate.answers import Answers
from snnvae.evaluate.calibration import calibrated
from snnvae.evaluate.stages import check_stages, decoder_stimulus
from snnvae.export.nir_file import read_nir
from snnvae.families import registry
from snnvae.files import make_folder, write_text
from snnvae.inputs.stimulus_blocks import stimulus_blocks, with_steps_of
from snnvae.machine import bytes_text
from snnvae.options import Options
from snnvae.plain_text import counted, one_line
from snnvae.program import Precision, Program
from snnvae.progress import Progress
from snnvae.recording import Recording
from snnvae.recording_writer import RecordingWriter, summed
from snnvae.stimulus import Stimulus

WORTH_A_WORD = 120
"""Seconds from which a run says beforehand how long it will take."""


@dataclass(frozen=True)
class Request:
    """A request says what to run, with what, and where the results go."""

    model: Path
    out: Path
    samples: int | None = None
    precision: Precision = "float"
    seed: int = 0
    classes: tuple[int, ...] | None = None
    evidence: tuple[str, ...] = ()
    input_file: Path | None = None
    decoder: Path | None = None
    record_state: bool = False
    calibrate: str | None = None
    options: Options = field(default_factory=Options)
    resources: RunResources = field(default_factory=RunResources)


RUN_FLAGS = frozenset(Request.__dataclass_fields__) - {"options", "resources"}
RESOURCE_FLAGS = frozenset(RunResources.__dataclass_fields__)


def run_command(backend: Backend, progress: Progress, *, as_json: bool, **flags: Any) -> Result:
    """Both commands: the flags of `run_options`, sorted into a request."""
    own = {name: value for name, value in flags.items() if name in RUN_FLAGS}
    resources = {name: value for name, value in flags.items() if name in RESOURCE_FLAGS}
    rest = {name: v for name, v in flags.items() if name not in RUN_FLAGS | RESOURCE_FLAGS}
    request = Request(**own, options=options_from(**rest), resources=RunResources(**resources))
    return replace(execute(backend, request, progress), as_json=as_json)


def execute(backend: Backend, request: Request, progress: Progress) -> Result:
    """Run a file (and the decoder after it) and write the result folder."""
    stages, rounded, options = _stages(request)
    first, last = stages[0].program, stages[-1].program
    programs, total = [stage.program for stage in stages], 0
    steps, resources = options.steps or first.steps, request.resources

    evidence = evidence_of(request.evidence)

    def at_once(samples: int) -> int:
        nonlocal total, resources
        size, resources = run_memory.plan(
            programs, steps, samples, request.resources, request.record_state
        )
        total = samples
        return size

    stimuli = stimulus_blocks(
        first,
        request.samples,
        at_once,
        seed=request.seed,
        steps=options.steps,
        file=request.input_file,
        classes=request.classes,
        evidence=evidence,
        held_out=registry.held_out,
    )
    head = next(stimuli)
    head.check(first)
    check_backend(first, head, backend, resources)
    make_folder(request.out)
    names = ("encoder.h5", "recording.h5")[-len(stages) :]
    written = [request.out / name for name in names]
    # Samples of each class stand below each other, where classes take turns.
    in_turn = request.classes is None and _originals(first, head) is None
    with ExitStack() as stack:
        answers = Answers.of(last, evidence)
        columns, shown = first.classes if in_turn else 0, run_memory.shown(last, request.resources)
        outputs = stack.enter_context(OutputWriter(request.out, columns or None, shown))
        writers = [
            stack.enter_context(RecordingWriter(path, stage.graph, stage.program))
            for stage, path in zip(stages, written, strict=True)
        ]
        job = _Job(backend, request, resources, stages, progress, writers, outputs, answers, total)
        measured = energy.measure(last, job.blocks(chain((head,), stimuli)))
    info, figures = job.info, outputs.figures
    written += outputs.written
    report = energy.price(measured, energy.load_profile(ENERGY_PROFILE))
    least = "at least " if report.lower_bound else ""
    spent = (
        f"energy per sample{' of the decoder' if request.decoder else ''}, an estimate: "
        f"{least}{units.energy(report.total.nominal)} ({report.profile.title})"
    )
    left_out = []
    try:
        write_text(request.out / "report.html", to_html(report, title=request.model.stem))
        written.append(request.out / "report.html")
    except MissingError as missing:
        left_out.append(f"no report.html: {missing}")
    said = {}
    if job.answers is not None:
        written.append(job.answers.write(request.out / "answers.csv"))
        said = job.answers.data
    older = _older(request.out, {path.name for path in written})
    rounding = notes_text(rounded)
    # Only the emulator counts it; in float nothing does.
    saturated = {name: n for name, n in info.get("saturated", {}).items() if n}
    samples, recomputed = job.done, info.get("recomputed", 0)
    data = {
        "backend": backend,
        "precision": request.precision,
        "samples": samples,
        "steps": info["steps"],
        "seed": request.seed,
        **({"classes": job.classes} if job.classes else {}),
        "latency": info["latency"],
        "spikes": job.spikes,
        **figures,
        **said,
        "rounding": rounding,
        "saturated": saturated,
        "recomputed": recomputed,
        "files": [str(path) for path in written],
    }
    lines = [
        f"{counted(samples, 'sample')} × {counted(info['steps'], 'step')} on {backend} "
        f"({request.precision})",
        *(f"{name}: {value:.4f}" for name, value in figures.items()),
        *_activity(last, job.spikes, samples * info["steps"]),
        spent,
        *([f"rounding: {rounding}"] if rounding else []),
        *(f"saturated: '{name}' left 24 bits {n} times" for name, n in saturated.items()),
        *(
            [f"computed again, near their threshold: {counted(recomputed, 'neuron')}"]
            if recomputed
            else []
        ),
        *(f"wrote {path}" for path in written),
        *([older] if older else []),
        *outputs.notes,
        *left_out,
    ]
    text = "\n".join(map(one_line, lines))
    return Result(f"{text}\n\n{job.answers.text}" if job.answers is not None else text, data)


def _older(folder: Path, written: Collection[str]) -> str:
    """Says what in a folder is called like a result and is not this run's; "" for nothing."""
    older = sorted(
        path.name
        for path in folder.iterdir()
        if path.name not in written and any(fnmatch(path.name, name) for name in RESULTS)
    )
    return f"not of this run, in the same folder: {', '.join(older)}" if older else ""


def _activity(program: Program, spikes: Mapping[str, int], steps: int) -> Iterator[str]:
    """Spikes per neuron and step of each population, in `steps` of all samples together."""
    layers = [layer for layer in program.layers if layer.neuron.spiking]
    if layers:
        rates = (f"{layer.name} {spikes[layer.name] / steps / layer.size:.3g}" for layer in layers)
        yield f"spikes per neuron and step: {', '.join(rates)}"
    silent = [layer.name for layer in layers if not spikes[layer.name]]
    if silent:
        yield f"never fired: {', '.join(silent)}"


@dataclass(frozen=True)
class _Stage:
    graph: nir.NIRGraph
    program: Program


@dataclass
class _Job:
    """A run of all blocks; what is left of each: the number of its spikes, and its classes."""

    backend: Backend
    request: Request
    resources: RunResources
    stages: Sequence[_Stage]
    progress: Progress
    writers: Sequence[RecordingWriter]
    outputs: OutputWriter
    answers: Answers | None
    total: int
    done: int = 0
    info: dict[str, Any] = field(default_factory=dict)
    spikes: dict[str, int] = field(default_factory=dict)
    classes: list[int] = field(default_factory=list)

    def blocks(self, stimuli: Iterator[Stimulus]) -> Iterator[Recording]:
        """Run and write each block; gives the last stage's recording of it."""
        began = time.monotonic()
        for stimulus in stimuli:
            self.classes += stimulus.classes
            images_in = _originals(self.stages[0].program, stimulus)
            recording, before = None, None
            for stage, writer in zip(self.stages, self.writers, strict=True):
                if recording is not None and before is not None:
                    stimulus = decoder_stimulus(before, recording, stage.program, stimulus)
                recording = run(
                    stage.program,
                    stimulus,
                    self.backend,
                    membranes=self.request.record_state,
                    progress=self.progress,
                    resources=self.resources,
                )
                writer.append(recording)
                before = stage.program
            assert recording is not None
            for name, spikes in recording.spikes.items():
                self.spikes[name] = self.spikes.get(name, 0) + int(spikes.sum())
            self.outputs.append(recording, images_in)
            if self.answers is not None:
                self.answers.append(recording)
            self.info = summed(self.info, recording.info)
            first, self.done = self.done == 0, self.done + len(recording.info["samples"])
            yield recording
            if first and self.done < self.total:
                self._foresee(time.monotonic() - began)

    def _foresee(self, seconds: float) -> None:
        """Says what all blocks will take, by the first; OutputError if the disk has no room."""
        written = sum(writer.size for writer in self.writers)
        needed = run_memory.check_disk(self.request.out, written, self.done, self.total)
        seconds *= self.total / self.done
        if seconds > WORTH_A_WORD:
            self.progress.note(
                f"{self.total:,} samples will take about {seconds / 60:,.0f} minutes and "
                f"{bytes_text(needed)} of disk"
            )


def _stages(request: Request) -> tuple[list[_Stage], tuple[LayerReport, ...], Options]:
    """The programs to run, one after another, and how they were rounded."""
    graph, precision = read_nir(request.model), request.precision
    options = with_steps_of(graph, request.options, request.input_file)
    if request.calibrate is not None:
        if precision != "fixed" or request.decoder is not None:
            raise ConfigError("--calibrate is for one file with --precision fixed")
        options = calibrated(
            graph, options, request.calibrate, request.input_file, registry.held_out
        )
    compiled = compile_graph(graph, precision, options)
    stages, rounded = [_Stage(graph, compiled.program)], compiled.report
    if request.decoder is not None:
        second = read_nir(request.decoder)
        # What concerns single nodes is said of the first file.
        after = compile_graph(second, precision, replace(options, analog=(), delay_edges=()))
        rounded += after.report
        stages.append(_Stage(second, after.program))
        check_stages(compiled.program, after.program)
    return stages, rounded, options


def _originals(program: Program, stimulus: Stimulus) -> np.ndarray | None:
    """The images that came in, if the network takes constant images."""
    constant = [port for port in program.inputs if port.constant and len(port.shape) == 3]
    return stimulus.streams[constant[0].name][:, 0] if len(constant) == 1 else None


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
