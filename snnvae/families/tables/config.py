"""Settings of the models of tables."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from snnvae.train.settings import Settings, numbers, require, setting, share, weight, whole

if TYPE_CHECKING:
    from snnvae.draws.evidence import Variable
    from snnvae.families.tables.family import Tables

MODELS = ("ear", "ann-ear")
SPIKING = ("ear",)
METRICS = ("twin", "border")
PUBLISHED: tuple[str, ...] = ()


@dataclass(frozen=True)
class Config(Settings):
    """Sizes of the network, and the variables that it is for.

    model      'ear', the spiking one, or 'ann-ear', the masked network beside it
    variables  as JSON, a list of its name and its values each, in the order of their turns
    steps      1 + the number of variables · pace: follows from these
    """

    dataset: str = "asia"
    stack: tuple[int, ...] = setting(
        (256,), "Tables: neurons of the hidden layers.", numbers(), metavar="N,N"
    )
    pace: int = setting(1, "Tables: steps of a variable's turn.", whole())
    rows: int = setting(10_000, "Tables: rows that are drawn from a network to train on.", whole(2))
    adversary: float = setting(0.0, "Tables: weight of a discriminator's loss in training.", weight)
    dropout: float = setting(
        0.5, "Tables: part of the hidden spikes that training leaves out.", share
    )
    variables: tuple[str, ...] = setting(())

    spiking_models = SPIKING
    trainable_models = MODELS

    @property
    def family(self) -> Tables:
        """The family of the tables."""
        from snnvae.families.tables.family import FAMILY

        return FAMILY

    @property
    def sizes(self) -> tuple[str, ...]:
        """What decides the weights."""
        return ("model", "stack", "pace", "variables")

    @property
    def named(self) -> tuple[Variable, ...]:
        """The variables by name, in the order of their turns."""
        return tuple(_variable(text) for text in self.variables)

    @property
    def counts(self) -> tuple[int, ...]:
        """How many values each variable has."""
        return tuple(len(values) for _, values in self.named)

    def __post_init__(self) -> None:
        require(self.model in MODELS, f"model {self.model!r} is unknown: use {', '.join(MODELS)}")
        super().__post_init__()
        require(
            isinstance(self.variables, tuple) and len(self.variables) > 1,
            "no variables: name the dataset that has them",
        )
        names = [name for name, _ in self.named]
        require(len(set(names)) == len(names), "two variables have the same name")
        require(len(self.stack) > 0, "stack () must be one or more whole numbers from 1 up")
        require(self.batch > 1, "batch must be at least 2: tdBN normalises over the batch")
        turns = self.steps_of(len(names), self.pace)
        require(
            self.steps == turns and not self.anneal,
            f"steps {self.steps} for {len(names)} variables at pace {self.pace}, which take "
            f"{turns}: leave out steps and anneal, or change pace",
        )

    @staticmethod
    def steps_of(variables: int, pace: int) -> int:
        """T: a step for the evidence, then a turn for each variable."""
        return 1 + variables * pace

    @classmethod
    def default(cls, model: str, dataset: str = "", **changes: Any) -> Self:
        """The settings that suit `model` on `dataset`, with `changes`."""
        given: dict[str, Any] = {"model": model, "dataset": dataset or "asia", **USUAL, **changes}
        if "variables" not in given:
            from snnvae.families.tables.data import load

            given["variables"] = [stated(v) for v in load(given["dataset"]).variables]
        return cls.from_dict(_with_steps(given))

    @classmethod
    def completed(
        cls, given: Mapping[str, Any], where: Path | None, config: Self | None = None
    ) -> dict[str, Any]:
        """The variables of the data set, and the steps that they take."""
        from snnvae.families.tables.data import load

        found = dict(given)
        dataset = found.get("dataset") or ("asia" if config is None else config.dataset)
        if config is None or dataset != config.dataset:
            found["variables"] = [stated(v) for v in load(dataset, where).variables]
        if config is not None and ("pace" in found or "variables" in found):
            pace = found.get("pace", config.pace)
            variables = found.get("variables", config.variables)
            found.setdefault("steps", cls.steps_of(len(variables), pace))
        return found


USUAL: dict[str, Any] = {
    "epochs": 60,
    "batch": 128,
    "lr": 7e-3,
    "schedule": "cosine",
}
"""Of every training that nothing else is said of."""


def _with_steps(given: Mapping[str, Any]) -> dict[str, Any]:
    pace, variables = given.get("pace", 1), given["variables"]
    if not isinstance(pace, int) or not isinstance(variables, (list, tuple)):
        return dict(given)
    return {"steps": Config.steps_of(len(variables), pace), **given}


def stated(variable: Variable) -> str:
    """A variable as the settings hold it."""
    return json.dumps([variable.name, list(variable.values)])


def _variable(text: object) -> Variable:
    from snnvae.draws.evidence import Variable

    try:
        name, values = json.loads(str(text))
        good = isinstance(name, str) and all(isinstance(value, str) for value in values)
        good = good and len(set(values)) == len(values) > 1
    except (ValueError, TypeError, RecursionError):
        good = False
    require(good, f"variables {str(text)[:60]!r} must be JSON: a name and two or more values")
    return Variable(name, tuple(values))
