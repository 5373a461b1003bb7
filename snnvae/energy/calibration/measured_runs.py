"""Runs out of measured rows: repetitions averaged, and how noisy a run's power is.

A run's dynamic power P is the mean of ``total_w − static_w`` over its repetitions; its rates are
events per second. The noise of P comes from the first of these that the figures have:

    power_sd_w     σ² = Σ power_sd_w² / n²            of the run's n rows
    repetitions    σ² = s² / n,  s² = Σ (P_row − P_run)² / (rows − runs)   over all runs
    residual       σ² ∝ 1 / n, its size found by the fit
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from snnvae.energy.calibration.figures import Figures, Row
from snnvae.errors import DataError

NoiseOrigin = Literal["power_sd_w", "repetitions", "residual"]
ALIKE = 0.2
"""Repetitions repeat one workload: their counts per step lie within 20 % of the run's mean."""
_ROUNDING = 1e-12
"""Powers that differ by less, relative to their size, are equal."""


@dataclass(frozen=True, eq=False)
class MeasuredRuns:
    """R runs. power: W (R,); rates: events per second (R, counters); sd: of power, W (R,).

    sd is in units of an unknown one where origin is "residual". freedom: degrees of freedom of the
    sd, infinite for power_sd_w and 0 for "residual". rows: number of rows of each run.
    """

    names: tuple[str, ...]
    counters: tuple[str, ...]
    power: np.ndarray
    rates: np.ndarray
    rows: np.ndarray
    sd: np.ndarray
    freedom: float
    origin: NoiseOrigin


def measured_runs(figures: Figures, counters: Sequence[str]) -> MeasuredRuns:
    """Average the repetitions. DataError where rows of one run are of different workloads."""
    groups: dict[str, list[Row]] = {}
    for row in figures.rows:
        groups.setdefault(row.run, []).append(row)
    for name, rows in groups.items():
        _check_alike(figures, name, rows, counters)
    rates = [
        np.mean([[row.numbers[c] / row.seconds for c in counters] for row in rows], axis=0)
        for rows in groups.values()
    ]
    powers = [np.array([row.dynamic_w for row in rows]) for rows in groups.values()]
    number = np.array([len(rows) for rows in groups.values()])
    sd, freedom, origin = _noise(figures, list(groups.values()), powers)
    return MeasuredRuns(
        names=tuple(groups),
        counters=tuple(counters),
        power=np.array([p.mean() for p in powers]),
        rates=np.array(rates),
        rows=number,
        sd=sd,
        freedom=freedom,
        origin=origin,
    )


def _noise(
    figures: Figures, groups: list[list[Row]], powers: list[np.ndarray]
) -> tuple[np.ndarray, float, NoiseOrigin]:
    """sd of each run's power, its degrees of freedom, and where it comes from."""
    number = np.array([len(p) for p in powers], float)
    if "power_sd_w" in figures.columns:
        given = [np.array([row.numbers["power_sd_w"] for row in rows]) for rows in groups]
        return np.array([np.sqrt((s**2).sum()) / len(s) for s in given]), np.inf, "power_sd_w"
    freedom = number.sum() - len(powers)
    squares = sum(float(((p - p.mean()) ** 2).sum()) for p in powers)
    scale = max(abs(float(p.mean())) for p in powers)
    if freedom and np.sqrt(squares / freedom) > _ROUNDING * scale:
        return np.sqrt(squares / freedom / number), float(freedom), "repetitions"
    return 1 / np.sqrt(number), 0.0, "residual"


def _check_alike(figures: Figures, name: str, rows: list[Row], counters: Sequence[str]) -> None:
    for counter in counters:
        per_step = np.array([row.numbers[counter] / row.numbers["steps"] for row in rows])
        far = np.abs(per_step - per_step.mean()) > ALIKE * per_step.mean()
        if far.any():
            line = rows[int(far.argmax())].line
            raise DataError(
                f"{figures.name}, line {line}: '{counter}' per step is more than {ALIKE:.0%} off "
                f"the mean of run '{name}'; rows of one name are repetitions of one workload: give "
                "other workloads other names"
            )
