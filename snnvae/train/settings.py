"""All settings of a training run, in one frozen value that is stored with its checkpoint.

What holds for every family is here; each has a subclass with its own. A field says its help, from
which the command line makes an option, and what values it takes.
"""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from snnvae.errors import ConfigError
from snnvae.typed import typed

if TYPE_CHECKING:
    from snnvae.train.family import Family

MAX_SEED = 2**63 - 1
MAX_COUNT = 2**31 - 1
"""Largest of any count: steps, channels, epochs."""
QAT_TARGETS = ("loihi2",)
SCHEDULES = ("constant", "cosine")

Check = Callable[[str, Any], str | None]
"""(name, value) → what is wrong with it, or None."""


def setting(
    default: Any,
    text: str = "",
    check: Check | None = None,
    *,
    choices: Sequence[str] = (),
    metavar: str = "",
) -> Any:
    """Makes a field. text: its help, and with it an option of the command line; none without."""
    told = {"help": text, "check": check, "choices": choices, "metavar": metavar}
    if choices:
        told["check"] = one_of(*choices, *(() if default in choices else (default,)))
    return field(default=default, metadata=told)


def require(condition: bool, message: str) -> None:
    """ConfigError unless it holds."""
    if not condition:
        raise ConfigError(message)


def _is_int(value: object, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= MAX_COUNT


def _is_real(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return abs(value) <= sys.float_info.max  # false for NaN, and of whole numbers of any size


def _is_plain(value: object) -> bool:
    """Tells whether it is what a TOML file can hold for a setting: no tensor, no nested table."""
    items = value if isinstance(value, (list, tuple)) else [value]
    return all(item is None or isinstance(item, (bool, int, float, str)) for item in items)


def _shown(value: Any) -> str:
    """A value as Python writes it, cut: a file may hold numbers of any size."""
    large = isinstance(value, int) and value.bit_length() > 64
    text = f"of {value.bit_length()} bits" if large else repr(value)
    return text if len(text) <= 80 else f"{text[:79]}…"


def whole(least: int = 1) -> Check:
    """A whole number from `least` up."""

    def check(name: str, value: Any) -> str | None:
        shown = name if least == 1 else f"{name} {_shown(value)}"
        if _is_int(value, least):
            return None
        most = f"to {MAX_COUNT}" if isinstance(value, int) and value > MAX_COUNT else "up"
        return f"{shown} must be a whole number from {least} {most}"

    return check


def one_of(*choices: str) -> Check:
    """One of these names; "" stands for none."""

    def check(name: str, value: Any) -> str | None:
        known = [choice for choice in choices if choice]
        use = f"use {' or '.join(known)}{', or leave out' if '' in choices else ''}"
        return None if value in choices else f"{name} {_shown(value)} is unknown: {use}"

    return check


def numbers(*lengths: int) -> Check:
    """Checks for whole numbers from 1 up: any number of them, or one of these numbers."""

    def check(name: str, value: Any) -> str | None:
        if not isinstance(value, tuple) or not all(_is_int(size, 1) for size in value):
            return f"{name} {_shown(value)} must be whole numbers from 1 to {MAX_COUNT}"
        if lengths and len(value) not in lengths:
            return f"{name} {_shown(value)} must be {max(lengths)} numbers"
        return None

    return check


def share(name: str, value: Any) -> str | None:
    """A number in [0, 1)."""
    return (
        None if _is_real(value) and 0 <= value < 1 else f"{name} {_shown(value)} must be in [0, 1)"
    )


def positive(name: str, value: Any) -> str | None:
    """A number above 0."""
    return (
        None if _is_real(value) and value > 0 else f"{name} {_shown(value)} must be greater than 0"
    )


def weight(name: str, value: Any) -> str | None:
    """A number from 0 up."""
    return (
        None if _is_real(value) and value >= 0 else f"{name} {_shown(value)} must be 0 or greater"
    )


def number(name: str, value: Any) -> str | None:
    """Any finite number."""
    return None if _is_real(value) else f"{name} {_shown(value)} must be a number"


def text(name: str, value: Any) -> str | None:
    """Text."""
    return None if isinstance(value, str) else f"{name} {_shown(value)} must be text"


def texts(name: str, value: Any) -> str | None:
    """Any number of texts."""
    good = isinstance(value, tuple) and all(isinstance(each, str) for each in value)
    return None if good else f"{name} {_shown(value)} must be texts"


def flag(name: str, value: Any) -> str | None:
    """True or false."""
    return None if isinstance(value, bool) else f"{name} {_shown(value)} must be true or false"


def _seed(name: str, value: Any) -> str | None:
    good = _is_int(value, 0) and value <= MAX_SEED
    return None if good else f"{name} {_shown(value)} must be a whole number from 0 to {MAX_SEED}"


def _betas(name: str, value: Any) -> str | None:
    pair = isinstance(value, tuple) and len(value) == 2
    good = pair and all(_is_real(b) and 0 <= b < 1 for b in value)
    return None if good else f"{name} {_shown(value)} must be two numbers in [0, 1)"


@dataclass(frozen=True)
class Settings(ABC):
    """The settings say what to train, on what, and how.

    model   of the family; dataset: its name, where the family has several
    anneal  values of T that training goes through, an equal part of the epochs each, before it ends
            with `steps`
    betas   of AdamW
    """

    model: str
    dataset: str = ""
    steps: int = setting(16, "Time steps T.", whole())
    anneal: tuple[int, ...] = setting(
        (), "Values of T to go through before `steps`.", numbers(), metavar="T,T"
    )
    spike_budget: float = setting(
        0.0, "Synaptic operations per sample: 300k; 0: any.", weight, metavar="N"
    )
    unit_penalty: float = setting(0.0, "Weight of the penalty on units that fire.", weight)
    qat: str = setting("", "Train in fixed point; needs `start`.", choices=QAT_TARGETS)
    batch: int = setting(64, "Samples per step, of all devices together.", whole())
    epochs: int = setting(60, "Passes over the training data.", whole())
    lr: float = setting(1e-3, "Learning rate.", positive)
    weight_decay: float = setting(1e-3, "Of AdamW.", weight)
    betas: tuple[float, float] = setting((0.9, 0.999), check=_betas)
    schedule: str = setting("constant", "Of the learning rate.", choices=SCHEDULES)
    warmup: float = setting(0.0, "Part of the training in which it rises.", share)
    clip: float = setting(0.0, "Largest norm of the gradient (0: any).", weight)
    validation: float = setting(0.0, "Part of the training data to stop by.", share)
    early_stop: int = setting(0, "Epochs without a better validation error (0: never).", whole(0))
    seed: int = setting(0, "Of everything random in training.", _seed)

    spiking_models: ClassVar[tuple[str, ...]] = ()
    trainable_models: ClassVar[tuple[str, ...]] = ()
    """Those of the family's models that spike, and those that a user trains by name."""
    says: ClassVar[Mapping[str, str]] = {}
    """What commands that run without torch say besides of its networks: command →
    module:function."""
    asks: ClassVar[tuple[str, ...]] = ()
    """Options of `evaluate` and `diagnose` that only some families take, by their Python names."""
    lacks: ClassVar[Mapping[str, str]] = {}
    """What the engine can do, but not with these models ("pruning", "front") → why."""

    @property
    @abstractmethod
    def family(self) -> Family:
        """The family holds all else that is particular to this kind of model."""

    def kind_of(self, model: str) -> type[Self]:
        """The settings of another model that is to go with this one: those of the same family."""
        return type(self)

    @property
    def spiking(self) -> bool:
        """Tells whether the model spikes."""
        return self.model in self.spiking_models

    @property
    def sizes(self) -> tuple[str, ...]:
        """Names of the settings that decide what weights there are."""
        return ("model",)

    def lent_by(self, have: Self) -> tuple[str, ...]:
        """Names of the sizes of those parts that a trained model of another kind lends, in which
        both must agree; none where all of a model is taken."""
        return ()

    def __post_init__(self) -> None:
        for each in fields(self):
            check, value = each.metadata.get("check"), getattr(self, each.name)
            wrong = check(each.name, value) if check is not None else None
            require(wrong is None, wrong or "")
        require(
            self.early_stop == 0 or self.validation > 0,
            "early_stop needs samples to judge by: set validation, such as 0.1",
        )
        require(
            len(self.anneal) < self.epochs,
            f"anneal {self.anneal!r} and steps need an epoch each: epochs {self.epochs} are too "
            "few",
        )
        for name in ("anneal", "spike_budget", "unit_penalty", "qat"):
            require(
                self.spiking or not getattr(self, name),
                f"{name} is for spiking models, not for {self.model}",
            )

    def check_can(self, what: str) -> None:
        """ConfigError where the engine cannot do that with these models."""
        require(what not in self.lacks, f"{self.model}: {self.lacks.get(what)}")

    @classmethod
    def default(cls, model: str, dataset: str = "", **changes: Any) -> Self:
        """The settings that suit `model` on `dataset`, with `changes`."""
        return cls.from_dict(
            {"model": model, **({"dataset": dataset} if dataset else {}), **changes}
        )

    @classmethod
    def presets(cls) -> Mapping[str, Mapping[str, Any]]:
        """Settings by a name of their own, such as those of a paper."""
        return {}

    @classmethod
    def completed(
        cls, given: Mapping[str, Any], where: Path | None, config: Self | None = None
    ) -> dict[str, Any]:
        """Returns what is given, and what the data set adds to it; config: that it is to change."""
        return dict(given)

    @classmethod
    def from_dict(cls, settings: Mapping[str, Any]) -> Self:
        """Makes settings from plain types; lists become tuples, and a number alone where several
        may stand one of one; unknown names are refused."""
        known = {each.name: each for each in fields(cls)}
        unknown = sorted(str(name) for name in settings if name not in known)
        require(not unknown, f"no such setting: {', '.join(unknown)}")
        require("model" in settings, "no model given")
        for name, value in settings.items():
            require(_is_plain(value), f"{name} is a {type(value).__name__}, which no setting is")
        # Equal texts become one object: so a checkpoint is the same bytes after a resumption.
        values: dict[str, Any] = {
            name: sys.intern(value)
            if isinstance(value, str)
            else tuple(value)
            if isinstance(value, list)
            else (value,)
            if isinstance(known[name].default, tuple) and _is_real(value)
            else value
            for name, value in settings.items()
        }
        return cls(**values)

    def changed(self, **changes: Any) -> Self:
        """Returns the settings with some of them replaced."""
        return self.from_dict({**self.to_dict(), **changes})

    def to_dict(self) -> dict[str, Any]:
        """Plain types, for JSON and checkpoints."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items()}


def amount(text: str, what: str) -> float:
    """A number above 0, such as 20000, 300k or 1.5M; else a ConfigError that names `what`."""
    number, unit = text.strip(), 1.0
    for suffix, factor in (("k", 1e3), ("M", 1e6)):
        if number.endswith(suffix):
            number, unit = number[:-1], factor
    try:
        value = float(number) * unit
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise ConfigError(f"{what} {text}: write a number such as 20000, 300k or 1.5M")
    return value


def command_of(config: Settings, out: str | None = None) -> str:
    """The `snnvae train` command that gives these settings; but for its folders, without `out`."""
    usual = type(config).default(config.model, config.dataset).to_dict()
    optional = {each.name for each in fields(config) if each.metadata.get("help")}
    values = config.to_dict()
    shared = {each.name for each in fields(Settings)}
    # Its own first: the sizes, then how it is trained.
    names = sorted(values, key=lambda name: name in shared)
    given = {k: values[k] for k in names if k in optional and values[k] != usual.get(k)}
    start = {"from": "the float network's model.pt"} if config.qat else {}
    dataset = config.dataset or None
    return typed("train", model=config.model, dataset=dataset, **given, **start, out=out)
