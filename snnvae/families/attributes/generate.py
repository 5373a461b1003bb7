"""Samples of classes: from a model in torch, or from the deployed generator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from snnvae.deploy.backends import Backend, RunResources
from snnvae.deploy.compile import compile_graph
from snnvae.draws.gauss_sigmoid import gaussian
from snnvae.evaluate.stages import run_chunks
from snnvae.families.attributes.ann import AttributeANN
from snnvae.families.attributes.model import GENERATOR, AttributeVAE
from snnvae.program import Precision
from snnvae.progress import NoProgress, Progress
from snnvae.train.run_part import deployable, run_part
from snnvae.train.to_nir import to_nir

CHUNK = 64
"""Samples at a time; any number gives the same values."""
Values = NDArray[np.float64]


def by_program(
    model: AttributeVAE,
    precision: Precision,
    label: NDArray[np.int64],
    seed: int,
    *,
    backend: Backend = "emulator",
    progress: Progress | None = None,
    resources: RunResources | None = None,
) -> Values:
    """(N, D): sample n of class label[n], by the deployed generator."""
    program = compile_graph(to_nir(model.folded(), GENERATOR), precision).program
    progress, made = progress or NoProgress(), []
    progress.start(f"generate, {precision}", len(label))
    for (recording,) in run_chunks(
        [program], len(label), lambda at: (None, label[at.start : at.stop].tolist()), seed=seed,
        backend=backend, resources=resources,
    ):  # fmt: skip
        (values,) = recording.outputs.values()
        made.append(values.reshape(len(values), -1))
        progress.advance(len(values))
    progress.finish()
    return np.concatenate(made)


def by_part(
    model: AttributeVAE,
    part: str,
    label: NDArray[np.int64],
    seed: int,
    given: Mapping[str, NDArray[Any]] | None = None,
) -> Values:
    """(N, D) by a part of the model in torch; given: arrays (N, …) of its inputs."""
    net = deployable(model)
    made = []
    for at in _chunks(len(label)):
        some = {name: values[at.start : at.stop] for name, values in (given or {}).items()}
        chosen = label[at.start : at.stop].tolist()
        made.append(run_part(net, part, at, seed, some, chosen).reshape(len(at), -1))
    return np.concatenate(made)


@torch.no_grad()
def by_ann(
    model: AttributeANN, label: NDArray[np.int64], seed: int, x: NDArray[Any] | None = None
) -> Values:
    """(N, D) from N(0, I), or through the means of the latents of x (N, D, …)."""
    net = deployable(model)
    made = []
    for at in _chunks(len(label)):
        if x is None:
            z = torch.from_numpy(gaussian(at, net.config.latent, seed)).float()
        else:
            values = x[at.start : at.stop].reshape(len(at), -1)
            z = net.encode(torch.from_numpy(values).float())
        classes = torch.from_numpy(label[at.start : at.stop])
        made.append(net.decode(z, classes).double().numpy())
    return np.concatenate(made)


def _chunks(count: int) -> Sequence[range]:
    return [range(start, min(start + CHUNK, count)) for start in range(0, count, CHUNK)]
