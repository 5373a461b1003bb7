"""Reports as CSV: one row for each run, network, place and term. The first line is a comment."""

from __future__ import annotations

import csv
from io import StringIO

from snnvae.energy.bill import BILL_COLUMNS
from snnvae.energy.report import words
from snnvae.energy.report.side_by_side import Named

COLUMNS = ("run", "profile", "steps", "network", *BILL_COLUMNS)


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
        writer.writerows((*start, "spiking", *row) for row in report.bill.rows())
        for ann in report.ann:
            writer.writerows((*start, ann.name, *row) for row in ann.bill.rows())
    return buffer.getvalue()
