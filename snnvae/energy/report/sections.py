"""A report as sections of a plot and tables, in the order in which a reader asks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from snnvae.energy.report import tables
from snnvae.energy.result import EnergyReport
from snnvae.table import Table

REUSE_NOTE = (
    "Memory: the spiking network reads a weight, and reads and writes a membrane, for every "
    "synaptic operation (no reuse). At ideal reuse the ANN reads each weight and value once; with "
    "no reuse it reads both for every multiply-accumulate and keeps its sum in a register. Real "
    "hardware lies between. Zeros are those that the spiking network's own weights make in an ANN "
    "with rectifiers, run on the same inputs."
)


@dataclass(frozen=True)
class Section:
    """plot: its name in `plots`, "" for none; says: sentences below it."""

    title: str
    plot: str
    about: str
    tables: tuple[Table, ...]
    says: tuple[str, ...] = ()


def sections(report: EnergyReport) -> Sequence[Section]:
    """All of a report; sections without content are left out."""
    return [s for s in _all(report) if s.plot or any(t.rows for t in s.tables)]


def _all(report: EnergyReport) -> Sequence[Section]:
    label = report.main.label if report.main and not report.main.headline else ""
    beside = [f"Ratios and break-even points carry a label, no verdict: {label}."] if label else []
    if any(c.ann.memory for c in report.comparisons):
        beside.append(REUSE_NOTE)
    return [
        Section(
            "Spiking network and ANN",
            "totals",
            "Energy per sample of the spiking network and of its ANN twins",
            (tables.comparisons(report),) if report.ann else (),
            tuple(beside) if report.ann else (),
        ),
        Section(
            "Where the two meet",
            "rate" if report.comparisons else "",
            "Energy per sample against the mean spike rate, with break-even points and this run",
            (tables.meeting(report), tables.thresholds(report)) if report.comparisons else (),
            ("Energy is taken as linear in the rate, weighted by fan-out; at rate 0 every neuron "
             "update is idle.",),
        ),
        Section(
            "What moves the answer",
            "tornado" if report.swings else "",
            "How far the answer moves as each unknown goes through its band",
            (tables.swings(report),) if report.swings else (),
        ),
        Section(
            "Energy by layer",
            "layers" if report.total.nominal else "",
            "Energy of each layer per sample, stacked by kind",
            (tables.layers(report), tables.terms(report)),
        ),
        Section(
            "Who fires",
            "firing" if report.measured.firing else "",
            "Spikes of the first sample by population and step, and mean rates over all samples",
            (tables.populations(report),),
        ),
        Section(
            "What was counted",
            "",
            "",
            (
                tables.connections(report),
                tables.memory(report),
                tables.routes(report),
                tables.host(report),
            ),
            report.notes,
        ),
        Section("What is not in it", "", "", (tables.missing(report),)),
        Section(
            "Prices",
            "",
            "",
            (tables.prices(report),),
            tuple(f"[{n}] {cited}" for n, cited in enumerate(tables.sources(report), 1)),
        ),
    ]  # fmt: skip
