"""The training loop: settings in, a checkpoint and its figures out."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from snnvae.errors import ConfigError
from snnvae.interrupts import deferred_interrupts
from snnvae.layers.model import SpikingModel
from snnvae.layers.spiking import save_memory as saving_memory
from snnvae.progress import NoProgress, Progress
from snnvae.train import checkpoint, state
from snnvae.train.alone import alone_in
from snnvae.train.build import build
from snnvae.train.costs import Costs, budget_of, next_multiplier, steps_at
from snnvae.train.devices import FULL_PRECISION, Hardware, keep_freed_memory
from snnvae.train.epoch_reports import METRICS, EpochReports
from snnvae.train.family import Batch, Data, Losses, Trainable
from snnvae.train.randomness import generator, held_back, order
from snnvae.train.rates import firing_rates, warnings_of
from snnvae.train.schedule import factor
from snnvae.train.settings import Settings
from snnvae.train.start import starting_model
from snnvae.train.state import STATE, Position

if TYPE_CHECKING:
    from lightning_fabric import Fabric

CHECKPOINT = "model.pt"
JUDGED = 1000
"""Held-out samples that each epoch is judged by; the last one by all of them."""
SAVE_EVERY = 10.0
"""Minutes between two savings within an epoch."""
BUDGET_SLACK = 1.1
"""Of a budget, within which an epoch may be the best by validation."""

__all__ = ["CHECKPOINT", "METRICS", "STATE", "Training", "fit"]


def fit(
    config: Settings,
    out_dir: str | Path,
    progress: Progress | None = None,
    *,
    data_dir: Path | None = None,
    hardware: Hardware | None = None,
    resume: bool = False,
    source: Path | None = None,
    save_memory: bool = False,
    save_every: float = SAVE_EVERY,
    warn: Callable[[str], None] | None = None,
    tell: Callable[[str], None] | None = None,
) -> Path | None:
    """Trains by AdamW into a folder → path of its model.pt; None in all processes but the first.

    After each epoch the folder holds model.pt (with validation images: the best so far by them),
    training.pt, which `resume` goes on from, metrics.jsonl (a line per epoch: losses, held-out
    error test_mse, images/s, firing rates), events for TensorBoard, and pictures of samples and
    reconstructions. On a CPU, config.seed fixes every bit, interrupted or not. Interrupted
    (KeyboardInterrupt), it saves training.pt and raises on; killed, it loses what it did since
    training.pt was last saved, after an epoch or `save_every` minutes. `source`: a checkpoint to
    start from, instead of anew. `save_memory`: layers compute their currents again for the backward
    pass, to the same bits. `warn` gets a line for each dead or saturated layer, `tell` one for what
    is to be said of the data. ConfigError where another training runs in the folder.
    """
    out = Path(out_dir)
    with alone_in(out, tell):
        if not resume and (out / STATE).exists():
            raise ConfigError(
                f"{out} holds a training already: add `resume`, or choose another folder"
            )
        data = config.family.data(config, data_dir, progress)
        for note in data.notes:
            if tell is not None:
                tell(note)
        model = build(config) if resume else starting_model(config, source, tell)
        if source is None and not resume:
            model = config.family.begun(model, data)
        hardware = hardware or Hardware()
        training = Training(config, data, hardware.fabric(), model, hardware.precision)
        training.position.source = state.digest_of(source)
        if save_memory:
            saving_memory(training.model)
        training.save_every = save_every
        if resume:
            training.resume(out / STATE)
        return training.run(out, progress or NoProgress(), warn or (lambda _: None))


class Training:
    """A model, its optimizer, and where they stand."""

    def __init__(
        self,
        config: Settings,
        data: Data,
        fabric: Fabric,
        model: Trainable,
        precision: str = FULL_PRECISION,
    ) -> None:
        keep_freed_memory()
        self.config, self.data, self.fabric, self.precision = config, data, fabric, precision
        self.family = config.family
        self.model = model
        self.costs: Costs | None = None
        if isinstance(self.model, SpikingModel) and (config.spike_budget or config.unit_penalty):
            self.costs = Costs(self.model, config)
        optimizer = self.model.optimizer()
        self.rates = [group["lr"] for group in optimizer.param_groups]
        wrapped: tuple[Any, Any] = fabric.setup(self.model, optimizer)
        self.wrapped, self.optimizer = wrapped
        self.position = Position()
        self.save_every = SAVE_EVERY
        self.validation, self.train = held_back(config.seed, len(data.train), config.validation)
        self.steps = len(self.train) // config.batch
        if self.steps == 0:
            raise ConfigError(
                f"batch {config.batch} exceeds the {len(self.train)} training {self.family.unit}"
                f"{f' of {config.dataset}' if config.dataset else ''}: use a smaller one"
            )
        if config.batch % fabric.world_size:
            raise ConfigError(
                f"batch {config.batch} cannot be shared by {fabric.world_size} devices: use a "
                "multiple of their number"
            )

    def resume(self, path: Path) -> None:
        """Goes back to where the training in that file stood."""
        self.position = state.load(
            path,
            self.config,
            self.model,
            self._inner_optimizer,
            self.position.source,
            self.precision,
        )

    @property
    def _inner_optimizer(self) -> Optimizer:
        inner: Optimizer = getattr(self.optimizer, "optimizer", self.optimizer)
        return inner

    def run(self, out: Path, progress: Progress, warn: Callable[[str], None]) -> Path | None:
        """Runs all epochs that are left."""
        position, config = self.position, self.config
        main = self.fabric.is_global_zero
        reports = EpochReports(out) if main else None
        if not main:
            progress = NoProgress()
        progress.start(f"train {config.model}", config.epochs * self.steps)
        progress.advance(position.epoch * self.steps + position.step)
        try:
            # All devices stop together: only the first one knows the validation error.
            while position.epoch < config.epochs and not self.fabric.broadcast(self._is_done()):
                self._epoch(out, progress)
                if reports is not None:
                    self._finish(out, reports, warn)
                else:
                    position.epoch, position.step = position.epoch + 1, 0
                self.fabric.barrier()
        finally:
            if reports is not None:
                reports.close()
        progress.finish()
        return out / CHECKPOINT if main else None

    def _is_done(self) -> bool:
        return 0 < self.config.early_stop <= self.position.since_best

    def _epoch(self, out: Path, progress: Progress) -> None:
        """The steps of an epoch that are left; interrupted between two of them, it saves."""
        self.wrapped.train()
        if isinstance(self.model, SpikingModel):
            self.model.steps = steps_at(self.config, self.position.epoch)
        self.seen, self.began = 0, time.monotonic()
        try:
            with deferred_interrupts() as check:
                self._steps(out, progress, check)
        except KeyboardInterrupt:
            self._save(out)
            raise
        # Also before the epoch is judged: what interrupts that loses nothing.
        self._save(out)

    def _steps(self, out: Path, progress: Progress, check: Callable[[], None]) -> None:
        config, position, saved = self.config, self.position, time.monotonic()
        sums = torch.tensor(position.sums, dtype=torch.float64)
        for batch in self._batches():
            try:
                losses = self._step(batch)
            except (ArithmeticError, RuntimeError) as error:
                if isinstance(error, RuntimeError) and "overflow" not in str(error):
                    raise
                raise self._diverged("a number overflows") from error
            if not losses.total.isfinite():
                raise self._diverged(f"the loss is {losses.total.item()}")
            sums += torch.stack(losses).detach().cpu().double()
            position.step += 1
            position.sums = sums.tolist()
            self.seen += config.batch
            progress.advance(
                1,
                epoch=str(position.epoch + 1),
                loss=losses.total.item(),
                **{f"{self.family.unit}/s": self.seen / (time.monotonic() - self.began)},
            )
            check()
            if time.monotonic() - saved >= 60 * self.save_every:
                self._save(out)
                saved = time.monotonic()

    def _diverged(self, what: str) -> ConfigError:
        position = self.position
        return ConfigError(
            f"training diverged in epoch {position.epoch + 1}, step {position.step + 1} of "
            f"{self.steps} ({what}) with lr {self.config.lr}: use a lower one, or `clip` 1"
        )

    def _step(self, batch: Batch) -> Losses:
        config, position = self.config, self.position
        done = (position.epoch * self.steps + position.step) / (config.epochs * self.steps)
        for group, rate in zip(self.optimizer.param_groups, self.rates):
            group["lr"] = rate * factor(config, done)
        noise = generator(
            config.seed, "noise", position.epoch, position.step, self.fabric.global_rank
        )
        losses: Losses = self.wrapped(batch, noise, position.epoch / config.epochs)
        total = losses.total
        if self.costs is not None:
            total, operations = self.costs(total, position.multiplier)
            self._note_operations(operations)
        self.optimizer.zero_grad()
        self.fabric.backward(total)
        if config.clip:
            self.fabric.clip_gradients(self.wrapped, self.optimizer, max_norm=config.clip)
        self.optimizer.step()
        return losses

    def _note_operations(self, operations: float) -> None:
        position, config = self.position, self.config
        if self.fabric.world_size > 1:
            mean = self.fabric.all_reduce(torch.tensor(operations), reduce_op="mean")
            assert isinstance(mean, Tensor)
            operations = mean.item()
        position.operations += operations
        if config.spike_budget:
            budget = budget_of(config, steps_at(config, position.epoch))
            position.multiplier = next_multiplier(position.multiplier, operations, budget)

    def _batches(self) -> Iterator[Batch]:
        """The rest of an epoch: full batches in random order, this device's share of each."""
        config, position, fabric = self.config, self.position, self.fabric
        chosen = self.train[order(config.seed, position.epoch, len(self.train)).numpy()]
        share = config.batch // fabric.world_size
        for step in range(position.step, self.steps):
            start = step * config.batch + fabric.global_rank * share
            rows = chosen[start : start + share]
            coin = generator(config.seed, "flip", position.epoch, step, fabric.global_rank)
            batch = self.family.batch(config, self.data.train.take(rows), coin)
            yield tuple(None if x is None else x.to(fabric.device) for x in batch)

    def _finish(self, out: Path, reports: EpochReports, warn: Callable[[str], None]) -> None:
        """Judges an epoch and writes it down."""
        config, position = self.config, self.position
        seconds = time.monotonic() - self.began
        net = _on_cpu(self.model)
        name, unit = self.family.error, self.family.unit
        validation = None
        if len(self.validation):
            validation = self.family.error_of(
                net, self.data.train.take(self.validation), config.seed
            )
        improved = self._note_validation(validation)
        last = position.epoch + 1 == config.epochs or self._is_done()
        improved = improved or (last and position.best == float("inf"))
        record: dict[str, Any] = {"epoch": position.epoch + 1, "precision": self.precision}
        record |= dict(zip(Losses._fields, (s / self.steps for s in position.sums)))
        if self.costs is not None:
            record["operations"] = position.operations / self.steps
        if validation is not None:
            record[f"validation_{name}"] = validation
        samples = self.data.test.take(slice(None if last else JUDGED))
        with firing_rates(net) as rates:
            outputs = self.family.outputs(net, samples, config.seed)
        figures = self.family.figures(config, outputs, samples)
        if not isfinite(figures[name]):
            position.step -= 1
            raise self._diverged(f"the held-out {self.family.error_name} is {figures[name]}")
        record |= {f"test_{figure}": value for figure, value in figures.items()}
        record |= {f"test_{unit}": len(samples), f"{unit}_per_second": self.seen / seconds}
        record["rates"] = rates
        for line in warnings_of(rates):
            warn(f"epoch {position.epoch + 1}: {line}")
        position.records.append(record)
        position.epoch, position.step, position.sums = position.epoch + 1, 0, [0.0] * 3
        position.operations = 0.0
        shown = self.family.pictures(net, samples, outputs, config.seed)
        if improved:  # before the reports, which a full disk may end
            checkpoint.save(out / CHECKPOINT, self.model, self.precision)
        reports.write(position.records, shown)
        self._save(out)

    def _note_validation(self, error: float | None) -> bool:
        """Tells whether this epoch's model is the one to keep."""
        position, config = self.position, self.config
        within = position.operations <= BUDGET_SLACK * config.spike_budget * self.steps
        if error is not None and (
            steps_at(config, position.epoch) != config.steps or (config.spike_budget and not within)
        ):
            return False  # not what is to be deployed
        if error is None or error < position.best:
            position.best, position.since_best = error or position.best, 0
            return True
        position.since_best += 1
        return False

    def _save(self, out: Path) -> None:
        if not self.fabric.is_global_zero:
            return
        weights = self.model.state_dict()
        # A last step may have spoilt them, which no loss has shown yet.
        if not all(bool(value.isfinite().all()) for value in weights.values()):
            self.position.step -= 1
            raise self._diverged("weights are not finite")
        state.save(
            out / STATE,
            self.config,
            self.position,
            weights,
            self._inner_optimizer.state_dict(),
            self.precision,
        )


def _on_cpu(model: Trainable) -> Any:
    """The form that is judged, in float32, or as it is in fixed point; on the CPU, where the host's
    draws are."""
    import copy

    net = copy.deepcopy(model).cpu()
    if isinstance(net, SpikingModel) and not net.is_fixed:
        return net.folded()
    return net.eval()
