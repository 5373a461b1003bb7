"""A network before and after it is fine-tuned, as it is deployed, on samples that are held out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import nir
import numpy as np

from snnvae.deploy.compile import compile_graph
from snnvae.deploy.lava.loihi2 import refusals
from snnvae.errors import UnsupportedError
from snnvae.evaluate.task.assess import Question, assess, output_of, with_steps
from snnvae.evaluate.task.assessment import Assessment
from snnvae.evaluate.task.readout import chosen
from snnvae.evaluate.task.words import notes
from snnvae.export.nir_file import read_nir
from snnvae.inputs.labelled import Labelled, labelled
from snnvae.inputs.pairs import Pairs
from snnvae.options import Options
from snnvae.program import Program
from snnvae.progress import Progress
from snnvae.train.alone import alone_in
from snnvae.train.network.calibrated import calibrated
from snnvae.train.network.fine_tune import Course, FineTuning, Lesson, refuse_drawn
from snnvae.train.network.held_out import held_out
from snnvae.train.network.module import frozen
from snnvae.train.network.readouts import TRAINED_READOUTS
from snnvae.train.network.run_folder import NETWORK, RunFolder


@dataclass(frozen=True)
class Judged:
    """What is said of a network; refused: why fixed point holds it only with `saturate`, with which
    it was judged then."""

    found: Assessment
    refused: str = ""

    @property
    def figures(self) -> dict[str, dict[str, float | None]]:
        """Accuracy or MSE by form, with where it lies, 95 %."""
        return {form.name: form.figure for form in self.found.forms}

    @property
    def notes(self) -> list[str]:
        """Ties, silence, rounding, and what fixed point refuses."""
        refused = [f"fixed takes the nearest values (`saturate`): {self.refused}"]
        return [*notes(self.found), *(refused if self.refused else [])]


@dataclass(frozen=True)
class Plan:
    """How a network is fine-tuned.

    asked: how it answers. validation: the share of the samples that is held out. qat: the chip in
    whose integers it is trained (None: in float64), whose scales `calibrate` takes from the samples
    (None: every weight fits). module: the torch module that its graph was made of. source: where
    the network came from, to be told.
    """

    asked: Question = field(default_factory=Question)
    course: Course = field(default_factory=Course)
    validation: float = 0.2
    qat: str | None = None
    calibrate: str | None = None
    module: Any = None
    source: str = ""


@dataclass(frozen=True)
class FineTuned:
    """What came of it. refusals: of the chip that it was trained for. data: for scripts."""

    before: Judged
    after: Judged
    held_out: np.ndarray
    training: np.ndarray
    steps: int
    folder: RunFolder
    refusals: list[str]
    data: Mapping[str, Any]


def fine_tune(
    graph: nir.NIRGraph,
    pairs: Callable[[Program], Pairs],
    out: Path,
    plan: Plan | None = None,
    options: Options | None = None,
    progress: Progress | None = None,
) -> FineTuned:
    """Trains a network on samples, but for some by which it is judged before and after; `RunFolder`
    says what it leaves in the folder `out`.

    Raises what `assess` and `FineTuning` raise.
    """
    plan, options = plan or Plan(), options or Options()
    program = compile_graph(graph, "float", options).program
    refuse_drawn(program)
    found = pairs(program)
    lesson, samples = _lesson(program, found, plan)
    options = with_steps(options, samples)
    held, rest = held_out(samples.answers, plan.validation, plan.course.seed)
    learnt = samples.at(rest)
    asked = replace(
        plan.asked, output=lesson.output, readout=lesson.readout, rows=held.tolist(),
        by_membrane=lesson.by_membrane,
    )  # fmt: skip

    def judged(network: nir.NIRGraph, options: Options) -> Judged:
        try:
            return Judged(assess(network, lambda _: found, asked, options, progress))
        except UnsupportedError as error:
            options = replace(options, saturate=True)
            return Judged(assess(network, lambda _: found, asked, options, progress), str(error))

    with alone_in(out):
        folder = RunFolder(out, graph, plan.module)
        own = options
        if plan.calibrate is not None:
            own = calibrated(graph, options, learnt.data, plan.calibrate)
        tuning = FineTuning(
            graph,
            replace(lesson, data=learnt.data, answers=learnt.answers),
            plan.course,
            "fixed" if plan.qat else "float",
            own,
            frozen(plan.module, graph) if plan.module is not None else (),
        )
        before = judged(graph, options)
        data = {
            "settings": _settings(plan, lesson),
            "samples": {"training": len(rest), "held_out": len(held), "steps": samples.steps},
            "held_out": held.tolist(),
            "before": before.figures,
            "notes": {"before": before.notes},
        }
        records: list[dict[str, Any]] = []
        for record in tuning.epochs(progress):
            records.append(record)
            folder.write(tuning.graph, records, data)
        tuning.check()
        after = judged(read_nir(out / NETWORK), Options())
        data |= {
            "after": after.figures,
            "notes": {"before": before.notes, "after": after.notes},
            "epochs": records,
        }
        folder.write_metrics(data)
    fixed = compile_graph(tuning.graph, "fixed").program if plan.qat else None
    return FineTuned(
        before, after, held, rest, samples.steps, folder, refusals(fixed) if fixed else [], data
    )


def _lesson(program: Program, pairs: Pairs, plan: Plan) -> tuple[Lesson, Labelled]:
    """All samples as a lesson, and as they are."""
    output = output_of(program, plan.asked.output)
    layer = program.layer(program.outputs[output])
    samples = labelled(pairs, program, layer.size, plan.asked.class_names)
    spiking = layer.neuron.spiking
    readout = chosen(
        plan.asked.readout, spiking=spiking, regression=samples.regression, among=TRAINED_READOUTS
    )
    lesson = Lesson(
        samples.data,
        samples.answers,
        samples.steps,
        output,
        readout,  # type: ignore[arg-type]
        1.0 if plan.asked.scale is None else plan.asked.scale,
        by_membrane=spiking and plan.module is None and not samples.regression,
    )
    return lesson, samples


def _settings(plan: Plan, lesson: Lesson) -> dict[str, Any]:
    """What decides the result beside the network and its samples."""
    return {
        "source": plan.source,
        "output": lesson.output,
        "readout": lesson.readout,
        "scale": lesson.scale,
        "ties": "membrane" if lesson.by_membrane else "lowest",
        "validation": plan.validation,
        "qat": plan.qat,
        "calibrate": plan.calibrate,
        **asdict(plan.course),
    }
