from snnvae import zoo as zoo
from snnvae.api import assess as assess
from snnvae.api import check as check
from snnvae.api import compile as compile  # noqa: A004
from snnvae.api import lint as lint
from snnvae.api import make_stimulus as make_stimulus
from snnvae.api import price as price
from snnvae.api import random_spikes as random_spikes
from snnvae.deploy.lava import require_lava as require_lava
from snnvae.deploy.run import run as run
from snnvae.energy.profile_file import builtin_profiles as profiles
from snnvae.energy.report.html import to_html as to_html
from snnvae.energy.result import EnergyReport as EnergyReport
from snnvae.errors import SnnvaeError as SnnvaeError
from snnvae.export.nir_file import read_nir as read
from snnvae.export.nir_file import write_nir as write
from snnvae.export.norse import from_norse as from_norse
from snnvae.hardware_sim.counter import count as count
from snnvae.hardware_sim.counts import Counts as Counts
from snnvae.primitives.nir_nodes import register_nodes as register_nodes
from snnvae.program import Program as Program
from snnvae.recording import Recording as Recording
from snnvae.recording import load as load
from snnvae.stimulus import Stimulus as Stimulus

__all__ = [
    "Counts",
    "EnergyReport",
    "Program",
    "Recording",
    "SnnvaeError",
    "Stimulus",
    "assess",
    "check",
    "compile",
    "count",
    "from_norse",
    "lint",
    "load",
    "make_stimulus",
    "price",
    "profiles",
    "random_spikes",
    "read",
    "register_nodes",
    "require_lava",
    "run",
    "to_html",
    "write",
    "zoo",
]
__version__: str
