"""Events at times → a grid of steps.

NIR's own `EventData.to_time_gridded` rounds `time / dt` down as it comes: at dt = 1e-4 it puts the
event of step 3, at 3e-4 s, into step 2.
"""

from __future__ import annotations

import math

import numpy as np

from snnvae.errors import DataError
from snnvae.hdf5_check import MAX_BYTES

TOLERANCE = 1e-6
"""Of a step: how far before its beginning an event still belongs to it."""


def step_count(duration: float, dt: float) -> int:
    """Steps that cover a duration; a millionth of a step more needs no further one."""
    steps = duration / dt
    if not 0 < steps < 1 << 40:
        raise DataError(f"has t_max = {duration:g} s; give the time that it covers")
    return max(1, math.ceil(steps - TOLERANCE * max(1.0, steps)))


def steps_of(time: np.ndarray, dt: float) -> np.ndarray:
    """The step of each time: the one that begins there, else the one during which it is.

    "There" means as well as the time's own floating point tells.
    """
    if not np.isfinite(time).all():
        raise DataError("has an event at a time that is not finite; give it one, or idx −1")
    exact = time.astype(np.float64) / dt
    nearest = np.rint(exact)
    precision = float(np.finfo(time.dtype).eps) if time.dtype.kind == "f" else 0.0
    near = np.abs(exact - nearest) <= np.maximum(TOLERANCE, 4 * precision * np.abs(exact))
    return np.where(near, nearest, np.floor(exact))


def check_room(samples: int, steps: int, size: int, dtype: np.dtype) -> None:
    """DataError if the grid would be larger than any file may be."""
    if samples * steps * size * dtype.itemsize > MAX_BYTES:
        raise DataError(
            f"would take {samples} samples × {steps} steps × {size} neurons, over "
            f"{MAX_BYTES >> 30} GiB; split it, or mend t_max"
        )


def to_grid(
    index: np.ndarray, time: np.ndarray, value: np.ndarray | None, dt: float, steps: int, size: int
) -> np.ndarray:
    """(samples, steps, size): True at each event, or its value.

    index, time, value: (samples, events); no event where index is −1. Events of one neuron in one
    step are one spike; two values are refused.
    """
    sample, event = np.nonzero(index != -1)
    neuron, step = index[sample, event], steps_of(time[sample, event], dt)
    for what, numbers, end in (("of neuron", neuron, size), ("in step", step, steps)):
        wrong = numbers[(numbers < 0) | (numbers >= end)]
        if wrong.size:
            raise DataError(f"has an event {what} {wrong[0]:.0f}, but there are 0 to {end - 1}")
    place = (sample, step.astype(np.int64), neuron)
    grid = np.zeros((len(index), steps, size), bool)
    grid[place] = True
    if value is None:
        return grid
    if grid.sum() < len(sample):
        raise DataError("has two values for one neuron in one step; sum them, or keep one")
    values = np.zeros(grid.shape)
    values[place] = value[sample, event]
    return values
