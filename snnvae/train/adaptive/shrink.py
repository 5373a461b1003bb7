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

import torch
from torch import Tensor

from snnvae.errors import ConfigError
from snnvae.files import make_folder
from snnvae.layers.model import SpikingModel
from snnvae.progress import NoProgress, Progress
from snnvae.train import checkpoint
from snnvae.train.adaptive.importance import Batches, importances
from snnvae.train.adaptive.prune import prune, recalibrate
from snnvae.train.adaptive.units import groups_of
from snnvae.train.chain import further, trained
from snnvae.train.family import Samples
from snnvae.train.fit import CHECKPOINT, STATE
from snnvae.train.randomness import held_back, order
from snnvae.train.settings import Settings

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
    config: Settings,
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
    `Settings.unit_penalty` while training. A folder per round: what is done is not done again.
    """
    have, first = checkpoint.load_spiking(source, config.kind_of)
    if have.qat:
        raise ConfigError(f"{source} is in fixed point: shrink the float model, then `qat`")
    if config.lent_by(have):
        raise ConfigError(
            f"{source} is of another model, which lends parts to this one: train this one first, "
            "then shrink it"
        )
    if (out / STATE).exists() or (out / CHECKPOINT).resolve() == source.resolve():
        raise ConfigError(f"{out} holds a training already: choose another folder")
    data = config.family.data(config, data_dir)
    judge, progress = _Judge(data.train, config), progress or NoProgress()
    settings = further(config, epochs, unit_penalty=0.0, validation=HELD_BACK)
    uncut = trained(settings, out / UNCUT, source, progress, data_dir=data_dir)
    kept, jump = checkpoint.load_spiking(uncut, config.kind_of)[1], FIRST_JUMP
    allowed = max(judge.error(first), judge.error(kept)) * (1 + tolerance)
    history: list[Round] = []
    for number in range(1, rounds + 1):
        small = _cut_within(kept, judge, judge.error(kept) * (1 + jump), progress)
        if small is None:
            break
        folder = out / f"round-{number}"
        make_folder(folder)
        start = checkpoint.save(folder / "cut.pt", small)
        sizes = {name: getattr(small.config, name) for name in small.config.sizes}
        smaller = settings.changed(**sizes, unit_penalty=penalty)
        path = trained(smaller, folder, start, progress, data_dir=data_dir)
        candidate = checkpoint.load_spiking(path, config.kind_of)[1]
        error = judge.error(candidate)
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


class _Judge:
    """Training samples, always the same: some held back to judge by, others to learn statistics
    from."""

    def __init__(self, samples: Samples, config: Settings) -> None:
        self._samples, self._config = samples, config
        judged, train = held_back(config.seed, len(samples), HELD_BACK)
        self._judged = judged[:JUDGED]
        self._order = train[order(config.seed, 0, len(train)).numpy()]
        if config.batch > len(train):
            raise ConfigError(
                f"batch {config.batch} exceeds the {len(train)} training {config.family.unit} that "
                "are not held back: use a smaller one"
            )

    def batches(self) -> Batches:
        """Full batches in a fixed order, without end."""
        config, size = self._config, self._config.batch
        while True:
            for start in range(0, len(self._order) - size + 1, size):
                rows = self._order[start : start + size]
                yield config.family.batch(config, self._samples.take(rows), None)

    def error(self, model: SpikingModel) -> float:
        """Returns the error of the judged samples, by the network as it is deployed, in float."""
        return self._config.family.error_of(model, self._samples.take(self._judged))


def _cut_within(
    model: SpikingModel, judge: _Judge, allowed: float, progress: Progress
) -> SpikingModel | None:
    """The most units cut, weakest first, up to half of all, for which the error is within what is
    allowed; None if none can go."""
    found = importances(model, islice(judge.batches(), IMPORTANCE_BATCHES))
    weakest = _ranked(found)
    best, low, high = None, 0, min(len(weakest), sum(map(len, found.values())) // 2)
    progress.start("cut", high.bit_length())
    while low < high:
        count = (low + high + 1) // 2
        keep = {name: torch.ones(len(shares), dtype=torch.bool) for name, shares in found.items()}
        for name, unit in weakest[:count]:
            keep[name][unit] = False
        small = recalibrate(prune(model, keep), judge.batches()).eval()
        if judge.error(small) <= allowed:
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


def _units(model: SpikingModel) -> int:
    return sum(group.size for group in groups_of(model))
