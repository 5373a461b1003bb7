"""snnvae: from a trained spiking network to neuromorphic hardware, spike for spike.

    >>> import snnvae as sv
    >>> graph = sv.read(sv.zoo.path("digits-esvae"))
    >>> program = sv.compile(graph, "fixed")
    >>> stimulus = sv.make_stimulus(program, samples=4, seed=0)
    >>> recording = sv.run(program, stimulus)
    >>> recording.outputs["output"].shape
    (4, 1, 8, 8)
    >>> sv.price(program, recording, "horowitz45").lower_bound
    False

The names in `__all__` are public (docs/api.md); everything else may change from one version to the
next. They are imported when they are first asked for, so that ``import snnvae`` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "Counts": "snnvae.hardware_sim.counts",
    "EnergyReport": "snnvae.energy.result",
    "Program": "snnvae.program",
    "Recording": "snnvae.recording",
    "SnnvaeError": "snnvae.errors",
    "Stimulus": "snnvae.stimulus",
    "assess": "snnvae.api",
    "check": "snnvae.api",
    "compile": "snnvae.api",
    "count": "snnvae.hardware_sim.counter",
    "from_norse": "snnvae.export.norse",
    "lint": "snnvae.api",
    "load": "snnvae.recording",
    "make_stimulus": "snnvae.api",
    "price": "snnvae.api",
    "profiles": "snnvae.energy.profile_file:builtin_profiles",
    "random_spikes": "snnvae.api",
    "read": "snnvae.export.nir_file:read_nir",
    "register_nodes": "snnvae.primitives.nir_nodes",
    "require_lava": "snnvae.deploy.lava",
    "run": "snnvae.deploy.run",
    "to_html": "snnvae.energy.report.html",
    "write": "snnvae.export.nir_file:write_nir",
    "zoo": "snnvae:zoo",
}
"""Public names and where they live, module or module:name; `__init__.pyi` types them."""

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'snnvae' has no attribute {name!r}")
    home, _, other = _HOMES[name].partition(":")
    if home == "snnvae":
        return import_module(f"snnvae.{other}")
    found = globals()[name] = getattr(import_module(home), other or name)
    return found


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
