"""All forms of a network on the same labelled samples: as trained, in float, in fixed point."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import nir
import numpy as np

from snnvae.deploy.backends import Backend, RunResources
from snnvae.deploy.compile import Compiled, compile_graph
from snnvae.deploy.run import check_backend, samples_at_once
from snnvae.errors import BackendError, ConfigError, DataError, SnnvaeError, UnsupportedError
from snnvae.evaluate.task.assessment import Assessment
from snnvae.evaluate.task.classification import Change, Classified
from snnvae.evaluate.task.deployed import DeployedRun
from snnvae.evaluate.task.divergence import Divergence
from snnvae.evaluate.task.module import ModuleRun
from snnvae.evaluate.task.readout import Readout, chosen, takes_membranes
from snnvae.evaluate.task.regression import Drift, Regressed
from snnvae.evaluate.task.traces import trace_samples
from snnvae.hardware_sim.fast.memory import kept
from snnvae.hardware_sim.make_stimulus import build_stimulus
from snnvae.inputs.labelled import LARGEST, Labelled, labelled
from snnvae.inputs.pairs import Pairs
from snnvae.machine import memory
from snnvae.options import Options
from snnvae.plain_text import counted
from snnvae.program import Precision, Program
from snnvae.progress import Progress
from snnvae.recording import Recording
from snnvae.stimulus import Stimulus

CHUNK = 256
"""Samples at a time at most; any number gives the same answers."""
MOST_TOP = 3
"""Best answers that count, unless it is said."""
TRACES = 5
"""Samples that are looked at from close by."""


@dataclass(frozen=True)
class Question:
    """What is asked of a network.

    precisions: of the deployed forms. backend: that they run on; beside: others, each a row more.
    output: the one that answers, if there are several. readout: None: the first that is possible.
    top_k: so many best answers count. scale: of a rate, to be the value. class_names: of the
    outputs, in their order. samples: the first ones (None: all). traces: so many samples that
    change are traced, and the membranes compared; None: neither. over_time: as of `ModuleRun`.
    rows: of the samples these only, by number (None: all). by_membrane: equal best counts of spikes
    go to the higher membrane after the last step, unless there is a module, which has none to show;
    else to the lower number.
    """

    precisions: Sequence[Precision] = ("float", "fixed")
    backend: Backend = "emulator"
    beside: Sequence[Backend] = ()
    output: str | None = None
    readout: Readout | None = None
    top_k: int | None = None
    scale: float | None = None
    class_names: Sequence[str] = ()
    samples: int | None = None
    seed: int = 0
    traces: int | None = None
    module: Any = None
    over_time: bool | None = None
    rows: Sequence[int] | None = None
    by_membrane: bool = True
    resources: RunResources = field(default_factory=RunResources)


def assess(
    graph: nir.NIRGraph,
    pairs: Callable[[Program], Pairs],
    asked: Question | None = None,
    options: Options | None = None,
    progress: Progress | None = None,
) -> Assessment:
    """Runs every form on all samples and compares their answers with those that are known.

    pairs: the samples of a program. Raises what compiling and running raise, DataError for samples
    that do not fit, and ConfigError for what cannot be asked of this network.
    """
    asked, options = asked or Question(), options or Options()
    program = compile_graph(graph, "float", options).program
    output = output_of(program, asked.output)
    layer = program.layer(program.outputs[output])
    samples = labelled(pairs(program), program, layer.size, asked.class_names, asked.samples)
    readout = chosen(asked.readout, spiking=layer.neuron.spiking, regression=samples.regression)
    _check(asked, samples, readout, layer.size)
    options = with_steps(options, samples)
    if asked.rows is not None:
        samples = samples.at(np.asarray(asked.rows))
    precisions = dict.fromkeys(("float", *asked.precisions))
    compiled = {p: compile_graph(graph, p, options) for p in precisions}
    runs = _Runs(asked, compiled, samples, output, readout, progress)
    runs.run()
    return runs.assessment()


def output_of(program: Program, name: str | None) -> str:
    """The output that answers; ConfigError where it is not said which of several."""
    names = tuple(program.outputs)
    if name is None and len(names) == 1:
        return names[0]
    if name not in names:
        said = "say which one answers by `output`" if name is None else f"`output` {name[:40]}"
        raise ConfigError(f"{said}: the network's outputs are {', '.join(names)}")
    return name


def with_steps(options: Options, samples: Labelled) -> Options:
    """The options with the samples' steps; DataError where they say others."""
    if options.steps not in (None, samples.steps):
        raise DataError(
            f"`steps` {options.steps}: the samples have {samples.steps}; leave `steps` out"
        )
    return replace(options, steps=samples.steps)


def usual_top_k(classes: int) -> int:
    """How many best answers count where nobody says: never all of the classes."""
    return max(1, min(MOST_TOP, classes - 1))


def _check(asked: Question, samples: Labelled, readout: Readout, outputs: int) -> None:
    """ConfigError for options that do not go together."""
    if asked.scale is not None and readout != "rate":
        raise ConfigError("`scale` is for values read from a rate; leave it out")
    if asked.scale is not None and not abs(asked.scale) <= LARGEST:
        raise ConfigError(
            f"`scale` {asked.scale} is not within ±{LARGEST:g}; give the value of a rate of 1"
        )
    if asked.top_k is not None and (samples.regression or not 1 <= asked.top_k <= outputs):
        what = "targets" if samples.regression else counted(outputs, "output")
        raise ConfigError(f"`top_k` {asked.top_k} is not for {what}; give fewer, or leave it out")
    if not samples.regression and outputs == 1:
        raise ConfigError(
            "the network has one output, whose class is always the same; give an output to each "
            "class, or `targets`"
        )


class _Runs:
    """The forms of one network, run side by side on a block of samples after another."""

    def __init__(
        self,
        asked: Question,
        compiled: dict[Precision, Compiled],
        samples: Labelled,
        output: str,
        readout: Readout,
        progress: Progress | None,
    ) -> None:
        self._asked, self._compiled, self._samples = asked, compiled, samples
        self._output, self._readout, self._progress = output, readout, progress
        self._programs = {p: found.program for p, found in compiled.items()}
        program = self._programs["float"]
        spiking = program.layer(program.outputs[output]).neuron.spiking
        # What torch hands out has no membrane beside its spikes: all rows then go by the number.
        decided = asked.by_membrane and asked.module is None
        self._by_membrane = spiking and decided and not samples.regression
        both = {"float", "fixed"} <= {*asked.precisions}
        self._divergence = Divergence(program, self._programs["fixed"]) if both else None
        self._module = self._module_run()
        self._module_scores: list[np.ndarray] = []
        self._left_out: list[str] = []
        forms = len(asked.precisions) * (1 + len(asked.beside))
        most = asked.resources.max_memory
        self._resources = replace(
            asked.resources, max_memory=None if most is None else max(1, most // forms)
        )
        self._forms = {
            (precision, backend): self._form(precision, backend)
            for backend in dict.fromkeys((asked.backend, *asked.beside))
            for precision in asked.precisions
        }

    def _module_run(self) -> ModuleRun | None:
        if self._asked.module is None:
            return None
        return ModuleRun(
            self._asked.module,
            self._programs["float"],
            self._output,
            self._readout,
            self._samples.steps,
            self._asked.over_time,
        )

    def _form(self, precision: Precision, backend: Backend) -> DeployedRun:
        main = backend == self._asked.backend
        return DeployedRun(
            precision if main else f"{precision}, {backend}",
            self._programs[precision],
            backend,
            self._output,
            self._readout,
            membranes=takes_membranes(self._readout) or (main and self._asked.traces is not None),
            by_membrane=self._by_membrane,
            beside=not main,
            resources=self._resources,
            progress=self._progress,
        )

    def run(self) -> None:
        """Runs all samples; what a backend cannot do is known before any work."""
        self._check_backends()
        for stimulus in self._blocks(self._at_once()):
            found: dict[str, Recording] = {}
            for key, form in list(self._forms.items()):
                try:
                    recording = form.add(stimulus)
                except UnsupportedError as error:
                    self._leave_out(key, error)
                    continue
                if not form.beside:
                    found[form.name] = recording
            if self._divergence is not None:
                self._divergence.add(found["float"], found["fixed"])
            if self._module is not None:
                (data,) = stimulus.streams.values()
                self._module_scores.append(self._module.scores(data))

    def _check_backends(self) -> None:
        """Leaves out what a further backend has no way to do; what does not run here is an error,
        which names the backend as it was asked for."""
        stimulus = self._stimulus(range(1))
        for key, form in list(self._forms.items()):
            try:
                check_backend(form.program, stimulus, form.backend, form.resources)
            except (UnsupportedError, ConfigError) as error:
                self._leave_out(key, error)
            except BackendError as error:
                raise BackendError(f"{form.asked}: {error}") from None

    def _leave_out(self, key: tuple[Precision, Backend], error: SnnvaeError) -> None:
        """Goes on without a form of a further backend; raises the error of any other."""
        form = self._forms[key]
        if not form.beside:
            raise type(error)(f"{form.asked}: {error}") from None
        self._left_out.append(f"{form.name}: {error}")
        del self._forms[key]

    def _at_once(self) -> int:
        """How many samples a block may have, whose recordings are held side by side."""
        forms, steps = self._forms.values(), self._samples.steps
        most = min(CHUNK, len(self._samples))
        if self._resources.max_memory is None:
            each = sum(kept(form.program, steps, form.membranes) for form in forms)
            return max(1, min(most, memory() // 2 // max(each, 1)))
        return min(
            samples_at_once(form.program, steps, most, form.resources, form.membranes)
            for form in forms
        )

    def _blocks(self, size: int) -> Iterator[Stimulus]:
        for start in range(0, len(self._samples), size):
            yield self._stimulus(range(start, min(start + size, len(self._samples))))

    def _stimulus(self, rows: range) -> Stimulus:
        return build_stimulus(
            self._programs["float"],
            rows,
            seed=self._asked.seed,
            steps=self._samples.steps,
            data=self._samples.take(rows),
        )

    def _answers(self) -> tuple[Classified, ...] | tuple[Regressed, ...]:
        """All forms' answers beside those that are known: the module's first."""
        samples, scale = self._samples, 1.0 if self._asked.scale is None else self._asked.scale
        outcomes = [form.outcome(scale) for form in self._forms.values()]
        if self._module is not None:
            scores = np.concatenate(self._module_scores)
            outcomes.insert(0, self._module.outcome(scores, scale))
        if samples.regression:
            return tuple(Regressed(outcome, samples.answers) for outcome in outcomes)
        return tuple(Classified.of(one, samples.answers, samples.classes) for one in outcomes)

    def _change(self, forms: Sequence[Classified | Regressed]) -> Change | Drift:
        """What fixed point changes of the answers."""
        by_name, numbers = {form.name: form for form in forms}, range(len(self._samples))
        before, after = by_name["float"], by_name["fixed"]
        if isinstance(before, Classified) and isinstance(after, Classified):
            return Change.of(before, after, numbers)
        assert isinstance(before, Regressed)
        assert isinstance(after, Regressed)
        return Drift.of(before, after, numbers)

    def assessment(self) -> Assessment:
        """What all runs together say."""
        asked, samples = self._asked, self._samples
        found = Assessment(
            forms=self._answers(),
            classes=samples.classes,
            backend=asked.backend,
            steps=samples.steps,
            output=self._output,
            readout=self._readout,
            by_membrane=self._by_membrane,
            top_k=asked.top_k or usual_top_k(len(samples.classes)),
            left_out=tuple(self._left_out),
            report=self._compiled["fixed"].report if "fixed" in self._compiled else (),
            digest=self._programs["float"].digest(),
        )
        if self._divergence is None:
            return found
        change = self._change(found.forms)
        return replace(
            found,
            change=change,
            layers=self._divergence.layers(),
            first=self._divergence.first,
            traces=tuple(
                trace
                for n in change.changed[: asked.traces or 0]
                for trace in trace_samples(self._programs, self._stimulus(range(n, n + 1)))
            ),
        )
