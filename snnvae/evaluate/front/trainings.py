"""Training a front: from the largest T and no budget down, each point from its neighbour.

    base → T₁ → T₂ → …            one after another, no budget: T is annealed from point to point
           T₁ with the largest budget → the next …         likewise at each T

Each point ends in fixed point (quantisation-aware). Every training has a folder of its own, so that
what is done is not done again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from snnvae.errors import ConfigError
from snnvae.evaluate.front.price import ann_of, point_of
from snnvae.evaluate.front.result import Ann, Front, Point
from snnvae.files import sha256_of, write_text
from snnvae.progress import Progress
from snnvae.train import checkpoint
from snnvae.train.alone import alone_in
from snnvae.train.chain import further, quantised, trained
from snnvae.train.family import Samples
from snnvae.train.settings import Settings, amount
from snnvae.train.start import starting_model

WHAT = "`budgets`"
FORM = 2
"""Of what is kept of a point: another one is judged again."""


@dataclass(frozen=True)
class Budget:
    """Synaptic operations per image: a number, or a share of what the same T uses without any."""

    value: float
    relative: bool = False

    @classmethod
    def parse(cls, text: str) -> Budget:
        """Reads a budget from '300k', '1.5M', '20000' or '25%'; ConfigError for anything else."""
        if not text.strip().endswith("%"):
            return cls(amount(text, WHAT))
        share = amount(text.strip()[:-1], f"{WHAT} of {text},")
        if share >= 100:
            raise ConfigError(f"{WHAT} {text}: a share of what is used without one is below 100%")
        return cls(share / 100, relative=True)

    def of(self, free: float) -> float:
        """Returns the budget in operations; `free`: those of the network without a budget."""
        return float(f"{self.value * free if self.relative else self.value:.3g}")


@dataclass(frozen=True)
class Plan:
    """A plan of what to train.

    base      settings of the first network, its T among `steps` or not
    steps     values of T, any order
    budgets   at each T, beside none
    epochs    of each point; `qat_epochs` more in fixed point
    start     a checkpoint in place of the base's training
    ann       settings of the ANNs that are not the base's; None for no ANN
    ann_sizes shares of its widths and latents, beside the whole
    images    held-out images to judge by (None: all), and to price
    """

    base: Settings
    steps: tuple[int, ...]
    budgets: tuple[Budget, ...]
    epochs: int
    qat_epochs: int
    start: Path | None = None
    ann: Mapping[str, Any] | None = None
    ann_sizes: tuple[float, ...] = ()
    images: int | None = None
    priced: int = 128
    data_dir: Path | None = None


def train_front(plan: Plan, out: Path, progress: Progress, note: Callable[[Front], None]) -> Front:
    """Trains and judges what is not yet in `out`; `note` sees the front after each point."""
    config = plan.base
    samples = config.family.data(config, plan.data_dir).test.take(slice(plan.images))
    for steps in plan.steps:  # what would fail after long work fails here
        further(config, plan.epochs, steps=steps)
    if plan.start:
        starting_model(config, plan.start)
    with alone_in(out):
        return _front(plan, out, samples, progress, note)


def _front(
    plan: Plan, out: Path, samples: Samples, progress: Progress, note: Callable[[Front], None]
) -> Front:
    config = plan.base
    anns = tuple(_anns(plan, out, samples, progress))
    front = Front(
        config.model, config.dataset, len(samples), min(plan.priced, len(samples)), (), anns
    )
    for point in _points(plan, out, samples, progress):
        front = replace(front, points=(*front.points, point))
        note(front)
    return front


def _points(plan: Plan, out: Path, samples: Samples, progress: Progress) -> Iterator[Point]:
    before = plan.start or trained(
        plan.base, out / "base", progress=progress, data_dir=plan.data_dir
    )
    for steps in sorted(plan.steps, reverse=True):
        free = further(plan.base, plan.epochs, steps=steps)
        before, point = _point(plan, free, before, out / f"T{steps}", samples, progress)
        yield point
        budgets = {b.of(point.operations) for b in plan.budgets}
        source = before
        for budget in sorted((b for b in budgets if b < point.operations), reverse=True):
            config = free.changed(spike_budget=budget)
            folder = out / f"T{steps}-{budget:.0f}"
            source, found = _point(plan, config, source, folder, samples, progress)
            yield found


def _point(
    plan: Plan,
    config: Settings,
    source: Path,
    folder: Path,
    samples: Samples,
    progress: Progress,
) -> tuple[Path, Point]:
    """The float checkpoint to go on from, and the point in fixed point."""
    path = trained(config, folder, source, progress, data_dir=plan.data_dir)
    fixed = path
    if plan.qat_epochs:
        # From the settings of the base, whose learning rate its own is a part of.
        settings = quantised(plan.base, plan.qat_epochs).changed(
            steps=config.steps, spike_budget=config.spike_budget
        )
        fixed = trained(settings, folder / "qat", path, progress, data_dir=plan.data_dir)
    kept = folder / "point.json"
    wanted = {
        "form": FORM,
        "images": len(samples),
        "priced": plan.priced,
        "checkpoint": sha256_of(fixed),
    }
    if kept.exists():
        have = json.loads(kept.read_text())
        if have["of"] == wanted:
            return path, Point(**have["point"])
    point = point_of(
        folder.name,
        checkpoint.load_spiking(fixed, config.kind_of)[1],
        samples,
        plan.priced,
        progress,
    )
    write_text(kept, json.dumps({"of": wanted, "point": asdict(point)}, indent=2))
    return path, point


def _anns(plan: Plan, out: Path, samples: Samples, progress: Progress) -> Iterator[Ann]:
    if plan.ann is None:
        return
    family = plan.base.family
    for share in (1.0, *plan.ann_sizes):
        config = family.twin(plan.base, share, plan.ann)
        if config is None:
            return
        name = f"ann-{family.sizes_name(config)}"
        path = trained(config, out / name, progress=progress, data_dir=plan.data_dir)
        model = checkpoint.load(path, config.kind_of)[1]
        yield ann_of(name, config, family.error_of(model, samples))
