"""What a bug report must say of the machine and of what is installed, and nothing private."""

from __future__ import annotations

import os
import platform
from importlib import metadata

from snnvae import __version__
from snnvae.machine import bytes_text, cores, memory

PACKAGES = (
    "nir", "numpy", "scipy", "h5py", "numba", "torch", "norse", "nirtorch", "lava-nc",
    "scikit-learn", "matplotlib", "click", "rich",
    "snntorch", "sinabs", "spikingjelly", "rockpool", "spyx",  # whose files are read
)  # fmt: skip
VARIABLES = {
    "SNNVAE_DATA": "folder of the data sets, where `data_dir` says none",
    "SNNVAE_CACHE": "folder of compiled code, where numba's own cannot be written",
    "SNNVAE_ZOO": "further zoos: folders or https addresses of their zoo.json, in a row, by blanks",
    "OMP_NUM_THREADS": "threads of torch and of the BLAS in NumPy",
    "NUMBA_NUM_THREADS": "threads of the emulator",
    "NO_COLOR": "set: progress bars without colours",
    "COLUMNS": "width of help and tables, where it is not the terminal's",
}
"""Variables that decide something here, and what."""


def versions() -> dict[str, str]:
    """Installed packages of those that matter, by name."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def summary() -> str:
    """One line: snnvae, Python, system, and the packages that decide most."""
    here = versions()
    packages = ", ".join(
        f"{n} {here[n]}" for n in ("nir", "numpy", "torch", "lava-nc") if n in here
    )
    python = f"Python {platform.python_version()}"
    return f"snnvae {__version__} ({python}, {platform.system()} {platform.machine()}; {packages})"


def report() -> dict[str, str]:
    """What a bug report needs, by name; no paths, no names of users or machines."""
    told = {name: "set" if os.environ.get(name) else "not set" for name in VARIABLES}
    return {
        "snnvae": __version__,
        "python": f"{platform.python_version()} ({platform.python_implementation()})",
        "system": f"{platform.system()} {platform.release()}, {platform.machine()}",
        "processor": f"{_processor()}, {cores()} cores usable",
        "memory": bytes_text(memory()),
        "encoding": f"{os.environ.get('LC_ALL') or os.environ.get('LANG') or 'C'}",
        **versions(),
        **told,
    }


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            lines = [line.partition(":")[2].strip() for line in file if "model name" in line]
    except OSError:
        lines = []
    return lines[0] if lines else platform.processor() or "unknown"
