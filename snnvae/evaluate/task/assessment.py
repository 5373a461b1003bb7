"""What came of it: every form's figures, what deployment changes, and where."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from snnvae.deploy.fixed.quantise import LayerReport
from snnvae.evaluate.task.classification import Change, Classified
from snnvae.evaluate.task.divergence import First, LayerDivergence
from snnvae.evaluate.task.readout import Readout
from snnvae.evaluate.task.regression import Drift, Regressed
from snnvae.evaluate.task.traces import SampleTrace
from snnvae.shown import Columns, Shown, as_columns


@dataclass(frozen=True)
class Assessment(Shown):
    """A network beside what is known of its samples.

    forms: the trained module ("torch") if it was given, the deployed programs ("float", "fixed"),
    and these on other backends ("fixed, lava-stock"); Classified, or Regressed for targets.
    classes: names of the outputs. change: of the answers from float to fixed. layers, first,
    traces: where fixed point goes another way (`divergence`, `traces`). by_membrane: what decides
    between equal scores. left_out: backends that cannot run it, and why. report: of the compiler.
    """

    forms: tuple[Classified, ...] | tuple[Regressed, ...]
    classes: tuple[str, ...]
    backend: str
    steps: int
    output: str
    readout: Readout
    by_membrane: bool = False
    top_k: int = 1
    change: Change | Drift | None = None
    layers: tuple[LayerDivergence, ...] = ()
    first: tuple[First | None, ...] = ()
    traces: tuple[SampleTrace, ...] = ()
    report: tuple[LayerReport, ...] = ()
    left_out: tuple[str, ...] = ()
    digest: str = ""

    @property
    def samples(self) -> int:
        """How many there were."""
        return len(self.forms[0].outcome.scores)

    @property
    def classified(self) -> tuple[Classified, ...]:
        """The forms of a classifier; none of a regression."""
        return tuple(form for form in self.forms if isinstance(form, Classified))

    @property
    def regressed(self) -> tuple[Regressed, ...]:
        """The forms of a regression; none of a classifier."""
        return tuple(form for form in self.forms if isinstance(form, Regressed))

    @property
    def main(self) -> tuple[Classified, ...]:
        """The forms of a classifier on the backend that was asked for, and the module."""
        return tuple(form for form in self.classified if not form.outcome.beside)

    @property
    def accuracy(self) -> dict[str, float]:
        """Share of right answers, by form."""
        return {form.name: form.accuracy for form in self.classified}

    @property
    def mse(self) -> dict[str, float]:
        """Mean squared error, by form of a regression."""
        return {form.name: form.mse for form in self.regressed}

    @property
    def confusion(self) -> dict[str, np.ndarray]:
        """Samples of each class (rows) by the class that they were taken for, by form."""
        return {form.name: form.confusion for form in self.classified}

    @property
    def flips(self) -> tuple[int, ...]:
        """The samples whose answer fixed point changes, by their numbers."""
        return self.change.changed if isinstance(self.change, Change) else ()

    def __repr__(self) -> str:
        figures = self.accuracy or self.mse
        said = ", ".join(f"{name} {value:.4g}" for name, value in figures.items())
        what = "accuracy" if self.accuracy else "MSE"
        flips = f", {len(self.flips)} flips" if isinstance(self.change, Change) else ""
        return f"<Assessment: {self.samples:,} samples, {what} {said}{flips}>"

    def columns(self) -> Columns:
        """A row per form: its figures."""
        if self.classified:
            names: tuple[str, ...] = (
                "form", "accuracy", "low", "high", f"top{self.top_k}", "macro_f1",
            )  # fmt: skip
            rows: list[tuple[Any, ...]] = [
                (f.name, *f.figure.values(), f.top(self.top_k), f.macro_f1) for f in self.classified
            ]
        else:
            names = ("form", "mse", "low", "high", "mae", "r2", "max_error")
            rows = [(f.name, *f.figure.values(), f.mae, f.r2, f.largest) for f in self.regressed]
        beside = [(form.outcome.spikes, form.outcome.operations) for form in self.forms]
        rows = [(*row, *more) for row, more in zip(rows, beside)]
        return as_columns((*names, "spikes", "synaptic_operations"), rows)

    @property
    def text(self) -> str:
        """For people: tables and sentences."""
        from snnvae.evaluate.task.words import text

        return text(self)

    def page(self, title: str = "Spiking network") -> str:
        """A page of it, HTML: where fixed point goes another way; MissingError without the extra
        `report`."""
        from snnvae.evaluate.task.page import to_html

        return to_html(self, title)

    @property
    def data(self) -> dict[str, Any]:
        """For scripts."""
        forms = {form.name: form.as_data(self.top_k) for form in self.classified}
        forms |= {form.name: form.as_data() for form in self.regressed}
        found: dict[str, Any] = {
            "samples": self.samples,
            "steps": self.steps,
            "backend": self.backend,
            "output": self.output,
            "readout": self.readout,
            "ties": "membrane" if self.by_membrane else "lowest",
            "classes": list(self.classes),
            "forms": forms,
            "left_out": list(self.left_out),
        }
        if self.change is not None:
            found["change"] = self.change.as_data()
            found["layers"] = [asdict(layer) for layer in self.layers]
            found["first_difference"] = {
                n: asdict(first) for n in self.flips if (first := self.first[n]) is not None
            }
        return found
