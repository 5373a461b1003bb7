"""Energy: counts of a run × published prices → an estimate per layer, beside its ANN twin."""

from snnvae.hardware_sim.energy.estimate import EnergyReport, LayerEnergy, Unpriced, estimate
from snnvae.hardware_sim.energy.interval import Interval
from snnvae.hardware_sim.energy.profile import Profile, builtin_profiles, load_profile
from snnvae.hardware_sim.energy.report import summary_text, to_html, to_json

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
