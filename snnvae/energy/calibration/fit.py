"""Prices per event that explain the power measured in several runs.

    P_r = Σ_i rate_ri · e_i + ε_r,    e_i ≥ 0,    ε_r ~ N(0, σ_r²)

P_r is a run's dynamic power, rate_ri the events of kind i per second: the run's dynamic energy is
Σ count · e, both sides divided by its time, as it is the power that the meter is unsure of. Found
by non-negative least squares, each run weighted by 1/σ_r² (see `runs`).

**Intervals** are Student's, 95 %, of the fit without the constraint: exact for few runs, and true
whatever the constraint does. Where it holds a price at 0 it shifts the others; so each interval is
joined with an equally wide one around the constrained price, and cut at 0. The size of the noise
is that of the runs and of the residual together, or of the residual alone where the noise does not
explain it (an F test at 5 %). A price whose interval reaches 0 is *not resolved*.
"""

from __future__ import annotations

import numpy as np
from scipy import stats
from scipy.optimize import nnls

from snnvae.energy.calibration.figures import Figures
from snnvae.energy.calibration.found import Calibration, FittedPrice, FittedRun
from snnvae.energy.calibration.runs import MeasuredRuns, measured_runs
from snnvae.energy.interval import Interval
from snnvae.errors import DataError

PJ = 1e-12
LEVEL = 0.95
SIGMAS = 2.0
"""Dynamic power must exceed its noise this many times."""
MAX_CONDITION = 30.0
"""Of the weighted rates, each column scaled to length 1 (Belsley, Kuh and Welsch, 1980)."""
PLAUSIBLE_PJ = (1e-6, 1e9)
"""From an attojoule to a millijoule per event."""
_TERMS = {
    "syn_ops": "sop",
    "dendrite_updates": "update",
    "axon_out": "message",
    "spikes_in": "message",
}


def calibrate(figures: Figures) -> Calibration:
    """Fit prices to figures. DataError where they cannot tell any, with what would."""
    counters = [c for c in _TERMS if c in figures.columns]
    if {"axon_out", "spikes_in"} <= set(counters):
        counters.remove("spikes_in")  # it counts the messages of axon_out where they arrive
    runs = measured_runs(figures, counters)
    left = len(runs.names) - len(counters)
    if left < 1:
        raise DataError(
            f"{figures.name}: {len(runs.names)} runs for {len(counters)} prices "
            f"({', '.join(counters)}); give {len(counters) + 1} runs of different workloads or "
            "more, or fewer counters (repetitions of a run count once)"
        )
    rates = runs.rates * PJ / runs.sd[:, None]
    _check_apart(figures.name, counters, rates)
    prices, chi2, size, misfit = _fit(rates, runs.power / runs.sd, runs.freedom)
    sd = runs.sd * (size if runs.noise == "residual" else 1.0)
    _check_above_noise(figures.name, runs, sd)
    fitted = runs.rates @ np.array([price.nominal for price in prices]) * PJ
    by_run = zip(runs.names, runs.rows, runs.power.tolist(), sd.tolist(), fitted.tolist())
    weights = 1 / runs.sd**2
    spread = weights @ (runs.power - np.average(runs.power, weights=weights)) ** 2
    found = Calibration(
        figures=figures,
        prices=tuple(FittedPrice(_TERMS[c], c, price) for c, price in zip(counters, prices)),
        runs=tuple(FittedRun(*run) for run in by_run),
        noise=runs.noise,
        residual_w=float(np.sqrt(chi2 / weights.mean() / left)),
        r_squared=float(1 - chi2 / spread) if spread > 0 else None,
        misfit=misfit,
    )
    _check_prices(found)
    return found


def _fit(
    rates: np.ndarray, power: np.ndarray, freedom: float
) -> tuple[list[Interval], float, float, bool]:
    """Prices, χ², the noise in units of its sd (with so much freedom), whether it is a misfit.

    rates (R, prices) and power (R,) are in units of the sd of each run.
    """
    lengths = np.linalg.norm(rates, axis=0)
    scaled = rates / lengths
    prices, distance = nnls(scaled, power)
    inverse = np.linalg.pinv(scaled)
    free = inverse @ power
    chi2, left = distance**2, len(power) - len(prices)
    misfit = bool(freedom and chi2 / left > stats.f.ppf(LEVEL, left, freedom))
    known = 0.0 if misfit else freedom
    size = float(np.sqrt((known + chi2) / (known + left)))
    reach = stats.t.ppf((1 + LEVEL) / 2, known + left) * size * np.linalg.norm(inverse, axis=1)
    low = np.maximum(np.minimum(free, prices) - reach, 0)
    high = np.maximum(free, prices) + reach
    ends = np.stack([low, prices, high], axis=1) / lengths[:, None]
    return [Interval(*of_price) for of_price in ends.tolist()], chi2, size, misfit


def _check_apart(name: str, counters: list[str], rates: np.ndarray) -> None:
    lengths = np.linalg.norm(rates, axis=0)
    for counter, length in zip(counters, lengths):
        if not length:
            raise DataError(f"{name}: '{counter}' is 0 in every run; leave it out")
    _, sizes, directions = np.linalg.svd(rates / lengths, full_matrices=False)
    condition = float(sizes[0] / sizes[-1]) if sizes[-1] else np.inf
    if condition > MAX_CONDITION:
        shares = np.abs(directions[-1])
        together = [c for c, s in zip(counters, shares) if s > 0.3 * shares.max()]
        raise DataError(
            f"{name}: {' and '.join(together)} rise and fall together (condition number "
            f"{condition:.3g}, at most {MAX_CONDITION:g}), so their prices cannot be told apart; "
            "add runs that differ in fan-out and in rate, or leave one out"
        )


def _check_above_noise(name: str, runs: MeasuredRuns, sd: np.ndarray) -> None:
    """Mean dynamic power over 2 σ, σ the root mean square of the runs' sd.

    Not the sd of the mean over the runs: static_w is read once, and its error does not average out.
    """
    power, noise = float(runs.power.mean()), float(np.sqrt((sd**2).mean()))
    if not power > SIGMAS * noise:
        origin = "the fit's residual" if runs.noise == "residual" else runs.noise
        raise DataError(
            f"{name}: the dynamic power, total_w − static_w = {1e3 * power:.4g} mW in the mean, "
            f"lies within {SIGMAS:g} σ of its noise, {1e3 * noise:.4g} mW (from {origin}); run "
            "larger networks, at higher rates, or measure for longer"
        )


def _check_prices(found: Calibration) -> None:
    resolved = [price for price in found.prices if price.resolved]
    least, most = PLAUSIBLE_PJ
    for price in resolved:
        if not least <= price.energy.nominal <= most:
            raise DataError(
                f"{found.figures.name}: the price of '{price.counter}' comes out as "
                f"{price.energy.nominal:.3g} pJ per event, outside {least:g} … {most:g}; check "
                "the units (watts, microseconds) and that counters are of the whole run"
            )
    if not resolved:
        bands = ", ".join(f"{price.term} {price.band}" for price in found.prices)
        raise DataError(
            f"{found.figures.name}: no price can be told from 0 ({bands}); measure more runs or "
            "longer ones, with more events per second"
        )
