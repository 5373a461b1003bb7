"""``snnvae diagnose`` for any family: the error with one more cause removed at each rung."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from snnvae.evaluate.asked import Figures
from snnvae.evaluate.deployed import DeployedModel
from snnvae.files import write_text
from snnvae.layers.model import SpikingModel
from snnvae.progress import Progress
from snnvae.strict_json import json_text
from snnvae.table import Table
from snnvae.train.family import Data

SAMPLES = 200
"""Held-out ones, where nobody says how many."""
HEADERS = ("rung", "error", "share of the first")


def diagnose(
    model: SpikingModel,
    data: Data,
    out: Path | None,
    *,
    samples: int = SAMPLES,
    seed: int,
    progress: Progress,
    **_: Any,
) -> Figures:
    """Errors of held-out samples: in fixed point, in float (without rounding), and those of the
    family's own ladder. out: a folder for diagnosis.json."""
    some = data.test.take(slice(samples))
    fixed, exact = (
        DeployedModel(model, precision, seed=seed, progress=progress).error(some)
        for precision in ("fixed", "float")
    )
    rungs = {"in fixed point": fixed, "without rounding": exact}
    rungs |= model.config.family.ladder(model, some, seed)
    return told(rungs, f"{len(some)} held-out {model.config.family.unit}", out, seed, len(some))


def told(
    rungs: Mapping[str, float], headline: str, out: Path | None, seed: int, samples: int
) -> Figures:
    """The rungs, the first of them the whole error, as a table; out: as of `diagnose`."""
    whole = next(iter(rungs.values()))
    rows = [
        (name, f"{error:.4g}", f"{error / whole:.1%}" if whole else "–")
        for name, error in rungs.items()
    ]
    text = f"{headline}\n\n{Table(HEADERS, rows).as_text()}"
    found = {"samples": samples, "seed": seed, "rungs": dict(rungs)}
    if out is not None:
        write_text(out / "diagnosis.json", json_text(found, indent=2) + "\n")
        text += f"\n\nwrote diagnosis.json into {out}"
    return Figures(text, found)
