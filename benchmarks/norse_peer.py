"""The emulator beside Norse: the trained model itself, eager on the CPU."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks import networks
from benchmarks.result import Aim, Result, same_spikes
from benchmarks.setup import Setup
from benchmarks.timing import best_of
from snnvae.deploy.run import run
from snnvae.families.images.vae import SpikingVAE
from snnvae.layers.activity import activity
from snnvae.layers.neuron import LIF
from snnvae.stimulus import Stimulus
from snnvae.train.trace import batch_first, time_first, trace

CHECKED = 16
"""Samples that are compared in float64; in float32 all are."""


def norse_generator(setup: Setup) -> Result:
    """The whole generator, with its loop of one step."""
    return _beside(setup, "generator")


def norse_decoder(setup: Setup) -> Result:
    """The decoder alone, which torch computes layer by layer, all steps and samples at once."""
    return _beside(setup, "decoder")


def _beside(setup: Setup, part: str) -> Result:
    program = networks.program(setup, "float", part)
    alone = part == "decoder"
    stimulus = (
        networks.decoder_stimulus(setup) if alone else networks.stimulus(program, setup.samples)
    )
    model = networks.model(setup).folded()
    given = {name: time_first(s, torch.float32) for name, s in _vectors(stimulus).items()}
    jobs: dict[str, Callable[[], object]] = {
        "ours": partial(run, program, stimulus),
        "norse": partial(activity, model.wiring(part), given),
    }
    times = best_of(jobs, min(3, setup.repeats))
    ours = run(program, stimulus).spikes
    few = stimulus.select(slice(0, CHECKED))
    exact = trace(model, part, _vectors(few)).spikes
    same = same_spikes({name: s[:CHECKED] for name, s in ours.items()}, exact)
    rounded = _spikes(model, part, given)
    wrong = {n: int((s != ours[n].reshape(s.shape)).sum()) for n, s in rounded.items()}
    return Result(
        f"norse_{part}",
        f"emulator, {setup.samples} samples",
        times["ours"],
        "Norse, eager, float32",
        times["norse"],
        "s",
        times["norse"] / times["ours"],
        Aim(2, 5),
        f"{same}, Norse in float64",
        {
            "spikes that differ in float32": sum(wrong.values()),
            "of": sum(int(ours[name].sum()) for name in wrong),
            "threads of torch": torch.get_num_threads(),
        },
    )


def _vectors(stimulus: Stimulus) -> dict[str, np.ndarray]:
    """Streams as the model takes them: vectors, not (N, 1, 1) maps."""
    return {name: s.reshape(*s.shape[:2], -1) for name, s in stimulus.streams.items()}


def _spikes(model: SpikingVAE, part: str, given: dict[str, Tensor]) -> dict[str, np.ndarray]:
    """Spikes (B, T, …) of every LIF of a run in the model's own precision."""
    seen: dict[str, list[Tensor]] = defaultdict(list)

    def keep(name: str) -> Callable[[nn.Module, Any, Any], None]:
        return lambda module, args, given: seen[name].append(given[0])

    cells = {name: m for name, m in model.named_modules() if isinstance(m, LIF)}
    hooks = [module.register_forward_hook(keep(name)) for name, module in cells.items()]
    activity(model.wiring(part), given)
    for hook in hooks:
        hook.remove()
    return {name: batch_first(torch.cat(rows)).astype(bool) for name, rows in seen.items()}
