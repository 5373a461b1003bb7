"""The contract: what the engine, `evaluate` and the commands ask of a family of models.

A family is a folder of its own above them, `families/<name>/`; settings know their family, so that
whoever holds settings, or a model, has all of it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from snnvae.layers.model import Batch, Losses, SpikingModel, Trainable
from snnvae.program import Program
from snnvae.progress import Progress

__all__ = ["Batch", "Data", "Family", "Losses", "Picture", "Samples", "Trainable", "Values"]

Values = NDArray[np.floating]


class Rows(Protocol):
    """An array, or what reads its rows from a file when they are asked for."""

    def __len__(self) -> int: ...
    def __getitem__(self, rows: Any) -> NDArray[Any]: ...


@dataclass(frozen=True)
class Samples:
    """Some samples of a data set: what enters the network by port, their classes, and what is to
    come out, where that is not the input itself."""

    inputs: Mapping[str, Rows]
    label: NDArray[np.int64] | None = None
    target: Rows | None = None

    def __len__(self) -> int:
        return len(next(iter(self.inputs.values())))

    def take(self, rows: Any) -> Samples:
        """Returns the samples of these rows (a slice, or places)."""
        return Samples(
            {name: values[rows] for name, values in self.inputs.items()},
            None if self.label is None else self.label[rows],
            None if self.target is None else self.target[rows],
        )


@dataclass(frozen=True)
class Data:
    """The data that is trained on, and that is held out; notes: what to say of how it was read."""

    train: Samples
    test: Samples
    notes: Sequence[str] = ()


@dataclass(frozen=True)
class Picture:
    """Images (N, C, H, W) in [−1, 1] to be shown as a grid; columns: by default as many as rows."""

    name: str
    images: Values
    columns: int | None = None


class Family(ABC):
    """One kind of model: its settings, data, models and figures."""

    name: ClassVar[str]
    unit: ClassVar[str] = "samples"
    """What the samples are called."""
    error: ClassVar[str] = "error"
    """Name of the first figure, by which trainings are judged."""
    error_name: ClassVar[str] = "error"
    """In words."""
    judged: ClassVar[str]
    """The part whose outputs are judged."""
    verbs: ClassVar[Mapping[str, str]] = {}
    """What it does in a way of its own: a command's name → module:function."""

    def does(self, verb: str) -> Callable[..., Any] | None:
        """Returns how it does something in a way of its own; None where it does it as all do."""
        if verb not in self.verbs:
            return None
        module, _, function = self.verbs[verb].partition(":")
        found: Callable[..., Any] = getattr(import_module(module), function)
        return found

    def published(self, path: Path, dataset: str | None = None) -> Any | None:
        """The model in a file of its authors' own code, None if it is not one by its names.

        dataset: what it was trained on, where the file does not say it.
        """
        kind_of, read = self.does("published kind"), self.does("published")
        kind = None if kind_of is None else kind_of(path)
        return None if kind is None or read is None else read(path, kind, dataset=dataset)

    @abstractmethod
    def build(self, settings: Any) -> Trainable:
        """A new model, its first weights from torch's generator."""

    def lend(self, model: Any, to: Any) -> Sequence[str]:
        """Gives a new model the parts that it shares with a trained one of another kind; their
        names."""
        raise NotImplementedError

    def begun(self, model: Any, data: Data) -> Any:
        """A new model with what it keeps of the data, before the first step: here nothing."""
        return model

    @abstractmethod
    def data(
        self, settings: Any, where: Path | None = None, progress: Progress | None = None
    ) -> Data:
        """The data set; where: the folder that data sets lie in. ConfigError if they do not fit."""

    @abstractmethod
    def batch(self, settings: Any, samples: Samples, coin: torch.Generator | None) -> Batch:
        """A training step's samples as the model takes them; coin: for what is random about it,
        None to have nothing changed."""

    @abstractmethod
    def figures(self, settings: Any, outputs: Values, samples: Samples) -> dict[str, float]:
        """Tells how good the outputs of any backend are; the first figure is the error."""

    def outputs(self, model: Any, samples: Samples, seed: int) -> Values:
        """Returns what a model makes of samples, in torch, as its deployed form would."""
        from snnvae.train.run_part import deployable, run_part

        label = samples.label if model.config.family.by_class(model.config) else None
        return run_part(
            deployable(model),
            self.judged,
            range(len(samples)),
            seed,
            {name: np.asarray(values) for name, values in samples.inputs.items()},
            () if label is None else label.tolist(),
        )

    def by_class(self, settings: Any) -> bool:
        """Tells whether a network of these settings is told the class of its samples."""
        return False

    def error_of(self, model: Any, samples: Samples, seed: int = 0) -> float:
        """The first figure of `outputs`."""
        outputs = self.outputs(model, samples, seed)
        return next(iter(self.figures(model.config, outputs, samples).values()))

    def pictures(
        self, model: Any, samples: Samples, outputs: Values, seed: int
    ) -> Sequence[Picture]:
        """Returns what a training shows after each epoch, of outputs of these held-out samples."""
        return ()

    def held_out(
        self, program: Program, samples: Sequence[int]
    ) -> tuple[dict[str, NDArray[Any]], tuple[int, ...] | None]:
        """Held-out samples for a program's inputs that take data, and their classes where it is
        told them; nothing where the program's file does not say the data set.

        DataError for samples beyond those that there are.
        """
        return {}, None

    def truth(self, settings: Any) -> Mapping[str, float]:
        """Exact values of the figures, where they can be had."""
        return {}

    def ladder(self, model: Any, samples: Samples, seed: int) -> Mapping[str, float]:
        """Errors of the samples with one more cause removed each, for `diagnose`, by its name."""
        return {}

    def sizes_text(self, settings: Any) -> str:
        """The sizes that pruning changes, in a few words."""
        return ", ".join(f"{name} {getattr(settings, name)}" for name in settings.sizes[1:])

    def sizes_name(self, settings: Any) -> str:
        """The same as a folder's name."""
        return "-".join(self.sizes_text(settings).replace(",", "").split())

    def twin(self, settings: Any, share: float, changes: Mapping[str, Any]) -> Any | None:
        """Settings of the ANN beside the model, its sizes times `share`; None if there is none."""
        return None

    def same_topology(self, twin: Any) -> SpikingModel:
        """The spiking model whose layers are those of an ANN of `twin`'s settings."""
        raise NotImplementedError(f"the {self.name} have no ANN beside them")
