"""``snnvae diagnose`` of images: texts, numbers and a picture."""

from __future__ import annotations

from pathlib import Path

from snnvae.evaluate.asked import Figures
from snnvae.extras import require_extra
from snnvae.families.images.diagnosis import words
from snnvae.families.images.diagnosis.diagnose import diagnose
from snnvae.families.images.vae import SpikingVAE
from snnvae.files import write_text
from snnvae.progress import Progress
from snnvae.strict_json import json_text
from snnvae.train.family import Data


def report(
    model: SpikingVAE, data: Data, out: Path | None, *, samples: int, draws: int, iterations: int,
    aggregate: int, seed: int, progress: Progress,
) -> Figures:  # fmt: skip
    """Reports a diagnosis, as `diagnose` makes it; out:
    a folder for diagnosis.md, diagnosis.json and diagnosis.png."""
    require_extra("report")
    found = diagnose(
        model, data, samples=samples, draws=draws, iterations=iterations, aggregate=aggregate,
        seed=seed, progress=progress,
    )  # fmt: skip
    text = words.text(found)
    if out is not None:
        from snnvae.families.images.diagnosis.plot import plot

        plot(found, out / "diagnosis.png")
        write_text(out / "diagnosis.json", json_text(found.to_dict(), indent=2) + "\n")
        write_text(out / "diagnosis.md", words.markdown(found, "diagnosis.png"))
        text += f"\n\nwrote diagnosis.md, diagnosis.json and diagnosis.png into {out}"
    return Figures(text, found.to_dict())
