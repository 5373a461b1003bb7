"""The report's plots as SVG text, for a light or a dark page and for print."""

from snnvae.energy.report.plots.firing import firing
from snnvae.energy.report.plots.layers import layers
from snnvae.energy.report.plots.rate import rate
from snnvae.energy.report.plots.steps import steps
from snnvae.energy.report.plots.tornado import tornado
from snnvae.energy.report.plots.totals import totals
from snnvae.extras import require_extra

require_extra("report")

__all__ = ["firing", "layers", "rate", "steps", "tornado", "totals"]
