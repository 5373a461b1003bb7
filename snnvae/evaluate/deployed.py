"""From a trained model straight to what its deployed form reconstructs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import nir
import numpy as np

from snnvae.deploy.backends import Backend, Means
from snnvae.deploy.compile import compile_graph
from snnvae.deploy.run import run
from snnvae.evaluate.reconstruct import run_two_stages
from snnvae.families.images.vae import SpikingVAE
from snnvae.hardware_sim.make_stimulus import build_stimulus
from snnvae.program import Precision
from snnvae.progress import Progress
from snnvae.recording import Recording
from snnvae.train.to_nir import parts_for, to_nir

CHUNK = 64
"""Samples at a time; any number gives the same images."""


@dataclass(frozen=True)
class Reconstructions:
    """Images (N, C, H, W) and, per part, its graph and the recording of all samples."""

    images: np.ndarray
    parts: Mapping[str, tuple[nir.NIRGraph, Recording]]


def deployed_reconstructions(
    model: SpikingVAE,
    images: np.ndarray,
    precision: Precision,
    *,
    label: np.ndarray | None = None,
    seed: int = 0,
    backend: Backend = "emulator",
    progress: Progress | None = None,
    means: Means | None = None,
) -> Reconstructions:
    """Images (N, C, H, W) through the exported and compiled autoencoder.

    label: their classes (N,), which a conditional model needs.
    """
    names = parts_for(model, "autoencoder")
    folded = model.folded()
    graphs = {name: to_nir(folded, name) for name in names}
    programs = {name: compile_graph(graph, precision).program for name, graph in graphs.items()}
    recordings: dict[str, list[Recording]] = {name: [] for name in names}
    for start in range(0, len(images), CHUNK):
        some = images[start : start + CHUNK].astype(np.float64)
        samples = range(start, start + len(some))
        first = programs[names[0]]
        classes = None if label is None else label[start : start + CHUNK].tolist()
        stimulus = build_stimulus(first, samples, seed=seed, data={"image": some}, classes=classes)
        if len(names) == 2:
            stages = run_two_stages(first, programs[names[1]], stimulus, backend, progress, means)
            recordings[names[0]].append(stages.encoder)
            recordings[names[1]].append(stages.decoder)
        else:
            recordings[names[0]].append(
                run(first, stimulus, backend, progress=progress, means=means)
            )
    whole = {name: Recording.joined(some) for name, some in recordings.items()}
    copies = next(iter(whole[names[-1]].outputs.values()))
    return Reconstructions(copies, {name: (graphs[name], whole[name]) for name in names})
