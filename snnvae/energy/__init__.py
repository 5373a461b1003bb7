"""Energy: counts of a run × published prices → an estimate per layer, beside its ANN twin."""

from snnvae.energy.bill import Bill, Line
from snnvae.energy.estimate import Time, estimate, price
from snnvae.energy.interval import Interval
from snnvae.energy.measure import Measured, measure
from snnvae.energy.profile import Profile
from snnvae.energy.profile_file import builtin_profiles, load_profile
from snnvae.energy.result import EnergyReport, LayerEnergy, Unpriced

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
