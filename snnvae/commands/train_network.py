"""``snnvae train --from net.nir`` or ``net.py:build``: anybody's network, fine-tuned."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from snnvae.commands.common import given
from snnvae.commands.options import as_json, convention_options, seed_option
from snnvae.commands.outputs import Command, NameOrFile, OutputFolder
from snnvae.commands.result import Result
from snnvae.commands.sample_options import SOURCES, check_sources, pairs_of, sample_options
from snnvae.commands.traced_module import traced_module
from snnvae.errors import ConfigError, UnsupportedError
from snnvae.evaluate.task.readout import READOUTS, Readout
from snnvae.interrupts import deferred_interrupts
from snnvae.options import CALIBRATIONS
from snnvae.plain_text import counted
from snnvae.progress import Progress
from snnvae.strict_json import json_text
from snnvae.table import Table
from snnvae.train.settings import QAT_TARGETS

if TYPE_CHECKING:
    import nir
    import numpy as np

    from snnvae.evaluate.task.assessment import Assessment
    from snnvae.inputs.labelled import Labelled
    from snnvae.inputs.pairs import Pairs
    from snnvae.options import Options
    from snnvae.program import Program

NETWORK, WEIGHTS, EPOCHS, METRICS = "model.nir", "weights.pt", "metrics.jsonl", "metrics.json"
"""Files of the run folder."""
CALIBRATED_BY = 256
"""Samples, at most."""


@click.command(
    cls=Command,
    epilog="Example: snnvae train --from net.nir --input x.npy --labels y.npy --qat loihi2 "
    "--out runs/mine; or snnvae train --from net.py:build --weights w.pt --input-shape 64 "
    "--data samples/ --qat loihi2 --out runs/mine",
)
@click.option(
    "--from", "source", type=NameOrFile(), required=True, metavar="NET",
    help="A .nir file; or module:attribute or file.py:attribute, which makes a torch module.",
)  # fmt: skip
@click.option(
    "-o", "--out", type=OutputFolder(NETWORK, WEIGHTS, EPOCHS, METRICS), required=True,
    help="Run folder.",
)  # fmt: skip
@sample_options([r for r in READOUTS if r != "first-spike"])  # which has no gradient
@click.option(
    "--validation", type=click.FloatRange(0, 1, min_open=True, max_open=True), default=0.2,
    show_default=True, help="Part of the samples that is held out, to tell before and after by.",
)  # fmt: skip
@click.option(
    "--qat", type=click.Choice(QAT_TARGETS),
    help="Train in this chip's integers, as deployed (default: in floating point).",
)  # fmt: skip
@click.option(
    "--calibrate", "method", type=click.Choice(CALIBRATIONS),
    help="With --qat: scales from the samples (default: every weight fits), so that a few large "
    "weights are cut and the others keep their bits.",
)  # fmt: skip
@click.option("--epochs", type=click.IntRange(1, 10**6), default=3, show_default=True)
@click.option(
    "--lr", type=click.FloatRange(0, 1e3, min_open=True), default=1e-3, show_default=True,
    help="Adam's rate; it falls to 0 along a cosine.",
)  # fmt: skip
@click.option("--batch", type=click.IntRange(1), default=64, show_default=True)
@seed_option
@click.option("--weights", type=click.Path(path_type=Path), help="A module's, by torch.save.")
@click.option("--input-shape", metavar="N,N,…", help="A module's input without batch and time.")
@click.option("--over-time", is_flag=True, help="A module's forward() takes (time, batch, …).")
@click.option("--steps", type=click.IntRange(1), help="Per sample (default: those of the samples).")
@click.option("--analog", multiple=True, metavar="INPUT", help="This input carries currents.")
@convention_options
@as_json
@click.pass_obj
def command(
    progress: Progress,
    /,
    source: str,
    out: Path,
    input_file: Path | None,
    labels: Path | None,
    targets: Path | None,
    labelled: str | None,
    class_names: str | None,
    output: str | None,
    readout: Readout | None,
    scale: float | None,
    validation: float,
    qat: str | None,
    method: str | None,
    epochs: int,
    lr: float,
    batch: int,
    seed: int,
    weights: Path | None,
    input_shape: str | None,
    over_time: bool,
    steps: int | None,
    analog: tuple[str, ...],
    as_json: bool,
    **conventions: Any,
) -> Result:
    """Fine-tune a network of yours on your samples, so that 8 bits cost it less.

    With --qat it is trained in the integers that it is deployed in, spike for spike: weights as the
    compiler rounds them, with gradients that pass through. What is exactly 0 stays 0.

    The folder gets model.nir, which states its conventions and scales; weights.pt, the state_dict
    of a module; metrics.jsonl and metrics.json. All are written anew after each epoch, so Ctrl-C
    leaves the last one's. Before and after are told of held-out samples, in the emulator.
    """
    from snnvae.commands.remedies import with_flags
    from snnvae.deploy.compile import compile_graph
    from snnvae.evaluate.task.assess import Question, assess, output_of
    from snnvae.evaluate.task.readout import chosen
    from snnvae.export.nir_file import read_nir, write_nir
    from snnvae.extras import require
    from snnvae.files import write_text
    from snnvae.inputs.labelled import labelled as checked
    from snnvae.options import Options
    from snnvae.train.alone import alone_in

    require("torch")
    from snnvae.train.network.fine_tune import Course, FineTuning, Lesson
    from snnvae.train.network.held_out import held_out

    named = given(click.get_current_context())
    if len(named & {*SOURCES}) != 1:
        raise ConfigError("give your samples, either --input with --labels or --targets, or --data")
    check_sources(named)
    if method is not None and qat is None:
        raise ConfigError("--calibrate chooses the scales of fixed point; add --qat")
    module, graph = _network(source, weights, input_shape, steps, bool(analog), over_time)
    if module is not None:
        analog = ()  # the graph says it
    options = Options(steps=steps, analog=analog, **conventions)
    program = compile_graph(graph, "float", options).program
    pairs = pairs_of(
        program, input_file=input_file, labels=labels, targets=targets, labelled=labelled
    )
    output = output_of(program, output)
    layer = program.layer(program.outputs[output])
    names = tuple(class_names.split(",")) if class_names else ()
    samples = checked(pairs, program, layer.size, names)
    readout = chosen(readout, spiking=layer.neuron.spiking, regression=samples.regression)
    options = replace(options, steps=samples.steps)
    held, rest = held_out(samples.answers, validation, seed)
    lesson = Lesson(
        {name: values[rest] for name, values in samples.data.items()},
        samples.answers[rest],
        samples.steps,
        output,
        readout,  # type: ignore[arg-type]
        1.0 if scale is None else scale,
    )
    course = Course(epochs, lr, batch, seed)
    asked = Question(
        output=output, readout=readout, scale=scale, class_names=samples.classes, seed=seed
    )
    judged_by = _some(samples, held, pairs)
    before = assess(graph, judged_by, asked, replace(options, saturate=True), progress)
    if method is not None:
        options = _calibrated(graph, options, lesson.data, method)
    with alone_in(out):
        tuning = FineTuning(graph, lesson, course, "fixed" if qat else "float", options)
        records: list[dict[str, Any]] = []
        note = ""
        for record in tuning.epochs(progress):
            records.append(record)
            with deferred_interrupts():  # of one epoch, all of them
                write_nir(tuning.graph, out / NETWORK)
                if module is not None:
                    note = _write_module(module, graph, tuning.graph, out / WEIGHTS)
                write_text(out / EPOCHS, "".join(json_text(each) + "\n" for each in records))
        tuning.check()
        after = assess(
            read_nir(out / NETWORK), judged_by, asked, Options(saturate=not qat), progress
        )
        data = {
            "source": source,
            "qat": qat,
            "samples": {"training": len(rest), "held_out": len(held), "steps": samples.steps},
            "before": _figures(before),
            "after": _figures(after),
            "epochs": records,
        }
        write_text(out / METRICS, json_text(data, indent=1) + "\n")
    files = [NETWORK, *([] if module is None or note else [WEIGHTS]), EPOCHS, METRICS]
    text = "\n".join(
        [
            f"trained on {counted(len(rest), 'sample')} × {counted(samples.steps, 'step')} in "
            f"{'integers of ' + qat if qat else 'floating point'}; {len(held):,} held out",
            "",
            _table(before, after).as_text(),
            *([f"no {WEIGHTS}: {note}"] if note else []),
            *(f"wrote {out / name}" for name in files),
        ]
    )
    paths = [str(out / name) for name in files]
    return Result(with_flags(text), {**data, "note": note, "files": paths}, as_json=as_json)


def _network(
    source: str,
    weights: Path | None,
    input_shape: str | None,
    steps: int | None,
    analog: bool,
    over_time: bool,
) -> tuple[Any, nir.NIRGraph]:
    """The module, if it is one, and the graph."""
    from snnvae.export.nir_file import read_nir
    from snnvae.export.user_module import is_spec

    if is_spec(source):
        return traced_module(
            source, weights, input_shape, steps=steps, analog=analog, over_time=over_time
        )
    for flag, value in (("--weights", weights), ("--input-shape", input_shape)):
        if value is not None:
            raise ConfigError(
                f"{flag} is for a module such as net.py:build; {source} says it itself"
            )
    if over_time:
        raise ConfigError("--over-time is for a module such as net.py:build; leave it out")
    return None, read_nir(Path(source))


def _calibrated(
    graph: nir.NIRGraph, options: Options, data: Mapping[str, np.ndarray], method: str
) -> Options:
    """The options with the scales that the first samples give."""
    from snnvae.deploy.compile import compile_graph
    from snnvae.deploy.fixed.calibrate import calibrate
    from snnvae.hardware_sim.make_stimulus import build_stimulus

    program = compile_graph(graph, "float", options).program
    some = {name: values[:CALIBRATED_BY] for name, values in data.items()}
    rows = range(len(next(iter(some.values()))))
    stimulus = build_stimulus(program, rows, seed=0, steps=program.steps, data=some)
    return replace(options, scales=calibrate(program, stimulus, method))


def _some(samples: Labelled, rows: np.ndarray, pairs: Pairs) -> Callable[[Program], Pairs]:
    """Some of the samples, as those of any program of the network."""
    data = {name: values[rows] for name, values in samples.data.items()}
    found = replace(pairs, data=data, answers=samples.answers[rows])
    return lambda _: found


def _write_module(module: Any, before: nir.NIRGraph, after: nir.NIRGraph, path: Path) -> str:
    """Writes the module's state_dict with the trained weights; why not, where it cannot be."""
    import torch

    from snnvae.files import write_aside
    from snnvae.train.network.module import put_back

    try:
        state = put_back(module, before, after)
    except UnsupportedError as error:
        return str(error)
    with write_aside(path) as aside:
        torch.save(state, aside)
    return ""


def _figures(found: Assessment) -> dict[str, dict[str, float | None]]:
    """Accuracy or MSE by form, with where it lies, 95 %."""
    return {form.name: form.figure for form in found.forms}


def _table(before: Assessment, after: Assessment) -> Table:
    """A row per form, before and after."""
    from snnvae.evaluate.task.words import interval, value

    kind = "accuracy" if before.classified else "MSE"
    afterwards = {form.name: form for form in after.forms}
    rows = []
    for form in before.forms:
        both = (form, afterwards[form.name])
        rows.append([form.name, *(told(one) for one in both for told in (value, interval))])
    head = ("", f"{kind} before", "95 % interval", "after", "95 % interval")
    return Table(head, rows, text={0}, caption="Held-out samples, as deployed on the emulator")
