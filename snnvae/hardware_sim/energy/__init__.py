"""Energy: counts of a run × published prices → an estimate per layer, beside its ANN twin."""

from snnvae.hardware_sim.energy.estimate import estimate
from snnvae.hardware_sim.energy.interval import Interval
from snnvae.hardware_sim.energy.profile import Profile
from snnvae.hardware_sim.energy.profile_file import builtin_profiles, load_profile
from snnvae.hardware_sim.energy.report import summary_text, to_html, to_json
from snnvae.hardware_sim.energy.result import EnergyReport, LayerEnergy, Unpriced

__all__ = [
    "EnergyReport",
    "Interval",
    "LayerEnergy",
    "Profile",
    "Unpriced",
    "builtin_profiles",
    "estimate",
    "load_profile",
    "summary_text",
    "to_html",
    "to_json",
]
