"""Event-driven beside dense: one convolution with few spikes, the emulator beside torch."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from benchmarks import networks
from benchmarks.conv_nets import conv_chain
from benchmarks.result import Aim, Result, same_spikes
from benchmarks.setup import Setup
from benchmarks.timing import best_of
from snnvae.deploy.compile import compile_graph
from snnvae.deploy.run import run

CHANNELS, SIDE, SAMPLES, RATE = 64, 32, 16, 0.01

NOT_TORCH = ("ours", "bool to float")
"""Of the times: the emulator's, and the cast of the input, which torch is not charged for."""


def sparse_conv(setup: Setup) -> Result:
    """A layer 64×32×32 → 64×32×32 at 1 %, beside conv2d (oneDNN) and a LIF in place."""
    samples = 2 if setup.small else SAMPLES
    times, same = at_rate(RATE, samples, setup.repeats)
    dense = min((n for n in times if n not in NOT_TORCH), key=times.__getitem__)
    return Result(
        "sparse_conv",
        f"emulator, {samples} samples, {RATE:.0%} of inputs fire",
        1e3 * times["ours"],
        f"torch conv2d ({dense}) and LIF, float32",
        1e3 * times[dense],
        "ms",
        times[dense] / times["ours"],
        Aim(3),
        same,
        {name: 1e3 * value for name, value in times.items()},
    )


def at_rate(rate: float, samples: int, repeats: int) -> tuple[dict[str, float], str]:
    """Seconds of the emulator and of the ways to do it in torch, at one firing rate."""
    # At a low rate, weights of the usual size: else they would grow with one over its root.
    program = compile_graph(conv_chain(CHANNELS, SIDE, 1, rate=max(rate, 0.02))).program
    stimulus = networks.stimulus(program, samples, rate=rate)
    weight = torch.as_tensor(program.connections[0].synapse.weight).float()
    stream = torch.as_tensor(
        np.ascontiguousarray(stimulus.streams["in"].swapaxes(0, 1), np.float32)
    )
    ways: dict[str, Callable[[], Tensor]] = {
        "all at once": partial(_all_at_once, stream, weight),
        "step by step": partial(_step_by_step, stream, weight),
        "step by step, channels last": partial(
            _step_by_step,
            *(_channels_last(t) for t in (stream, weight)),
        ),
    }
    ours = run(program, stimulus).spikes["lif0"]
    for way in ways.values():
        same = same_spikes({"lif0": ours}, {"lif0": way().transpose(0, 1).numpy()})
    times = best_of({"ours": partial(run, program, stimulus), **ways}, repeats)
    bits = np.array(stimulus.streams["in"])
    times["bool to float"] = best_of({"cast": lambda: torch.as_tensor(bits).float()}, repeats)[
        "cast"
    ]
    return times, f"{same} (it fires at {ours.mean():.2%})"


def _channels_last(t: Tensor) -> Tensor:
    flat = t.flatten(0, -4).contiguous(memory_format=torch.channels_last)
    return flat.view(*t.shape) if t.dim() == 5 else flat


@torch.no_grad()
def _all_at_once(stream: Tensor, weight: Tensor) -> Tensor:
    """Spikes (T, B, …): one convolution over time and batch, then the neurons."""
    return _lif(F.conv2d(stream.flatten(0, 1), weight, padding=1).view(*stream.shape))


@torch.no_grad()
def _step_by_step(stream: Tensor, weight: Tensor) -> Tensor:
    """The same with a convolution for each step: what it gives stays in the cache."""
    return _lif(F.conv2d(row, weight, padding=1) for row in stream)


def _lif(currents: object) -> Tensor:
    made, v = [], None
    for current in currents:  # type: ignore[attr-defined]
        v = current if v is None else v.mul_(0.5).add_(current)
        fires = v > 1
        made.append(fires)
        v = v.masked_fill_(fires, 0.0)
    return torch.stack(made)
