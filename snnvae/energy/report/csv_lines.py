"""Reports as CSV: one row for each run, network, place and term. The first line is a comment."""

from __future__ import annotations

from snnvae.energy.bill import BILL_COLUMNS
from snnvae.energy.report import words
from snnvae.energy.report.side_by_side import Named
from snnvae.table import Table

COLUMNS = ("run", "profile", "steps", "network", *BILL_COLUMNS)


def to_csv(reports: Named) -> str:
    """Lines of the bills of the spiking networks and of their ANNs, unrounded; pJ per sample.

    `# Estimate, not a measurement` stands first: pandas reads the rest with ``skiprows=1``.
    """
    rows: list[tuple[object, ...]] = []
    for name, report in reports:
        start = (name, report.profile.name, report.counts.steps)
        rows += ((*start, "spiking", *row) for row in report.bill.rows())
        for ann in report.ann:
            rows += ((*start, ann.name, *row) for row in ann.bill.rows())
    return f"# {words.DISCLAIMER}\n{Table(COLUMNS, rows).as_csv()}"
