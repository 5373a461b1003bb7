"""One form of training in a process of its own: `python -m benchmarks.train_probe esvae ours 32 5`.

Prints JSON: images per second, and the megabytes that training steps add at their peak.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import chain
from pathlib import Path

import torch
from torch import Tensor, nn

from benchmarks import straightforward
from snnvae.families.images.config import Config
from snnvae.families.images.vae import SpikingVAE
from snnvae.layers import spiking
from snnvae.train.build import build
from snnvae.train.devices import keep_freed_memory

FORMS = ("ours", "ours, --memory", "straightforward", "synapses alone")


def config(model: str, batch: int, small: bool) -> Config:
    """The paper's network on 32×32 images; its MNIST figures."""
    found = Config.default(model, "mnist", batch=batch)
    return found.changed(widths=(4, 8, 8, 8), latent=8, k=3, steps=4) if small else found


def probe(model: str, form: str, batch: int, rounds: int, small: bool = False) -> dict[str, float]:
    """Runs this file as a process."""
    arguments = [model, form, str(batch), str(rounds), *(["small"] if small else [])]
    command = [sys.executable, "-m", "benchmarks.train_probe", *arguments]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def main(model: str, form: str, batch: int, rounds: int, small: bool) -> None:
    settings = config(model, batch, small)
    net = build(settings)
    image = torch.rand(batch, 1, 32, 32, generator=torch.Generator().manual_seed(0)) * 2 - 1
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3)
    generator = torch.Generator().manual_seed(0)
    loss: Callable[[], Tensor]
    if form == "straightforward":
        loss = lambda: straightforward.loss(net, image)  # noqa: E731
    elif form == "synapses alone":
        keep_freed_memory()
        loss = synapses_alone(net, image)
    else:
        keep_freed_memory()
        if form.endswith("--memory"):
            spiking.save_memory(net)
        loss = lambda: net.loss(image, generator, 0.5).total  # noqa: E731

    def step() -> None:
        value = loss()
        optimizer.zero_grad()
        value.backward()
        optimizer.step()

    before = _resident()
    times = []
    for _ in range(rounds + 1):
        began = time.perf_counter()
        step()
        times.append(time.perf_counter() - began)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 - before
    print(json.dumps({"images/s": batch / min(times[1:]), "megabytes": peak}))


def synapses_alone(net: SpikingVAE, image: Tensor) -> Callable[[], Tensor]:
    """Forward and backward through every synapse on time and batch at once, and no neuron.

    What a training step cannot be faster than with torch's own convolutions.
    """
    inputs: list[tuple[nn.Module, Tensor, bool]] = []

    def note(module: nn.Module, given: tuple[Tensor, ...], _: Tensor) -> None:
        x = given[0].detach().clone(memory_format=torch.preserve_format)
        inputs.append((module, x, torch.is_grad_enabled()))

    hooks = [
        m.register_forward_hook(note)
        for m in net.modules()
        if isinstance(m, (nn.Linear, nn.Conv2d, nn.ConvTranspose2d))
    ]
    net.loss(image, torch.Generator().manual_seed(0), 0.5)
    for hook in hooks:
        hook.remove()

    def loss() -> Tensor:
        outputs = []
        for module, x, learns in inputs:
            x.grad = None
            with torch.set_grad_enabled(learns):  # draws run forward only
                y = module(x.requires_grad_(learns and x.shape[1:] != image.shape[1:]))
            if learns:
                y.backward(torch.ones_like(y))
            outputs.append(y.detach()[(0,) * y.ndim])
        parameter = next(net.parameters())
        return sum(chain(outputs, [0 * parameter.sum()]))  # type: ignore[return-value]

    return loss


def _resident() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


if __name__ == "__main__":
    name, form, batch, rounds, *rest = sys.argv[1:]
    main(name, form, int(batch), int(rounds), bool(rest))
