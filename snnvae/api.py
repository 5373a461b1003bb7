"""The public functions that join several rooms; the others are themselves (`snnvae.__all__`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import nir
import numpy as np

from snnvae import energy
from snnvae.deploy.backends import RunResources, backend_named
from snnvae.deploy.compile import compile_graph
from snnvae.errors import ConfigError
from snnvae.evaluate.check import Check
from snnvae.evaluate.check import check as check_graph
from snnvae.evaluate.task.assess import TRACES, Question
from snnvae.evaluate.task.assess import assess as assess_graph
from snnvae.evaluate.task.assessment import Assessment
from snnvae.evaluate.task.readout import Readout
from snnvae.families import registry
from snnvae.hardware_sim.make_stimulus import build_stimulus, samples_in, with_sample_axis
from snnvae.inputs.pairs import Pairs, from_arrays, from_python
from snnvae.inputs.read_file import only_input
from snnvae.inputs.stimulus_blocks import NOISE_RATE, noise
from snnvae.linter.finding import Findings
from snnvae.options import Options
from snnvae.program import Precision, Program
from snnvae.recording import Recording
from snnvae.stimulus import Stimulus


def compile(  # noqa: A001  the verb that everybody looks for
    graph: nir.NIRGraph, precision: Precision = "float", **options: Any
) -> Program:
    """A NIR graph as a program that every backend runs.

    precision: "float" (float64, NIR's own arithmetic) or "fixed" (Loihi's integers: 8-bit weights,
    12-bit decays, 24-bit membranes). options: fields of `snnvae.options.Options`, for what the file
    leaves open: ``dt`` in seconds, ``steps`` per sample, ``reset``, ``initial``, ``integrator``,
    ``spike``, ``if_gain``, ``loop_bias``, or all at once by the tool's name, ``conventions``.

    Raises GraphError (malformed), UnsupportedError (beyond the compiler) or ConfigError (something
    that matters is stated nowhere), each naming the node.

    >>> import snnvae as sv
    >>> sv.compile(sv.read(sv.zoo.path("digits-esvae")), "fixed", steps=8)
    <Program: fixed, dt 0.001 s, 8 steps, 'z' → 4 layers of ... neurons, ... synapses → 'output'>
    """
    return compile_graph(graph, precision, Options(**options)).program


def lint(
    source: nir.NIRGraph | str | Path,
    *,
    data: str | Path | None = None,
    chip: str = "loihi2",
    **options: Any,
) -> Findings:
    """Tells by named rules what a NIR file, or a graph, does not say, has lost, or will meet.

    data: a file of inputs, by which layers are seen to be silent or saturated. chip: a name, or a
    TOML file. options: as for `compile`; they answer what the file leaves open. Of a graph in
    memory nothing is known of how a file holds it.

    >>> import snnvae as sv
    >>> sv.lint(sv.zoo.path("digits-esvae"))
    <Findings: 0 errors, 0 warnings, ... notes>
    """
    from snnvae.linter.run import lint as lint_graph

    given = source if isinstance(source, nir.NIRGraph) else Path(source)
    file = None if data is None else Path(data)
    return lint_graph(given, options=Options(**options), chip=chip, data=file)


def make_stimulus(
    program: Program,
    data: np.ndarray | Mapping[str, np.ndarray] | None = None,
    *,
    samples: int | Sequence[int] | None = None,
    steps: int | None = None,
    seed: int = 0,
    classes: Sequence[int] | None = None,
    evidence: Mapping[str, str] | None = None,
) -> Stimulus:
    """Makes what enters a program: from arrays of yours, and from what its own sampler draws.

    data: for the one input that takes data, or by input's name: (B, T, *shape), one sample
    (T, *shape), or for a constant input one value per sample (B, *shape); 0 and 1 for spikes, real
    numbers for analog inputs. Without it, the held-out images of the data set that the file names.
    samples: how many (default: as many as the data, else 1), or their indices, which with `seed`
    decide the draws: sample n is the same in any batch. steps: T, by default the data's, else the
    program's. classes: of a conditional model's samples, one each. evidence: of a sampler of
    tables, the values of some variables by name.

    DataError where data is missing or does not fit, ConfigError for classes, variables and values
    that the model lacks.

    >>> import numpy as np, snnvae as sv
    >>> program = sv.compile(sv.read(sv.zoo.path("digits-esvae")))
    >>> sv.make_stimulus(program, samples=4, seed=1)
    <Stimulus: 4 samples × 16 steps, seed 1, 'z' 32×1×1 ...% spikes>
    >>> sv.make_stimulus(program, np.zeros((2, 16, 32, 1, 1), bool))
    <Stimulus: 2 samples × 16 steps, seed 0, 'z' 32×1×1 0.0% spikes>
    """
    if data is None:
        given: dict[str, np.ndarray] = {}
    elif isinstance(data, Mapping):
        given = {name: np.asarray(values) for name, values in data.items()}
    else:
        given = {only_input(program): np.asarray(data)}
    given = with_sample_axis(given, program)
    if samples is None:
        samples = samples_in(given) if given else 1
    chosen = range(samples) if isinstance(samples, int) else tuple(samples)
    if data is None and chosen:
        given, labels = registry.held_out(program, chosen)
        classes = labels if classes is None else classes
    return build_stimulus(
        program, chosen, seed=seed, steps=steps, data=given, classes=classes, evidence=evidence
    )


def random_spikes(
    program: Program,
    *,
    samples: int = 1,
    steps: int | None = None,
    rate: float = NOISE_RATE,
    seed: int = 0,
) -> Stimulus:
    """Seeded noise for every input that takes data: spikes of a rate, or uniform analog values.

    rate: probability of a spike per input and step. steps: T, by default the program's. Inputs that
    the file's sampler feeds are drawn as by `make_stimulus`.

    >>> import nir, numpy as np, snnvae as sv
    >>> one = np.ones(3)
    >>> nodes = {
    ...     "input": nir.Input({"input": np.array([3])}),
    ...     "lif": nir.LIF(tau=0.01 * one, r=20 * one, v_leak=0 * one, v_threshold=one),
    ...     "output": nir.Output({"output": np.array([3])}),
    ... }
    >>> graph = nir.NIRGraph(nodes, [("input", "lif"), ("lif", "output")])
    >>> program = sv.compile(graph, dt=1e-3, initial="v_reset", steps=100)
    >>> stimulus = sv.random_spikes(program, samples=2, rate=0.5)
    >>> stimulus.streams["input"].shape
    (2, 100, 3)
    """
    chosen = range(samples)
    given = noise(program, chosen, steps or program.steps, seed, rate=rate)
    return build_stimulus(program, chosen, seed=seed, steps=steps, data=given)


def check(
    graph: nir.NIRGraph,
    *,
    samples: int,
    seed: int = 0,
    checkpoint: Path | None = None,
    **options: Any,
) -> Check:
    """One seeded stimulus through every backend, compared with the reference, layer by layer.

    samples: how many; options: as `snnvae.options.Options`. file: the stimulus, else the file's
    own data set, or noise. In float also `peers`, other interpreters of NIR, and Norse if a
    checkpoint is given. Spikes must be the same, of fixed point every bit of the membranes.

    >>> import snnvae as sv
    >>> sv.check(sv.read(sv.zoo.path("digits-esvae")), samples=2, backends=["emulator"])
    <Check: agrees; 8 rows of emulator beside the reference>
    """
    found = None if checkpoint is None else registry.load_spiking(checkpoint)[1]
    return check_graph(
        graph,
        samples=samples,
        seed=seed,
        model=found,
        checkpoint=checkpoint,
        held_out=registry.held_out,
        **options,
    )


def assess(
    graph: nir.NIRGraph,
    data: np.ndarray | Mapping[str, np.ndarray] | Any,
    labels: np.ndarray | Sequence[Any] | None = None,
    *,
    targets: np.ndarray | None = None,
    readout: Readout | None = None,
    output: str | None = None,
    top_k: int | None = None,
    scale: float | None = None,
    class_names: Sequence[str] = (),
    samples: int | None = None,
    seed: int = 0,
    precisions: Sequence[Precision] = ("float", "fixed"),
    backends: Sequence[str] = ("emulator",),
    module: Any = None,
    over_time: bool | None = None,
    explain: bool = False,
    max_memory: int | None = None,
    **options: Any,
) -> Assessment:
    """How well a network knows the samples of yours, in float, in fixed point, and as it was
    trained.

    data: as of `make_stimulus`, or (B, *shape) to be given at all ``steps``; alone, pairs (x, y) or
    a torch Dataset of such. labels: the class of each sample, whole numbers or names (see
    `class_names`, in the outputs' order); or targets: (B, outputs), the values to be met. readout:
    "count", "first-spike" or "rate" of spikes, "last", "mean" or "max" of membranes; by default
    what the output layer and the task suggest. scale: of a rate. backends: the first runs the forms
    that are compared. module: the torch module that the graph came from; over_time: as of
    `from_norse`. explain: compare membranes and trace samples whose answer flips, for
    `Assessment.page`. options: as of `compile`.

    DataError for samples that do not fit, ConfigError for what cannot be asked of this network.

    >>> import numpy as np, snnvae as sv
    >>> graph = sv.read(sv.zoo.path("digits-esvae"))
    >>> spikes = np.random.default_rng(0).random((8, 16, 32, 1, 1)) < 0.3
    >>> sv.assess(graph, spikes, np.arange(8))
    <Assessment: 8 samples, accuracy float 0..., fixed 0..., ... flips>
    """
    if targets is not None and labels is not None:
        raise ConfigError("give `labels` of a classifier or `targets` of a regression, not both")

    def pairs(program: Program) -> Pairs:
        answers = labels if targets is None else targets
        if answers is None:
            return from_python(program, data, "the data", samples)
        return from_arrays(program, data, answers, regression=targets is not None)

    first, *others = (backend_named(backend) for backend in backends)
    asked = Question(
        precisions=precisions,
        backend=first,
        beside=others,
        output=output,
        readout=readout,
        top_k=top_k,
        scale=scale,
        class_names=class_names,
        samples=samples,
        seed=seed,
        traces=TRACES if explain else None,
        module=module,
        over_time=over_time,
        resources=RunResources(max_memory=max_memory),
    )
    return assess_graph(graph, pairs, asked, Options(**options))


def price(
    program: Program,
    recording: Recording,
    profile: str | energy.Profile = "horowitz45-memory",
) -> energy.EnergyReport:
    """Prices a run, per sample and in pJ, beside the ANN of the same topology: an estimate.

    Exact counts times published prices. profile: a name that `profiles` lists, or the path of a
    TOML file of yours. DataError where the recording is not of this program, ConfigError for a
    profile that is not there.

    >>> import snnvae as sv
    >>> program = sv.compile(sv.read(sv.zoo.path("digits-esvae")), "fixed")
    >>> recording = sv.run(program, sv.make_stimulus(program, samples=4))
    >>> sv.price(program, recording, "horowitz45")
    <EnergyReport: horowitz45, ...J per sample of 16 steps, ... times 'ANN int8, ...', estimated>
    """
    chosen = energy.load_profile(str(profile)) if isinstance(profile, (str, Path)) else profile
    return energy.estimate(program, recording, chosen)
