"""An EnergyReport, or several side by side, for people and for programs."""

from snnvae.energy.report.csv_lines import to_csv
from snnvae.energy.report.html import side_by_side_html, sweep_html, to_html
from snnvae.energy.report.json_document import SCHEMA_VERSION, to_json
from snnvae.energy.report.markdown import (
    side_by_side_markdown,
    sweep_markdown,
    to_markdown,
)
from snnvae.energy.report.side_by_side import by_steps
from snnvae.energy.report.summary import side_by_side_text, summary_text, sweep_text

__all__ = [
    "SCHEMA_VERSION",
    "by_steps",
    "side_by_side_html",
    "side_by_side_markdown",
    "side_by_side_text",
    "summary_text",
    "sweep_html",
    "sweep_markdown",
    "sweep_text",
    "to_csv",
    "to_html",
    "to_json",
    "to_markdown",
]
