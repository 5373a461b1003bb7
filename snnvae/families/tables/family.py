"""The family of tables: what the engine and the commands ask of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray

from snnvae.draws.evidence import evidence_spikes
from snnvae.families.tables import data
from snnvae.families.tables.ann_ear import AnnEAR
from snnvae.families.tables.config import Config
from snnvae.families.tables.ear import EAR, EVIDENCE
from snnvae.families.tables.judge import entropy, judged, queries_of
from snnvae.families.tables.network import Rows
from snnvae.families.tables.turns import masks
from snnvae.layers.model import SpikingModel
from snnvae.progress import Progress
from snnvae.train.build import build
from snnvae.train.family import Batch, Data, Family, Samples, Values

QUERIES, DRAWS = 20, 250
"""Held-out questions, and draws for each, by which a training is judged."""
CHUNK = 500
"""Samples that torch runs at a time."""


@dataclass(frozen=True)
class EvidenceRows:
    """Evidence (n, N) as spikes of an input (n, T, Σ K, 1, 1), made when they are asked for."""

    rows: Rows
    counts: tuple[int, ...]
    steps: int

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, which: Any) -> NDArray[Any]:
        found = evidence_spikes(self.rows[which], self.counts, self.steps)
        return found[..., None, None]


class Tables(Family):
    """Draws of unknown variables under evidence, judged by the probabilities that they show."""

    name = "tables"
    unit = "rows"
    error = "nll"
    error_name = "negative log-likelihood per variable, nats,"
    judged = "sampler"
    verbs: ClassVar[Mapping[str, str]] = {
        "evaluate": "snnvae.families.tables.evaluate:evaluate",
    }

    def build(self, settings: Config) -> EAR | AnnEAR:
        """The spiking model, or the ANN beside it."""
        return EAR(settings) if settings.spiking else AnnEAR(settings)

    def data(
        self, settings: Config, where: Path | None = None, progress: Progress | None = None
    ) -> Data:
        """Rows to train on, all of them asked for; held out are `QUERIES` questions, `DRAWS` times
        each, with the exact answers where the network is known."""
        source = data.load(settings.dataset, where)
        check_fit(settings, source)
        train, held_out = source.split(settings.rows, settings.seed)
        random = np.random.Generator(np.random.Philox(key=settings.seed, counter=[0, 0, 0, 2]))
        asked = queries_of(held_out[:QUERIES], settings.counts, random, source.exact)
        unknown = np.full_like(train, -1)
        return Data(
            Samples({EVIDENCE: self._rows(settings, unknown)}, target=train),
            Samples(
                {EVIDENCE: self._rows(settings, np.repeat(asked.evidence, DRAWS, 0))},
                target=np.repeat(asked.target, DRAWS, 0),
            ),
        )

    def _rows(self, settings: Config, rows: Rows) -> EvidenceRows:
        return EvidenceRows(rows, settings.counts, settings.steps)

    def batch(self, settings: Config, samples: Samples, coin: torch.Generator | None) -> Batch:
        """Rows (B, N), −1 where a value is missing, and which are known (B, N)."""
        rows = torch.from_numpy(np.asarray(samples.target))
        return rows, masks(rows.shape, coin) & (rows >= 0)

    def outputs(self, model: Any, samples: Samples, seed: int) -> Values:
        """Spikes of the latches (B, T, Σ K, 1, 1); of an ANN at one step alone."""
        found = []
        for start in range(0, len(samples), CHUNK):
            some = samples.take(slice(start, start + CHUNK))
            found.append(self._chunk(model, some, range(start, start + len(some)), seed))
        return np.concatenate(found)

    def _chunk(self, model: Any, samples: Samples, places: range, seed: int) -> Values:
        from snnvae.train.run_part import deployable, run_part

        spikes = np.asarray(samples.inputs[EVIDENCE])
        if isinstance(model, SpikingModel):
            return run_part(deployable(model), self.judged, places, seed, {EVIDENCE: spikes})
        counts = model.config.counts
        generator = torch.Generator().manual_seed((seed << 20) + places.start)
        rows = model.drawn(torch.from_numpy(rows_of(spikes[:, 0], counts)), generator)
        hot: Values = model.turns.one_hot(rows).double().numpy()[:, None, :, None, None]
        return hot

    def figures(self, settings: Config, outputs: Values, samples: Samples) -> dict[str, float]:
        """nll; kl too, where the exact probabilities are known."""
        from snnvae.families.tables.judge import frequencies

        evidence = samples.inputs[EVIDENCE][:][:, 0]
        target = np.asarray(samples.target)
        drawn = outputs[:, -1].reshape(len(outputs), -1)
        same = (evidence[1:] == evidence[:-1]).reshape(len(evidence) - 1, -1).all(1)
        same &= (target[1:] == target[:-1]).all(1)
        first = np.flatnonzero(np.concatenate([[True], ~same]))
        counted = np.add.reduceat(drawn, first, axis=0)
        return judged(target[first], frequencies(counted, settings.counts))

    def error_of(self, model: Any, samples: Samples, seed: int = 0) -> float:
        """Of questions the first figure; of rows (validation) the loss, teacher-forced."""
        if np.asarray(samples.target).dtype.kind == "f":
            return super().error_of(model, samples, seed)
        coin = torch.Generator().manual_seed(seed)
        rows, known = self.batch(model.config, samples, coin)
        with torch.no_grad():
            return float(model.eval()((rows, known), coin, 1.0).reconstruction)

    def truth(self, settings: Config) -> Mapping[str, float]:
        """The entropy of the answers, where they are known."""
        least = entropy(np.asarray(self.data(settings).test.target))
        return {"nll": least, "kl": 0.0} if least else {}

    def ladder(self, model: Any, samples: Samples, seed: int) -> Mapping[str, float]:
        """What is left where every answer is exact: nobody's fault."""
        least = entropy(np.asarray(samples.target))
        return {"exact answers": least} if least else {}

    def sizes_text(self, settings: Config) -> str:
        """The hidden layers."""
        return "-".join(map(str, settings.stack))

    def sizes_name(self, settings: Config) -> str:
        """The hidden layers."""
        return self.sizes_text(settings)

    def twin(self, settings: Config, share: float, changes: Mapping[str, Any]) -> Config:
        """The masked perceptron of the same hidden layers."""
        own = (
            "dataset", "variables", "rows", "seed", "batch", "lr", "schedule", "validation",
            "dropout",
        )  # fmt: skip
        stack = [max(1, round(size * share)) for size in settings.stack]
        given = {name: getattr(settings, name) for name in own}
        given["variables"] = list(settings.variables)
        return Config.default("ann-ear", **{**given, "stack": stack, **changes})

    def same_topology(self, twin: Config) -> SpikingModel:
        """The spiking model of the ANN's sizes."""
        changes = {"model": "ear"}
        model: SpikingModel = build(twin.changed(**changes))
        return model


FAMILY = Tables()


def check_fit(settings: Config, source: data.Source) -> None:
    """ConfigError where a data set has other variables than a model is made for."""
    from snnvae.errors import ConfigError

    if source.variables != settings.named:
        raise ConfigError(
            f"{settings.dataset} has other variables, or values, than the model is made for: give "
            "the data set that it was trained on"
        )


def rows_of(spikes: NDArray[Any], counts: Sequence[int]) -> Rows:
    """One-hot spikes (B, Σ K, …) → rows (B, N), −1 where none of a variable's fires."""
    flat = spikes.reshape(len(spikes), -1)
    parts = np.split(flat, np.cumsum(counts)[:-1], axis=1)
    return np.stack([np.where(part.any(1), part.argmax(1), -1) for part in parts], 1)
