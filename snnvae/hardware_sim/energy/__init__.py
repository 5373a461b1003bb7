"""Energy: counts of a run × published prices → an estimate per layer, beside its ANN twin."""

from snnvae.hardware_sim.energy.bill import Bill, Line
from snnvae.hardware_sim.energy.estimate import Time, estimate, price
from snnvae.hardware_sim.energy.interval import Interval
from snnvae.hardware_sim.energy.measure import Measured, measure
from snnvae.hardware_sim.energy.profile import Profile
from snnvae.hardware_sim.energy.profile_file import builtin_profiles, load_profile
from snnvae.hardware_sim.energy.result import EnergyReport, LayerEnergy, Unpriced

__all__ = [
    "Bill",
    "EnergyReport",
    "Interval",
    "LayerEnergy",
    "Line",
    "Measured",
    "Profile",
    "Time",
    "Unpriced",
    "builtin_profiles",
    "estimate",
    "load_profile",
    "measure",
    "price",
]
