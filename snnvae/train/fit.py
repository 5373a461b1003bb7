"""The training loop: settings in, a checkpoint and its figures out."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import CosineAnnealingLR

from snnvae.errors import ConfigError, OutputError
from snnvae.progress import NoProgress, Progress
from snnvae.train import checkpoint, data
from snnvae.train.config import Config
from snnvae.train.inference import reconstruct
from snnvae.train.model import build
from snnvae.train.neuron import LIF
from snnvae.train.vae import SpikingVAE

CHECKPOINT = "model.pt"
METRICS = "metrics.jsonl"


def fit(config: Config, out_dir: str | Path, progress: Progress | None = None) -> Path:
    """Trains by AdamW and writes model.pt and metrics.jsonl into out_dir → path of model.pt.

    On a CPU, config.seed fixes every bit. A line of metrics per epoch: epoch, loss, reconstruction and prior
    (means over the epoch), test_mse (held-out images, pixels in [−1, 1]) and the mean firing rate of each LIF
    layer on held-out images. Files appear when training is over; interrupted, it leaves neither.
    """
    split = data.load(config.dataset)
    _check_shape(config, split.train.shape[1:])
    out = _folder(out_dir)
    progress = progress or NoProgress()
    train = torch.from_numpy(split.train)
    generator = torch.Generator().manual_seed(config.seed)
    model = build(config)
    optimizer = torch.optim.AdamW(
        model.optimizer_groups(),
        lr=config.lr,
        betas=config.betas,
        weight_decay=config.weight_decay,
    )
    batches = len(train) // config.batch
    if batches == 0:
        raise ConfigError(f"batch {config.batch} exceeds the {len(train)} training images")
    if config.cosine:
        schedule = CosineAnnealingLR(optimizer, config.epochs * batches)
    lines = []
    progress.start(f"train {config.model}", config.epochs * batches)
    for epoch in range(config.epochs):
        model.train()
        sums = torch.zeros(3)
        order = torch.randperm(len(train), generator=generator)[: batches * config.batch]
        for chosen in order.split(config.batch):
            images = shifted(train[chosen], config.shift, generator)
            losses = model.loss(images, generator, epoch / config.epochs)
            optimizer.zero_grad()
            losses.total.backward()
            optimizer.step()
            if config.cosine:
                schedule.step()
            sums += torch.stack([value.detach() for value in losses])
            progress.advance(1, epoch=str(epoch + 1), loss=losses.total.item())
        loss, reconstruction, prior = (sums / batches).tolist()
        net = model.folded()
        with firing_rates(net) as rates:
            copies = reconstruct(net, split.test, config.seed)
        record: dict[str, Any] = {"epoch": epoch + 1, "loss": loss}
        record |= {"reconstruction": reconstruction, "prior": prior}
        record["test_mse"] = float(((copies - split.test) ** 2).mean())
        record["rates"] = rates
        lines.append(json.dumps(record))
    progress.finish()
    path = checkpoint.save(out / CHECKPOINT, model)
    _write(out / METRICS, "\n".join(lines) + "\n")
    return path


def shifted(images: Tensor, pixels: int, generator: torch.Generator) -> Tensor:
    """Each image (B, C, H, W) moved by −pixels … pixels along both axes; the edge repeats."""
    if pixels == 0:
        return images
    side = images.shape[-1]
    padded = nn.functional.pad(images, (pixels,) * 4, mode="replicate")
    offsets = torch.randint(2 * pixels + 1, (len(images), 2), generator=generator).tolist()
    moved = [x[:, i : i + side, j : j + side] for x, (i, j) in zip(padded, offsets)]
    return torch.stack(moved)


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


def _check_shape(config: Config, shape: tuple[int, ...]) -> None:
    wanted = (config.channels, config.image_size, config.image_size)
    if shape != wanted:
        raise ConfigError(
            f"{config.dataset} has images (channels, height, width) = {shape}, the settings ask for "
            f"{wanted}: set image_size and channels to the data set's"
        )


def _folder(out_dir: str | Path) -> Path:
    out = Path(out_dir)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot create folder {out}: {error.strerror}") from error
    if not os.access(out, os.W_OK):
        raise OutputError(
            f"cannot write into {out}: choose another folder or change its permissions"
        )
    return out


def _write(path: Path, text: str) -> None:
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        aside.write_text(text, encoding="utf-8")
        os.replace(aside, path)
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror}") from error
    finally:
        aside.unlink(missing_ok=True)
