"""Calibration of a file: its stimulus, the scales that follow, and what they do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import nir

from snnvae.deploy.compile import compile_graph
from snnvae.deploy.fixed.calibrate import LayerRange, calibrate, measure
from snnvae.inputs.stimulus_blocks import Source, nothing, stimulus_blocks
from snnvae.options import Options
from snnvae.program import Program
from snnvae.stimulus import Stimulus

SAMPLES = 16
SEED = 1
"""Other draws than those of a run with the default seed."""


def calibrated(
    graph: nir.NIRGraph,
    options: Options,
    method: str,
    file: Path | None = None,
    held_out: Source = nothing,
) -> Options:
    """The options with the scales that a stimulus gives."""
    program = compile_graph(graph, "float", options).program
    scales = calibrate(program, _stimulus(program, options, file, held_out), method)
    # All but max saturate what they must, knowingly.
    return replace(options, scales=scales, saturate=options.saturate or method != "max")


def ranges(
    graph: nir.NIRGraph, options: Options, file: Path | None = None, held_out: Source = nothing
) -> tuple[LayerRange, ...]:
    """Measures what the same stimulus does to each layer in fixed point."""
    exact = compile_graph(graph, "float", options).program
    fixed = compile_graph(graph, "fixed", options).program
    return measure(exact, fixed, _stimulus(exact, options, file, held_out))


def _stimulus(program: Program, options: Options, file: Path | None, held_out: Source) -> Stimulus:
    blocks = stimulus_blocks(
        program,
        None if file else SAMPLES,
        SAMPLES,
        seed=SEED,
        steps=options.steps,
        file=file,
        may_be_noise=True,
        held_out=held_out,
    )
    return next(blocks)
