"""Says for `snnvae doctor` what there is of Lava, and how Lava is installed."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import metadata

from snnvae.deploy.lava import importing, loihi2
from snnvae.errors import BackendError

LAVA_VERSION = "0.10.0"
LAVA_NEEDS = ("asteval>=1",)
"""What Lava imports and the core does not bring: our extra `lava`."""


@dataclass(frozen=True)
class LavaStatus:
    """Facts about Lava in this Python.

    version: of lava-nc, None if missing. importable: whether it imports; problem: why not.
    lava_dl: version of lava-dl, None if missing. loihi2: whether Lava reports the Loihi 2
    extension; loihi2_host: the host set by `use_slurm_host` or `use_ethernet_host` ("SLURM",
    "ETHERNET" or None).
    """

    version: str | None
    importable: bool
    problem: str | None
    lava_dl: str | None
    loihi2: bool
    loihi2_host: str | None


def status() -> LavaStatus:
    """Look, and never fail."""
    problem = None
    try:
        importing.require_lava()
    except BackendError as error:
        problem = str(error)
    except Exception as error:  # a broken installation may raise anything; here it is a finding
        problem = f"Lava does not import ({type(error).__name__}: {error})"
    return LavaStatus(
        version=_version("lava-nc"),
        importable=problem is None,
        problem=problem,
        lava_dl=_version("lava-dl"),
        loihi2=problem is None and loihi2.is_installed(),
        loihi2_host=loihi2.host() if problem is None else None,
    )


def lava_version() -> str:
    """Version of lava-nc; "unknown" where its metadata is missing."""
    return _version("lava-nc") or "unknown"


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None
