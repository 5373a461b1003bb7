"""Networks that make images: trained ones in torch and Norse, deployed ones on a backend."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import nir
import numpy as np
from numpy.typing import NDArray

from snnvae.deploy.backends import Backend, RunResources
from snnvae.deploy.compile import compile_graph
from snnvae.errors import GraphError
from snnvae.evaluate.stages import Given, run_chunks
from snnvae.families.images.inference import generate, reconstruct
from snnvae.families.images.vae import VAE
from snnvae.hardware_sim.counter import Counter
from snnvae.program import Precision, Program
from snnvae.progress import NoProgress, Progress
from snnvae.recording import Recording
from snnvae.train.rates import firing_rates
from snnvae.train.run_part import deployable


@dataclass(frozen=True)
class GeneratedImages:
    """Images (N, C, H, W), mean spikes per neuron and step by layer, and synaptic operations per
    image (None where they were not counted)."""

    images: NDArray[np.floating]
    rates: Mapping[str, float]
    sops: float | None


class MeasuredNetwork(Protocol):
    """Makes images from nothing, or from images."""

    @property
    def classes(self) -> int:
        """The number of classes of a conditional model; else 0."""

    def generate(self, count: int) -> GeneratedImages:
        """Samples 0 … count − 1; of a conditional model, sample n is of class n mod classes."""

    def reconstruct(
        self, images: NDArray[np.float32], label: NDArray[np.int64] | None = None
    ) -> GeneratedImages:
        """Copies of images (N, C, H, W); label: their classes (N,), for conditional models."""


class TrainedNetwork:
    """The trained model itself, folded, in float64."""

    def __init__(self, model: VAE, seed: int) -> None:
        self.net, self.seed = deployable(model), seed
        self.classes = model.config.classes

    def generate(self, count: int) -> GeneratedImages:
        """Generates images as `inference.generate` does."""
        with firing_rates(self.net) as rates:
            images = generate(self.net, count, self.seed)
        return GeneratedImages(images, rates, None)

    def reconstruct(
        self, images: NDArray[np.float32], label: NDArray[np.int64] | None = None
    ) -> GeneratedImages:
        """Reconstructs images as `inference.reconstruct` does."""
        classes = None if label is None else label.tolist()
        with firing_rates(self.net) as rates:
            copies = reconstruct(self.net, images, self.seed, classes)
        return GeneratedImages(copies, rates, None)


@dataclass
class _Tally:
    """Sums over blocks of samples."""

    images: list[NDArray[np.floating]] = field(default_factory=list)
    spikes: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    chances: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    sops: int = 0

    def add(self, program: Program, recording: Recording) -> None:
        for c in Counter(program).count(recording).connections:
            self.sops += int(c.sop.sum())
        for layer in program.layers:
            if layer.neuron.spiking:
                fired = recording.spikes[layer.name]
                self.spikes[layer.name] += int(np.count_nonzero(fired))
                self.chances[layer.name] += fired.size

    def made(self) -> GeneratedImages:
        images = np.concatenate(self.images)
        rates = {name: self.spikes[name] / n for name, n in self.chances.items()}
        return GeneratedImages(images, rates, self.sops / len(images))


class DeployedNetwork:
    """Compiled graphs on a backend: a generator, an autoencoder, or an encoder and a decoder.

    One block of samples is held at a time.
    """

    def __init__(
        self,
        graphs: Mapping[str, nir.NIRGraph],
        precision: Precision,
        *,
        seed: int = 0,
        backend: Backend = "emulator",
        progress: Progress | None = None,
        resources: RunResources | None = None,
    ) -> None:
        self.programs = {
            part: compile_graph(graph, precision).program for part, graph in graphs.items()
        }
        self.classes = max(program.classes for program in self.programs.values())
        self.seed, self.backend, self.resources = seed, backend, resources
        self.progress = progress or NoProgress()

    def generate(self, count: int) -> GeneratedImages:
        """Generates images by the generator."""
        return self._made("generate", ["generator"], count)

    def reconstruct(
        self, images: NDArray[np.float32], label: NDArray[np.int64] | None = None
    ) -> GeneratedImages:
        """Reconstructs images by the autoencoder, or by encoder, host's draw and decoder."""
        names = ["autoencoder"] if "autoencoder" in self.programs else ["encoder", "decoder"]

        def given(at: range) -> tuple[dict[str, NDArray[Any]], list[int] | None]:
            known = label[at.start : at.stop].tolist() if label is not None else None
            some = images[at.start : at.stop].astype(np.float64)
            return {"image": some}, known if self.classes else None

        return self._made("reconstruct", names, len(images), given)

    def _made(self, what: str, names: Sequence[str], count: int, *given: Given) -> GeneratedImages:
        programs, tally = [self._part(name) for name in names], _Tally()
        self.progress.start(what, count)
        for recordings in run_chunks(
            programs, count, *given, seed=self.seed, backend=self.backend, resources=self.resources
        ):
            for program, recording in zip(programs, recordings):
                tally.add(program, recording)
            images = next(iter(recordings[-1].outputs.values()))
            tally.images.append(images)
            self.progress.advance(len(images))
        self.progress.finish()
        return tally.made()

    def _part(self, name: str) -> Program:
        if name not in self.programs:
            raise GraphError(
                f"this takes the model's {name}, and the file holds its "
                f"{' and '.join(self.programs)}: export it with `part`"
            )
        return self.programs[name]
