"""Where a report comes from: the tool and the SHA-256 of everything that went into it."""

from __future__ import annotations

from snnvae import __version__
from snnvae.energy.result import EnergyReport


def provenance(report: EnergyReport) -> dict[str, str]:
    """By what it is; the run's own words on itself last."""
    found = {"tool": f"snnvae {__version__}"}
    found |= {f"{name} (SHA-256)": digest for name, digest in report.measured.hashes.items()}
    found["program (SHA-256)"] = report.program
    found[f"profile {report.profile.name} (SHA-256)"] = report.profile.digest()
    if report.reference is not None and report.reference.name != report.profile.name:
        found[f"profile {report.reference.name} of the ANN (SHA-256)"] = report.reference.digest()
    said = {key: report.info.get(key) for key in ("backend", "precision", "steps", "seed", "dt")}
    found["run"] = ", ".join(f"{key} {value}" for key, value in said.items() if value is not None)
    return {key: value for key, value in found.items() if value}
