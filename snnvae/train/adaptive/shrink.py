"""Shrinking a trained network in rounds: cut what carries least, train on, keep it if as good.

Each round cuts the units of least importance, as many as raise the error by `jump` at most, and
trains on with a penalty on units that fire (`costs`), so that what little is left to the weak ones
goes to the strong. A round whose error stays within the tolerance is kept; one that does not is
given up, and the next one cuts less. How many units go is found by bisection, one ranking for all
groups. Errors are those of training images that the rounds hold back. Since the first network may
have learned from these, it goes on for a round uncut, and what counts is the larger of its errors.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from snnvae.errors import ConfigError
from snnvae.families.images import data
from snnvae.families.images.inference import reconstruction_mse
from snnvae.families.images.vae import SpikingVAE
from snnvae.files import make_folder
from snnvae.progress import NoProgress, Progress
from snnvae.train import checkpoint
from snnvae.train.adaptive.cut import cut, recalibrate
from snnvae.train.adaptive.importance import Batches, importances
from snnvae.train.adaptive.units import groups_of
from snnvae.train.chain import further, trained
from snnvae.train.config import Config
from snnvae.train.fit import CHECKPOINT, STATE
from snnvae.train.randomness import held_back, order
from snnvae.train.start import SIZES

TOLERANCE = 0.02
"""By which part the error may be larger in the end."""
FIRST_JUMP, LEAST_JUMP = 0.3, 0.05
"""By which part a cut may raise the error before training makes up for it; halved after a round
that is given up."""
HELD_BACK, JUDGED = 0.1, 1024
"""Part of the training images that rounds do not train on, and how many of these, at most, a cut
and a round are judged by."""
UNCUT = "uncut"
"""Folder of the first network's own round."""
LEAST_KEPT = 2
"""Units of each group that stay."""
IMPORTANCE_BATCHES = 16


@dataclass(frozen=True)
class Round:
    """error: of images held back, after training; kept: whether it is within the tolerance."""

    number: int
    units: int
    error: float
    kept: bool


@dataclass(frozen=True)
class Shrunk:
    """path: of the smaller network; uncut: of the first one after a round without a cut; history:
    the rounds. Where none was kept, the network at `path` is the first one."""

    path: Path
    uncut: Path
    history: tuple[Round, ...]


def shrink(
    source: Path,
    config: Config,
    out: Path,
    *,
    epochs: int,
    rounds: int,
    penalty: float,
    tolerance: float = TOLERANCE,
    progress: Progress | None = None,
    data_dir: Path | None = None,
) -> Shrunk:
    """A smaller network, out/model.pt, whose error is within `tolerance` of that of the source,
    before or after a round without a cut.

    config: settings of the training, of the source's sizes; epochs: of each round; penalty:
    `Config.unit_penalty` while training. A folder per round: what is done is not done again.
    """
    have, first = checkpoint.load_spiking(source)
    if have.qat:
        raise ConfigError(f"{source} is in fixed point: shrink the float model, then `qat`")
    if (out / STATE).exists() or (out / CHECKPOINT).resolve() == source.resolve():
        raise ConfigError(f"{out} holds a training already: choose another folder")
    split = data.load(config.dataset, data_dir=data_dir, image_size=config.image_size)
    images, progress = _Images(split, config), progress or NoProgress()
    settings = further(config, epochs, unit_penalty=0.0, validation=HELD_BACK)
    uncut = trained(settings, out / UNCUT, source, progress, data_dir=data_dir)
    kept, jump = checkpoint.load_spiking(uncut)[1], FIRST_JUMP
    allowed = max(images.error(first), images.error(kept)) * (1 + tolerance)
    history: list[Round] = []
    for number in range(1, rounds + 1):
        small = _cut_within(kept, images, images.error(kept) * (1 + jump), progress)
        if small is None:
            break
        folder = out / f"round-{number}"
        make_folder(folder)
        start = checkpoint.save(folder / "cut.pt", small)
        sizes = {name: getattr(small.config, name) for name in SIZES}
        smaller = settings.changed(**sizes, unit_penalty=penalty)
        path = trained(smaller, folder, start, progress, data_dir=data_dir)
        candidate = checkpoint.load_spiking(path)[1]
        error = images.error(candidate)
        history.append(Round(number, _units(candidate), error, error <= allowed))
        if error <= allowed:
            kept = candidate
        else:
            jump /= 2
        if jump < LEAST_JUMP:
            break
    if not any(r.kept for r in history):
        kept = first
    return Shrunk(checkpoint.save(out / CHECKPOINT, kept), uncut, tuple(history))


class _Images:
    """Training images, always the same: some held back to judge by, others to learn statistics
    from."""

    def __init__(self, split: data.Split, config: Config) -> None:
        self._split, self._batch = split, config.batch
        judged, train = held_back(config.seed, len(split.train), HELD_BACK)
        self._judged = judged[:JUDGED]
        self._order = train[order(config.seed, 0, len(train)).numpy()]
        if config.batch > len(train):
            raise ConfigError(
                f"batch {config.batch} exceeds the {len(train)} training images that are not held "
                "back: use a smaller one"
            )

    def batches(self) -> Batches:
        """Full batches in a fixed order, without end."""
        while True:
            for start in range(0, len(self._order) - self._batch + 1, self._batch):
                rows = self._order[start : start + self._batch]
                label = torch.from_numpy(self._split.train_labels[rows])
                yield torch.from_numpy(self._split.train[rows]), label

    def error(self, model: SpikingVAE) -> float:
        """Reconstruction of the judged images, by the network as it is deployed, in float."""
        images = np.asarray(self._split.train[self._judged])
        return reconstruction_mse(
            model, images, label=self._split.train_labels[self._judged].tolist()
        )


def _cut_within(
    model: SpikingVAE, images: _Images, allowed: float, progress: Progress
) -> SpikingVAE | None:
    """The most units cut, weakest first, up to half of all, for which the error is within what is
    allowed; None if none can go."""
    found = importances(model, islice(images.batches(), IMPORTANCE_BATCHES))
    weakest = _ranked(found)
    best, low, high = None, 0, min(len(weakest), sum(map(len, found.values())) // 2)
    progress.start("cut", high.bit_length())
    while low < high:
        count = (low + high + 1) // 2
        keep = {name: torch.ones(len(shares), dtype=torch.bool) for name, shares in found.items()}
        for name, unit in weakest[:count]:
            keep[name][unit] = False
        small = recalibrate(cut(model, keep), images.batches()).eval()
        if images.error(small) <= allowed:
            best, low = small, count
        else:
            high = count - 1
        progress.advance(1, units=str(count))
    progress.finish()
    return best


def _ranked(found: Mapping[str, Tensor]) -> list[tuple[str, int]]:
    """Units (group, place) of all groups, the weakest first, without each group's best few."""
    candidates = [
        (float(shares[unit]), name, int(unit))
        for name, shares in found.items()
        for unit in shares.argsort(descending=True)[LEAST_KEPT:]
    ]
    return [(name, unit) for _, name, unit in sorted(candidates)]


def _units(model: SpikingVAE) -> int:
    return sum(group.size for group in groups_of(model))
