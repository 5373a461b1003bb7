"""Reports as CSV: one row for each run, network, place and term. The first line is a comment."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from io import StringIO

import numpy as np

from snnvae.hardware_sim.energy.bill import Bill
from snnvae.hardware_sim.energy.report import words
from snnvae.hardware_sim.energy.report.side_by_side import Named

COLUMNS = (
    "run", "profile", "steps", "network", "place", "term", "count_per_sample", "price_low_pj",
    "price_nominal_pj", "price_high_pj", "energy_low_pj", "energy_nominal_pj", "energy_high_pj",
    "unknown",
)  # fmt: skip
"""unknown: prices with the same one move together."""


def to_csv(reports: Named) -> str:
    """Lines of the bills of the spiking networks and of their ANNs, unrounded; pJ per sample.

    `# Estimate, not a measurement` stands first: pandas reads the rest with ``skiprows=1``.
    """
    buffer = StringIO()
    buffer.write(f"# {words.DISCLAIMER}\n")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(COLUMNS)
    for name, report in reports:
        start = (name, report.profile.name, report.counts.steps)
        writer.writerows((*start, "spiking", *row) for row in _rows(report.bill))
        for ann in report.ann:
            writer.writerows((*start, ann.name, *row) for row in _rows(ann.bill))
    return buffer.getvalue()


def _rows(bill: Bill) -> Iterator[tuple[object, ...]]:
    for line in bill.lines:
        price, energy = line.price, line.energy
        count = float(np.mean(line.count))
        yield line.where, line.term, count, *price.ends, *energy.ends, line.label
