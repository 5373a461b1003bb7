"""Takes a trained model straight to what its deployed form makes of samples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import nir
import numpy as np
from numpy.typing import NDArray

from snnvae.deploy.backends import Backend, RunResources
from snnvae.deploy.compile import compile_graph
from snnvae.evaluate.stages import run_chunks
from snnvae.layers.model import SpikingModel
from snnvae.program import Precision, Program
from snnvae.progress import NoProgress, Progress
from snnvae.recording import Recording
from snnvae.train.family import Samples, Values
from snnvae.train.to_nir import parts_for, to_nir


@dataclass(frozen=True)
class Deployed:
    """Outputs (N, …) and, per part, its graph and the recording of all samples."""

    outputs: Values
    parts: Mapping[str, tuple[nir.NIRGraph, Recording]]


class DeployedModel:
    """The compiled part of a model by which it is judged, in one program or several."""

    def __init__(
        self,
        model: SpikingModel,
        precision: Precision,
        *,
        seed: int = 0,
        backend: Backend = "emulator",
        progress: Progress | None = None,
        resources: RunResources | None = None,
    ) -> None:
        self.config = model.config
        judged = model.config.family.judged
        folded = model.folded()
        self.graphs = {name: to_nir(folded, name) for name in parts_for(model, judged)}
        self.programs: dict[str, Program] = {
            name: compile_graph(graph, precision).program for name, graph in self.graphs.items()
        }
        self.seed, self.backend, self.resources = seed, backend, resources
        self.progress = progress or NoProgress()

    def blocks(self, samples: Samples) -> Iterator[Mapping[str, Recording]]:
        """Recordings by part, a chunk of the samples after another."""
        programs = tuple(self.programs.values())

        def given(at: range) -> tuple[dict[str, NDArray[Any]], list[int] | None]:
            some = samples.take(slice(at.start, at.stop))
            label = some.label if programs[0].classes else None
            data = {name: _exact(values) for name, values in some.inputs.items()}
            return data, None if label is None else label.tolist()

        for found in run_chunks(
            programs, len(samples), given, seed=self.seed, backend=self.backend,
            progress=self.progress, resources=self.resources,
        ):  # fmt: skip
            yield dict(zip(self.programs, found))

    def outputs(self, samples: Samples) -> Values:
        """(N, …) of all samples."""
        return np.concatenate([self._output(block) for block in self.blocks(samples)])

    def figures(self, samples: Samples) -> dict[str, float]:
        """Returns what the model's family says of the outputs; the first figure is the error."""
        outputs = self.outputs(samples)
        found: dict[str, float] = self.config.family.figures(self.config, outputs, samples)
        return found

    def error(self, samples: Samples) -> float:
        """Returns the first of the figures."""
        return next(iter(self.figures(samples).values()))

    def run(self, samples: Samples) -> Deployed:
        """Everything of all samples."""
        blocks = list(self.blocks(samples))
        whole = {name: Recording.joined([block[name] for block in blocks]) for name in blocks[0]}
        parts = {name: (self.graphs[name], recording) for name, recording in whole.items()}
        return Deployed(self._output(whole), parts)

    def _output(self, recordings: Mapping[str, Recording]) -> Values:
        """Gives what comes out of the last part:
        what the host reads (B, …), or spikes (B, T, …)."""
        name, program = list(self.programs.items())[-1]
        ((output, layer),) = program.outputs.items()
        found = recordings[name]
        if output in found.outputs:
            return found.outputs[output]
        return found.spikes[layer].astype(np.float64)


def _exact(values: Any) -> NDArray[Any]:
    array = np.asarray(values)
    return array.astype(np.float64) if array.dtype.kind == "f" else array
