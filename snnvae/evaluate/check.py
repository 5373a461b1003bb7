"""Every backend on one seeded stimulus, beside the reference."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

import nir

from snnvae.deploy.backends import CHECKED, DIALECTS, Backend, Peer
from snnvae.deploy.compile import compile_graph
from snnvae.deploy.dialects import dialect_named
from snnvae.deploy.run import run
from snnvae.deploy.settings import resolve
from snnvae.errors import ConfigError, UnsupportedError
from snnvae.evaluate.parity import LayerParity, all_agree, compare, compare_arrays
from snnvae.evaluate.peers import peer_rows
from snnvae.extras import require
from snnvae.inputs.stimulus_blocks import Source, nothing, stimulus_for, with_steps_of
from snnvae.options import Options
from snnvae.program import Precision, Program
from snnvae.progress import Progress
from snnvae.recording import Recording
from snnvae.shown import Columns, Shown, as_columns
from snnvae.stimulus import Stimulus

if TYPE_CHECKING:
    from snnvae.layers.model import SpikingModel


@dataclass(frozen=True)
class Check(Shown):
    """Rows for every peer and layer; peers that could not run, with the reason; the loops, which
    run in one process of ours in either Lava mode; silent: layers of which no spike was there to
    compare."""

    rows: tuple[LayerParity, ...]
    left_out: tuple[str, ...] = ()
    loops: tuple[tuple[str, ...], ...] = ()
    silent: tuple[str, ...] = ()

    @property
    def agrees(self) -> bool:
        """Tells whether something was compared, and every row of it agrees."""
        return all_agree(self.rows)

    def __repr__(self) -> str:
        peers = ", ".join(dict.fromkeys(row.peer for row in self.rows))
        wrong = sum(row.mismatches for row in self.rows)
        said = "agrees" if self.agrees else f"DIFFERS, {wrong:,} mismatching spikes"
        return f"<Check: {said}; {len(self.rows)} rows of {peers} beside the reference>"

    def columns(self) -> Columns:
        """A row per precision, peer and layer: spikes, mismatches, largest membrane difference."""
        return as_columns([f.name for f in fields(LayerParity)], map(astuple, self.rows))


def check(
    graph: nir.NIRGraph,
    *,
    samples: int | None = None,
    seed: int = 0,
    options: Options | None = None,
    file: Path | None = None,
    classes: Sequence[int] | None = None,
    model: SpikingModel | None = None,
    checkpoint: Path | None = None,
    backends: Sequence[Backend] = CHECKED,
    precisions: Iterable[Precision] = ("float", "fixed"),
    peers: Sequence[Peer] = (),
    held_out: Source = nothing,
    progress: Progress | None = None,
) -> Check:
    """One seeded stimulus through every backend, compared with the reference, layer by layer.

    file: the stimulus, else `held_out` samples, or noise; samples: by default all of the file, else
    64. In float also `peers`, other interpreters
    of NIR, and Norse if a trained model is given; checkpoint: where that was read, for messages.
    """
    options = with_steps_of(graph, options or Options(), file)
    rows: list[LayerParity] = []
    left_out: list[str] = []
    loops: tuple[tuple[str, ...], ...] = ()
    silent: dict[str, None] = {}
    for precision in precisions:
        program = compile_graph(graph, precision, options).program
        loops = program.groups
        stimulus = stimulus_for(
            program,
            samples,
            seed=seed,
            steps=options.steps,
            file=file,
            may_be_noise=True,
            classes=classes,
            held_out=held_out,
        )
        expected = run(program, stimulus, "reference", membranes=True, progress=progress)
        silent |= {
            layer.name: None
            for layer in program.layers
            if layer.neuron.spiking and not expected.spikes[layer.name].any()
        }
        if model is not None and precision == "float":
            rows += norse_rows(program, stimulus, expected, model, checkpoint)
        for peer in peers if precision == "float" else ():
            settings = resolve(graph, options)
            found, missing = peer_rows(peer, graph, settings, program, stimulus, expected)
            rows += found
            left_out += missing
        for backend in backends:
            if backend in DIALECTS and precision == "float":
                continue
            if backend in DIALECTS and (lacks := dialect_named(backend).lacking()):
                left_out.append(f"{backend}: {lacks}")
                continue
            try:
                other = run(program, stimulus, backend, membranes=True, progress=progress)
                if backend == "emulator":
                    # Without membranes to record it rounds weights: those spikes are compared.
                    alone = run(program, stimulus, backend, progress=progress)
                    other = replace(other, spikes=alone.spikes)
            except UnsupportedError as error:
                left_out.append(f"{backend}, {precision}: {error}")
                continue
            rows += compare(program, expected, backend, other)
    return Check(tuple(rows), tuple(left_out), loops, tuple(silent))


def norse_rows(
    program: Program,
    stimulus: Stimulus,
    expected: Recording,
    model: SpikingModel,
    checkpoint: Path | None = None,
) -> list[LayerParity]:
    """Norse's own cells, in float64, with the trained model's folded weights."""
    require("torch", "norse")
    from snnvae.train.trace import trace

    named = f"`checkpoint`{'' if checkpoint is None else f' {checkpoint}'}"
    part = program.origin.part
    if part is None:
        raise ConfigError(f"{named}: the file does not say which part of a model it is")
    if program.origin.model != model.config.model:
        raise ConfigError(
            f"{named}: holds a {model.config.model}, the file a {program.origin.model}; give "
            "the checkpoint that it was exported from"
        )
    try:
        norse = trace(model.folded(), part, stimulus.streams)
    except (RuntimeError, ValueError):
        raise ConfigError(
            f"{named}: its shapes are not those of the file; give the checkpoint that it was "
            "exported from"
        ) from None
    return compare_arrays(program, expected, "norse", norse.spikes, norse.membranes)
