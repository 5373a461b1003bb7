"""How many samples a run holds at once, its counting and writing included, and what all need."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from math import prod
from pathlib import Path

from snnvae.commands.run_outputs import FEWEST_SHOWN
from snnvae.deploy.backends import RunResources
from snnvae.deploy.run import samples_at_once
from snnvae.errors import ConfigError, OutputError
from snnvae.machine import bytes_text
from snnvae.program import Program

_INDEX = 64
"""Bytes of a sample's number, in a list and as text, and of its class."""
_COUNTS = 8 * 2
"""Bytes of one count of one sample, twice while blocks are joined."""
_OF_CONNECTION, _OF_LAYER, _OF_INPUT = 10, 5, 1
"""Counts of each (see `hardware_sim.counts`), and of the ANN twin."""
_VALUES = 8 * 6
"""Bytes of a neuron while a block is counted: the ANN twin's values, sums over the steps."""


def plan(
    programs: Sequence[Program], steps: int, samples: int, resources: RunResources, membranes: bool
) -> tuple[int, RunResources]:
    """How many samples a block may have, and what each of the programs after one another may take.

    ConfigError where a sample takes more than `max_memory`, and where what is kept of each sample
    until the end, its counts, leaves too little of it.
    """

    def fit(each: RunResources, count: int) -> int:
        return min(samples_at_once(p, steps, count, each, membranes) for p in programs)

    if resources.max_memory is None:
        return fit(resources, samples), resources
    each = replace(resources, max_memory=resources.max_memory // len(programs))
    fit(each, 1)
    kept = samples * _kept(programs[-1])
    if kept > resources.max_memory * 3 // 4:
        enough = bytes_text(kept * 3 // 2).replace(" ", "")  # as the option takes it
        raise ConfigError(
            f"--samples {samples:,}: their counts alone take {bytes_text(kept)}, and half as much "
            f"is needed beside them; give --max-memory {enough}, or run fewer"
        )
    each = replace(resources, max_memory=(resources.max_memory - kept) // len(programs))
    size = max(_VALUES * _neurons(p) for p in programs)
    return max(1, min(fit(each, samples), (each.max_memory or 0) // size)), each


def _kept(program: Program) -> int:
    """Bytes that are kept of each sample until the end."""
    counts = _OF_CONNECTION * len(program.connections) + _OF_LAYER * len(program.layers)
    return _INDEX + _COUNTS * (counts + _OF_INPUT * len(program.inputs))


def _neurons(program: Program) -> int:
    inputs = sum(prod(port.shape) for port in program.inputs)
    return max(1, inputs + sum(layer.size for layer in program.layers))


def shown(program: Program, resources: RunResources) -> int | None:
    """How many samples pictures show, for which they are kept; None for all."""
    if resources.max_memory is None:
        return None
    size = 8 * sum(program.layer(name).size for name in program.outputs.values())
    return max(FEWEST_SHOWN, resources.max_memory // 4 // max(size, 1))


def check_disk(out: Path, written: int, done: int, samples: int) -> int:
    """The bytes that all samples' recordings take, by those of the first ones.

    OutputError where the disk has no room for them.
    """
    needed = written * samples // done
    free = shutil.disk_usage(out).free
    if needed - written > free:
        raise OutputError(
            f"{out}: the recordings of {samples} samples take about {bytes_text(needed)}, and "
            f"{bytes_text(free)} are free; make room, or run fewer samples"
        )
    return needed
