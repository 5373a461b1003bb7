"""Runs out of measured rows: repetitions averaged, and how noisy a run's power is.

A run's dynamic power is the mean of ``total_w − static_w`` over its n rows; its rates are events
per second. The noise σ of that power comes from the first of these that the figures have:

    power_sd_w     σ² = Σ power_sd_w² / n²
    repetitions    σ² = s² / n,  s² = Σ (P_row − P_run)² / (rows − runs)   over all runs
    residual       σ² ∝ 1 / n, its size found by the fit
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np

from snnvae.energy.calibration.figures import Figures, Row
from snnvae.errors import DataError

Noise = Literal["power_sd_w", "repetitions", "residual"]
ALIKE = 0.2
"""Repetitions repeat one workload: their counts per step lie within 20 % of the run's mean."""
_ROUNDING = 1e-12
"""Powers that differ by less, relative to their size, are equal."""
_KNOWN = 1e9
"""Degrees of freedom of a noise that is known."""


@dataclass(frozen=True, eq=False)
class MeasuredRuns:
    """R runs of so many rows. power: W (R,); rates: events per second (R, counters); sd: of power,
    W (R,), in an unknown unit for "residual", which has 0 degrees of freedom."""

    names: tuple[str, ...]
    rows: tuple[int, ...]
    power: np.ndarray
    rates: np.ndarray
    sd: np.ndarray
    freedom: float
    noise: Noise


def measured_runs(figures: Figures, counters: Sequence[str]) -> MeasuredRuns:
    """Average the repetitions. DataError where rows of one run are of different workloads."""
    runs: dict[str, list[Row]] = {}
    for row in figures.rows:
        runs.setdefault(row.run, []).append(row)
    for rows in runs.values():
        _check_alike(figures.name, rows, counters)
    powers = [np.array([row.dynamic_w for row in rows]) for rows in runs.values()]
    power = np.array([p.mean() for p in powers])
    number = np.array([len(p) for p in powers])
    rates = [[np.mean([row.rate(c) for row in rows]) for c in counters] for rows in runs.values()]
    averaged = partial(MeasuredRuns, tuple(runs), tuple(number.tolist()), power, np.array(rates))
    if "power_sd_w" in figures.columns:
        sums = [sum(row.numbers["power_sd_w"] ** 2 for row in rows) for rows in runs.values()]
        return averaged(np.sqrt(sums) / number, _KNOWN, "power_sd_w")
    freedom = float(number.sum() - len(runs))
    spread = np.sqrt(sum(((p - p.mean()) ** 2).sum() for p in powers) / (freedom or np.inf))
    if spread > _ROUNDING * np.abs(power).max():
        return averaged(spread / np.sqrt(number), freedom, "repetitions")
    return averaged(1 / np.sqrt(number), 0.0, "residual")


def _check_alike(name: str, rows: list[Row], counters: Sequence[str]) -> None:
    for counter in counters:
        per_step = np.array([row.numbers[counter] / row.numbers["steps"] for row in rows])
        far = np.abs(per_step - per_step.mean()) > ALIKE * per_step.mean()
        if far.any():
            raise DataError(
                f"{name}, line {rows[int(far.argmax())].line}: '{counter}' per step is more than "
                f"{ALIKE:.0%} off the mean of run '{rows[0].run}'; rows of one name are "
                "repetitions of one workload: give other workloads other names"
            )
