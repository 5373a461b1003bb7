"""The training loop: settings in, a checkpoint and its figures out."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim import AdamW

from snnvae.errors import ConfigError
from snnvae.files import write_aside
from snnvae.progress import NoProgress, Progress
from snnvae.train import checkpoint, data
from snnvae.train.config import Config
from snnvae.train.inference import reconstruction_mse
from snnvae.train.model import build
from snnvae.train.neuron import LIF
from snnvae.train.vae import SpikingVAE

CHECKPOINT = "model.pt"
METRICS = "metrics.jsonl"


def fit(config: Config, out_dir: str | Path, progress: Progress | None = None) -> Path:
    """Trains by AdamW and writes model.pt and metrics.jsonl into out_dir → path of model.pt.

    On a CPU, config.seed fixes every bit. A line of metrics per epoch: epoch, loss, reconstruction
    and prior (means over the epoch), test_mse (held-out images, pixels in [−1, 1]) and the mean
    firing rate of each LIF layer while it reconstructs them. Files appear when training is over;
    interrupted, it leaves none.
    """
    split = data.load(config.dataset)
    _check_shape(config, split)
    progress, out = progress or NoProgress(), Path(out_dir)
    generator = torch.Generator().manual_seed(config.seed)
    model = build(config)
    optimizer = AdamW(
        model.optimizer_groups(),
        lr=config.lr,
        betas=config.betas,
        weight_decay=config.weight_decay,
    )
    total = config.epochs * (len(split.train) // config.batch)
    with write_aside(out / METRICS) as aside, aside.open("w", encoding="utf-8") as log:
        progress.start(f"train {config.model}", total)
        for epoch in range(config.epochs):
            model.train()
            sums = torch.zeros(3)
            for images in _batches(split.train, config, generator):
                losses = model.loss(images, generator, epoch / config.epochs)
                optimizer.zero_grad()
                losses.total.backward()
                optimizer.step()
                sums += torch.stack(losses).detach()
                progress.advance(1, epoch=str(epoch + 1), loss=losses.total.item())
            if not bool(sums.isfinite().all()):
                raise ConfigError(
                    f"training diverged in epoch {epoch + 1} with lr {config.lr}: use a lower one"
                )
            means = (sums * config.epochs / total).tolist()
            record = {"epoch": epoch + 1, **dict(zip(losses._fields, means))}
            log.write(json.dumps({**record, **judge(model, split.test, config.seed)}) + "\n")
        path = checkpoint.save(out / CHECKPOINT, model)
    progress.finish()
    return path


def judge(model: SpikingVAE, images: NDArray[np.float32], seed: int) -> dict[str, Any]:
    """How well, and at what firing rates, the deployable form reconstructs held-out images."""
    net = model.folded()
    with firing_rates(net) as rates:
        mse = reconstruction_mse(net, images, seed)
    return {"test_mse": mse, "rates": rates}


def _batches(
    images: NDArray[np.float32], config: Config, generator: torch.Generator
) -> Iterator[Tensor]:
    """One epoch: full batches in random order; what is left over waits for another epoch."""
    whole = len(images) // config.batch * config.batch
    order = torch.randperm(len(images), generator=generator)[:whole]
    for chosen in order.view(-1, config.batch):
        yield torch.from_numpy(images)[chosen]


@contextmanager
def firing_rates(model: SpikingVAE) -> Iterator[dict[str, float]]:
    """Mean spikes per neuron and step of each LIF layer, over all that runs inside the block."""
    spikes: dict[str, float] = defaultdict(float)
    chances: dict[str, int] = defaultdict(int)
    handles = []
    for name, module in model.named_modules():
        if isinstance(module, LIF):

            def count(
                _: nn.Module, __: Any, output: tuple[Tensor, Tensor], name: str = name
            ) -> None:
                spikes[name] += output[0].sum().item()
                chances[name] += output[0].numel()

            handles.append(module.register_forward_hook(count))
    rates: dict[str, float] = {}
    try:
        yield rates
    finally:
        for handle in handles:
            handle.remove()
        rates.update({name: spikes[name] / n for name, n in chances.items()})


def _check_shape(config: Config, split: data.Split) -> None:
    have = split.train.shape[1:]
    want = (config.channels, config.image_size, config.image_size)
    if have != want:
        raise ConfigError(
            f"{config.dataset} has images (channels, height, width) = {have}, the settings ask for "
            f"{want}: set image_size and channels to the data set's"
        )
    if config.batch > len(split.train):
        raise ConfigError(
            f"batch {config.batch} exceeds the {len(split.train)} training images of "
            f"{config.dataset}: use a smaller one"
        )
