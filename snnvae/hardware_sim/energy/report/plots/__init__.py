"""The report's plots as SVG text, for a light or a dark page and for print."""

from snnvae.extras import require_extra
from snnvae.hardware_sim.energy.report.plots.firing import firing
from snnvae.hardware_sim.energy.report.plots.layers import layers
from snnvae.hardware_sim.energy.report.plots.rate import rate
from snnvae.hardware_sim.energy.report.plots.steps import steps
from snnvae.hardware_sim.energy.report.plots.tornado import tornado
from snnvae.hardware_sim.energy.report.plots.totals import totals

require_extra("report")

__all__ = ["firing", "layers", "rate", "steps", "tornado", "totals"]
