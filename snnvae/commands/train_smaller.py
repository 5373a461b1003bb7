"""``snnvae train --adaptive-latent``: a network as small as its loss allows."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snnvae.commands.result import Result
from snnvae.progress import Progress
from snnvae.strict_json import json_text
from snnvae.table import Table

if TYPE_CHECKING:
    from snnvae.train.settings import Settings

SIZES = "sizes.json"
WHOLE = "whole"
"""Folder of the network to begin with."""
PRICED = 64
NOTHING = "nothing could be cut within the tolerance"
ROUNDS, ROUND_SHARE = 10, 4
"""A round has a quarter of the epochs."""
PENALTY = 0.02


def train_smaller(
    config: Settings,
    out: Path,
    start: Path | None,
    progress: Progress,
    as_json: bool,
    *,
    data_dir: Path | None,
    tolerance: float | None,
    rounds: int | None,
) -> Result:
    """Trains the whole network, unless there is one to start from, then shrinks it."""
    from snnvae.errors import ConfigError
    from snnvae.evaluate.sizes import HEADERS, rows, sizes_of
    from snnvae.families import registry
    from snnvae.files import write_text
    from snnvae.train.adaptive.shrink import HELD_BACK, TOLERANCE, shrink
    from snnvae.train.chain import trained

    if not config.spiking:
        raise ConfigError(f"--adaptive-latent is for spiking models, not {config.model}")
    # The samples that rounds are judged by are not to be learned from before.
    plain = config.changed(unit_penalty=0.0, validation=HELD_BACK)
    source = start or trained(plain, out / WHOLE, progress=progress, data_dir=data_dir)
    shrunk = shrink(
        source,
        config,
        out,
        epochs=max(1, config.epochs // ROUND_SHARE),
        rounds=rounds or ROUNDS,
        penalty=config.unit_penalty or PENALTY,
        tolerance=TOLERANCE if tolerance is None else tolerance,
        progress=progress,
        data_dir=data_dir,
    )
    test = config.family.data(config, data_dir).test
    before, uncut, after = (
        sizes_of(registry.load_spiking(p)[1], test, PRICED)
        for p in (source, shrunk.uncut, shrunk.path)
    )
    found: dict[str, Any] = {
        "before": asdict(before),
        "uncut": asdict(uncut),
        "after": asdict(after),
        "rounds": [asdict(r) for r in shrunk.history],
        "checkpoint": str(shrunk.path),
    }
    write_text(out / SIZES, json_text(found, indent=2) + "\n")
    lines = [
        *(
            f"round {r.number}: {r.units} units, error {r.error:.4f}"
            f"{'' if r.kept else ', beyond the tolerance: given up'}"
            for r in shrunk.history
        ),
        *([] if any(r.kept for r in shrunk.history) else [NOTHING]),
        Table(HEADERS, rows(before, after)).as_text(),
        f"for comparison: the first network after a round uncut, MSE {uncut.mse:.4f}",
        f"wrote {shrunk.path}",
    ]
    return Result("\n".join(lines), found, as_json=as_json)
