"""The machine and the libraries that a result belongs to."""

from __future__ import annotations

import os
import platform
from importlib import metadata
from pathlib import Path

from snnvae.machine import cores

LIBRARIES = ("numpy", "scipy", "numba", "torch", "norse", "nir", "nirtorch", "lava-nc")


def machine() -> dict[str, str]:
    """Cores, processor, system, versions."""
    versions = {name: version for name in LIBRARIES if (version := _version(name))}
    return {
        "cores": str(cores()),
        "processor": _processor(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        **versions,
        "load of the last minute": f"{os.getloadavg()[0]:.1f}",
    }


def _version(library: str) -> str | None:
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return None


def _processor() -> str:
    """Its name, and its widest vectors, which the sums are made of."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    found = {key.strip(): value.strip() for key, _, value in (li.partition(":") for li in lines)}
    flags = found.get("flags", "").split()
    vectors = next((f for f in ("avx512f", "avx2", "asimd") if f in flags), "")
    family = f"family {found.get('cpu family', '?')} model {found.get('model', '?')}"
    return f"{found.get('model name', platform.machine())}, {family} {vectors}".strip()
