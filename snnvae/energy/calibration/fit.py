"""Prices per event that explain the power measured in several runs.

    P_r = Σ_i rate_ri · e_i + ε_r,    e_i ≥ 0,    ε_r ~ N(0, σ_r²)

P_r is a run's dynamic power, rate_ri the events of kind i per second: the run's dynamic energy is
Σ count · e, both sides divided by its time, as it is the power that the meter is unsure of. Found
by non-negative least squares, each run weighted by 1/σ_r² (see `measured_runs`).

**Intervals.** 95 % percentiles of a parametric bootstrap: draws of noise around the fit, refitted
with the same constraint. A draw first takes the *size* of the noise, s·√(ν / χ²_ν), then the noise;
without the constraint this is exactly Student's interval with ν degrees of freedom. So it holds
for few runs, where resampling rows draws singular sets and resampling residuals misses how little
few residuals say of the noise. s and ν are those of the noise, and of the residual if the noise is
not known or does not explain the residual (an F test at 5 %). A price held at 0 shifts the others,
which percentiles do not see: so the interval is widened to that of the fit without the constraint,
cut at 0, which holds whatever the constraint does. The noise enters the fit through as many numbers
as there are prices, so it is drawn there, behind a QR decomposition.

A price whose interval reaches 0 is *not resolved*.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import nnls
from scipy.stats import f as f_distribution

from snnvae.energy.calibration.figures import Figures
from snnvae.energy.calibration.found import Calibration, FittedPrice, FittedRun
from snnvae.energy.calibration.measured_runs import MeasuredRuns, measured_runs
from snnvae.energy.interval import Interval
from snnvae.errors import DataError

PJ = 1e-12
LEVEL = 0.95
DRAWS = 4000
SIGMAS = 2.0
"""Dynamic power must exceed its noise this many times."""
MAX_CONDITION = 30.0
"""Of the weighted rates, each column scaled to length 1 (Belsley, Kuh and Welsch, 1980)."""
PLAUSIBLE_PJ = (1e-6, 1e9)
"""From an attojoule to a millijoule per event."""
_SEED = 0
"""The same prices for the same figures."""
_MANY = 1e9
"""Degrees of freedom of a noise that is known."""
_TERMS = {"syn_ops": "sop", "dendrite_updates": "update", "axon_out": "message"}


def calibrate(figures: Figures) -> Calibration:
    """Fit prices to figures. DataError where they cannot tell any, with what would."""
    terms = fitted_terms(figures)
    runs = measured_runs(figures, tuple(terms))
    _check_enough(figures, runs)
    if runs.origin != "residual":
        _check_above_noise(figures, runs, 1.0)
    weighted = runs.rates * PJ / runs.sd[:, None]
    aim = runs.power / runs.sd
    lengths = _lengths(figures, runs, weighted)
    _check_apart(figures, runs, weighted / lengths)
    q, r = np.linalg.qr(weighted / lengths)
    target = q.T @ aim
    scaled, _ = nnls(r, target)
    chi2 = float(((aim - weighted @ (scaled / lengths)) ** 2).sum())
    size, freedom, misfit = _size_of_noise(runs, chi2)
    if runs.origin == "residual":
        _check_above_noise(figures, runs, size)
    bands = _intervals(r, target, scaled, _noise(len(scaled), size, freedom))
    prices = [
        _price(figures, terms[c], c, band * (1 / float(length)))
        for c, band, length in zip(terms, bands, lengths)
    ]
    if not any(price.resolved for price in prices):
        found = ", ".join(f"{p.term} {p.band}" for p in prices)
        raise DataError(
            f"{figures.name}: no price can be told from 0 ({found}); measure more runs or longer "
            "ones, with more events per second"
        )
    return _calibration(figures, runs, tuple(prices), size, misfit)


def fitted_terms(figures: Figures) -> dict[str, str]:
    """The term of each counter that is fitted.

    axon_out and spikes_in count the same messages, where they leave and where they arrive, so only
    one of them can have a price: axon_out, or spikes_in where that is all there is.
    """
    terms = {c: _TERMS[c] for c in figures.counters if c in _TERMS}
    if "spikes_in" in figures.counters and "axon_out" not in terms:
        terms["spikes_in"] = "message"
    return terms


def _check_enough(figures: Figures, runs: MeasuredRuns) -> None:
    need = len(runs.counters) + 1
    if len(runs.names) < need:
        raise DataError(
            f"{figures.name}: {len(runs.names)} runs for {need - 1} prices "
            f"({', '.join(runs.counters)}); give {need} runs of different workloads or more, or "
            "fewer counters (repetitions of a run count once)"
        )


def _check_above_noise(figures: Figures, runs: MeasuredRuns, size: float) -> None:
    """Mean dynamic power over 2 σ, σ the root mean square of the runs' sd.

    Not the sd of the mean over the runs: static_w is read once, and its error does not average out.
    """
    power, noise = float(runs.power.mean()), size * float(np.sqrt((runs.sd**2).mean()))
    if not power > SIGMAS * noise:
        origin = "the fit's residual" if runs.origin == "residual" else runs.origin
        raise DataError(
            f"{figures.name}: the dynamic power, total_w − static_w = {1e3 * power:.4g} mW in the "
            f"mean, lies within {SIGMAS:g} σ of its noise, {1e3 * noise:.4g} mW (from {origin}); "
            "run larger networks, at higher rates, or measure for longer"
        )


def _lengths(figures: Figures, runs: MeasuredRuns, weighted: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(weighted, axis=0)
    for counter, length in zip(runs.counters, lengths):
        if not length:
            raise DataError(f"{figures.name}: '{counter}' is 0 in every run; leave it out")
    return lengths


def _check_apart(figures: Figures, runs: MeasuredRuns, scaled: np.ndarray) -> None:
    _, sizes, directions = np.linalg.svd(scaled, full_matrices=False)
    condition = float(sizes[0] / sizes[-1]) if sizes[-1] else np.inf
    if condition > MAX_CONDITION:
        shares = np.abs(directions[-1])
        together = [c for c, s in zip(runs.counters, shares) if s > 0.3 * shares.max()]
        raise DataError(
            f"{figures.name}: {' and '.join(together)} rise and fall together (condition number "
            f"{condition:.3g}, at most {MAX_CONDITION:g}), so their prices cannot be told apart; "
            "add runs that differ in fan-out and in rate, or leave one out"
        )


def _size_of_noise(runs: MeasuredRuns, chi2: float) -> tuple[float, float, bool]:
    """s in units of the runs' sd, its degrees of freedom, and whether the model misses the runs."""
    left = len(runs.names) - len(runs.counters)
    if runs.origin == "residual":
        return float(np.sqrt(chi2 / left)), left, False
    known = min(runs.freedom, _MANY)
    if chi2 / left > f_distribution.ppf(LEVEL, left, known):
        return float(np.sqrt(chi2 / left)), left, True
    if runs.origin == "power_sd_w":
        return 1.0, known, False
    return float(np.sqrt((known + chi2) / (known + left))), known + left, False


def _noise(prices: int, size: float, freedom: float) -> np.ndarray:
    """Draws of the noise behind the QR decomposition (DRAWS, prices)."""
    rng = np.random.default_rng(_SEED)
    sizes = size * np.sqrt(freedom / rng.chisquare(freedom, DRAWS))
    drawn: np.ndarray = sizes[:, None] * rng.standard_normal((DRAWS, prices))
    return drawn


def _intervals(
    r: np.ndarray, target: np.ndarray, found: np.ndarray, noise: np.ndarray
) -> list[Interval]:
    """Percentiles of the refits to each draw, joined with those without the constraint."""
    moved = np.linalg.solve(r, noise.T).T
    free = np.maximum(np.linalg.solve(r, target) + moved, 0.0)
    bound = found + moved
    for i in np.flatnonzero((bound < 0).any(axis=1)):
        bound[i], _ = nnls(r, r @ found + noise[i])
    ends = [(1 - LEVEL) / 2, (1 + LEVEL) / 2]
    low, high = np.stack([np.quantile(draws, ends, axis=0) for draws in (free, bound)], axis=1)
    return [
        Interval(min(*lows, e), e, max(*highs, e))
        for lows, highs, e in zip(low.T.tolist(), high.T.tolist(), found.tolist())
    ]


def _price(figures: Figures, term: str, counter: str, energy: Interval) -> FittedPrice:
    nominal = energy.nominal
    price = FittedPrice(term, counter, energy)
    least, most = PLAUSIBLE_PJ
    if price.resolved and not least <= nominal <= most:
        raise DataError(
            f"{figures.name}: the price of '{counter}' comes out as {nominal:.3g} pJ per event, "
            f"outside {least:g} … {most:g}; check the units (watts, microseconds) and that "
            "counters are of the whole run"
        )
    return price


def _calibration(
    figures: Figures,
    runs: MeasuredRuns,
    prices: tuple[FittedPrice, ...],
    size: float,
    misfit: bool,
) -> Calibration:
    fit = runs.rates @ np.array([p.energy.nominal * PJ for p in prices])
    weights = 1 / runs.sd**2
    spread = weights @ (runs.power - np.average(runs.power, weights=weights)) ** 2
    rest = weights @ (runs.power - fit) ** 2
    left = len(runs.names) - len(prices)
    sd = runs.sd * (size if runs.origin == "residual" else 1.0)
    return Calibration(
        figures=figures,
        prices=prices,
        runs=tuple(
            FittedRun(name, int(n), float(p), float(s), float(found))
            for name, n, p, s, found in zip(runs.names, runs.rows, runs.power, sd, fit)
        ),
        noise=runs.origin,
        residual_w=float(np.sqrt(rest * len(weights) / weights.sum() / left)),
        r_squared=float(1 - rest / spread) if spread > 0 else None,
        misfit=misfit,
    )
