"""What a fit of prices to measured figures found."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from snnvae.energy.calibration.figures import Figures
from snnvae.energy.calibration.runs import Noise
from snnvae.energy.interval import Interval

METHOD = "non-negative least squares; Student's 95 % intervals"


@dataclass(frozen=True)
class FittedPrice:
    """The price of one event that `counter` counts, in pJ: the fit within its 95 % interval."""

    term: str
    counter: str
    energy: Interval

    @property
    def resolved(self) -> bool:
        """Whether it can be told from 0."""
        return self.energy.low > 0

    @property
    def band(self) -> str:
        """The interval, for people."""
        return f"{self.energy.low:.4g} … {self.energy.high:.4g} pJ"

    def as_data(self) -> dict[str, Any]:
        """All of it, for a script."""
        of_what = {"term": self.term, "counter": self.counter, "unit": "pJ"}
        return {**of_what, **asdict(self.energy), "resolved": self.resolved}


@dataclass(frozen=True)
class FittedRun:
    """Dynamic power of a run in watts: measured, its standard deviation, and by the prices."""

    run: str
    rows: int
    dynamic_w: float
    sd_w: float
    fitted_w: float


@dataclass(frozen=True)
class Calibration:
    """residual_w: standard deviation of the runs' power around the fit, runs − prices degrees of
    freedom. r_squared: None where all runs have the same power. misfit: the residual is beyond the
    noise, and the intervals were taken from it."""

    figures: Figures
    prices: tuple[FittedPrice, ...]
    runs: tuple[FittedRun, ...]
    noise: Noise
    residual_w: float
    r_squared: float | None
    misfit: bool

    @property
    def step_us(self) -> Interval:
        """Shortest, mean and longest step of the rows."""
        return _span([row.numbers["time_us"] for row in self.figures.rows])

    @property
    def static_w(self) -> Interval | None:
        """Static power of one chip over the rows; None where the number of chips is not given."""
        if "chips" not in self.figures.columns:
            return None
        return _span([row.numbers["static_w"] / row.numbers["chips"] for row in self.figures.rows])

    @property
    def quality(self) -> str:
        """The fit in a line."""
        r_squared = "not defined" if self.r_squared is None else f"{self.r_squared:.4f}"
        return (
            f"{len(self.runs)} runs in {len(self.figures.rows)} rows, R² {r_squared}, "
            f"residual {1e3 * self.residual_w:.3g} mW"
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader has to know beside the prices."""
        notes = {
            "the runs lie further from the fit than their noise explains: the intervals are taken "
            "from the residual, and the model may miss a cost": self.misfit,
            "spikes_in is not fitted: it counts the messages of axon_out once more": (
                {"axon_out", "spikes_in"} <= set(self.figures.columns)
            ),
            "no static power per chip: the figures have no column 'chips'": self.static_w is None,
        }
        return tuple(note for note, holds in notes.items() if holds)

    def as_data(self) -> dict[str, Any]:
        """Everything, for a script."""
        return {
            "source": {"file": self.figures.name, "sha256": self.figures.sha256},
            "method": METHOD,
            "prices": [price.as_data() for price in self.prices],
            "runs": [asdict(run) for run in self.runs],
            "noise_from": self.noise,
            "r_squared": self.r_squared,
            "residual_w": self.residual_w,
            "misfit": self.misfit,
            "step_us": asdict(self.step_us),
            "static_w_per_chip": None if self.static_w is None else asdict(self.static_w),
            "notes": list(self.notes),
        }


def _span(values: list[float]) -> Interval:
    low, high = min(values), max(values)
    return Interval(low, min(max(sum(values) / len(values), low), high), high)
