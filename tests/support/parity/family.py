"""Words as spikes → their parity, as a value: one hidden layer, one readout."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from parity.config import Config
from snnvae.layers.model import SpikingModel
from snnvae.layers.neuron import Readout
from snnvae.layers.output import LinearOutput
from snnvae.layers.spiking import SpikingLayer
from snnvae.layers.wiring import Cell, Link, Port, Wiring, layer
from snnvae.program import Program
from snnvae.progress import Progress
from snnvae.train.family import Batch, Data, Family, Losses, Samples, Values


class ParityNet(SpikingModel):
    """bits → hidden LIF → readout."""

    parts = ("net",)

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.hidden = SpikingLayer(nn.Linear(config.bits, config.hidden))
        self.values, self.readout = LinearOutput(config.hidden, 1), Readout()

    def wiring(self, part: str) -> Wiring:
        """The whole network."""
        bits, hidden = (self.config.bits, 1, 1), (self.config.hidden, 1, 1)
        first = layer("hidden", self.hidden, ("bits",), hidden)
        last = Cell(
            "readout", (1, 1, 1), self.readout, (Link("values", self.values, (first.name,)),)
        )
        return Wiring((Port("bits", bits),), (first, last), "readout")

    def forward(self, batch: Batch, generator: torch.Generator, done: float) -> Losses:
        """Squared error of the value."""
        bits, wanted = batch
        assert bits is not None and wanted is not None  # noqa: PT018
        x, weights = bits.expand(self.steps, *bits.shape), self.readout.weights(self.steps)
        if self.tally is not None:
            self.tally("bits", x)
        value = self.values.weighted(self.hidden.weighted(x, weights), weights)
        error = ((value - wanted) ** 2).mean()
        return Losses(error, error, torch.zeros_like(error))

    def resized(self, sizes: Mapping[str, int]) -> Config:
        """With as many hidden neurons."""
        return self.config.changed(hidden=sizes["hidden"])


class Parities(Family):
    """Judged by the squared error, and by how many parities are right."""

    name, unit, judged = "parities", "words", "net"

    def build(self, settings: Config) -> ParityNet:
        """The one model."""
        return ParityNet(settings)

    def data(
        self, settings: Config, where: Path | None = None, progress: Progress | None = None
    ) -> Data:
        """Every word, many times; every word once is held out to judge by."""
        words = np.array(list(np.ndindex(*[2] * settings.bits)), np.float32)
        every = Samples(
            {"bits": np.repeat(words[:, None, :, None, None], settings.steps, axis=1)},
            target=2 * (words.sum(1, keepdims=True) % 2) - 1,
        )
        return Data(every.take(np.arange(400 * len(words)) % len(words)), every)

    def batch(self, settings: Config, samples: Samples, coin: torch.Generator | None) -> Batch:
        """Words (B, bits) and parities (B, 1)."""
        words, parities = samples.inputs["bits"][:, 0, :, 0, 0], np.asarray(samples.target)
        return torch.from_numpy(words), torch.from_numpy(parities).to(torch.float32)

    def figures(self, settings: Config, outputs: Values, samples: Samples) -> dict[str, float]:
        """error: squared; accuracy: of the sign."""
        value, wanted = outputs.reshape(-1, 1), np.asarray(samples.target)
        right = np.mean((value > 0) == (wanted > 0))
        return {"error": float(np.mean((value - wanted) ** 2)), "accuracy": float(right)}

    def held_out(
        self, program: Program, samples: Sequence[int]
    ) -> tuple[dict[str, NDArray[Any]], None]:
        """The words in turn."""
        config = Config("parity-net", steps=program.steps, bits=program.inputs[0].shape[0])
        words = self.data(config).test
        return {"bits": words.take(np.asarray(samples) % len(words)).inputs["bits"]}, None

    def truth(self, settings: Config) -> Mapping[str, float]:
        """A parity can be known."""
        return {"error": 0.0, "accuracy": 1.0}


FAMILY = Parities()
