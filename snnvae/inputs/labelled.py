"""Labelled samples, checked against the network that is to know them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod

import numpy as np

from snnvae.conventions import BY_DEFAULT
from snnvae.errors import ConfigError, DataError
from snnvae.hardware_sim.make_stimulus import samples_in, steps_of, with_sample_axis
from snnvae.inputs.pairs import Pairs
from snnvae.inputs.read_file import data_inputs
from snnvae.program import Input, Program

MOST_CLASSES = 2_000
"""Their confusion matrix takes 32 MB."""

LARGEST = 1e100
"""Of a target, and of what a rate stands for: the squares of errors can still be summed."""


@dataclass(frozen=True)
class Labelled:
    """Samples of a network.

    data: by input, (B, T, *shape), or (B, 1, *shape) of a constant one. answers: classes (B,),
    int64, as numbers of the outputs; or targets (B, outputs), float64. classes: the outputs' names,
    none for a regression. steps: T.
    """

    data: Mapping[str, np.ndarray]
    answers: np.ndarray
    classes: tuple[str, ...]
    steps: int

    def __len__(self) -> int:
        return len(self.answers)

    @property
    def regression(self) -> bool:
        """Tells whether values are to be met, rather than classes."""
        return not self.classes

    def at(self, rows: np.ndarray) -> Labelled:
        """Some of the samples, in this order."""
        data = {name: values[rows] for name, values in self.data.items()}
        return replace(self, data=data, answers=self.answers[rows])

    def take(self, rows: range) -> dict[str, np.ndarray]:
        """The data of some samples."""
        return {name: values[rows.start : rows.stop] for name, values in self.data.items()}


def labelled(
    pairs: Pairs,
    program: Program,
    outputs: int,
    class_names: Sequence[str] = (),
    samples: int | None = None,
) -> Labelled:
    """Pairs as samples of a program of so many outputs; the first `samples` of them.

    DataError, in one line, for what does not fit: other shapes or numbers, labels that are no
    output's, targets that are not finite. A value per sample without steps is given at every step,
    if it is said how many there are.
    """
    where, answer_place = pairs.where
    if not pairs.answers.ndim:
        raise DataError(f"{answer_place}: one value, of shape (); save one per sample, (samples,)")
    count = len(pairs.answers)
    try:
        data = with_sample_axis(_over_time(pairs.data, program, count), program)
        there, steps = samples_in(data), steps_of(data, program) or program.steps
    except (DataError, ConfigError) as error:
        raise type(error)(f"{where}: {error}") from None
    missing = [port.name for port in data_inputs(program) if port.name not in data]
    if missing:
        raise DataError(f"{where}: it holds no data for input '{missing[0]}'; add it by that name")
    if there != count:
        raise DataError(
            f"{answer_place}: {count:,} answers for {there:,} samples of {where}; give one for each"
        )
    if samples is not None and samples > count:
        raise DataError(f"`samples` {samples}: {where} holds {count}; ask for no more")
    if pairs.regression:
        if class_names:
            raise ConfigError("`class_names` are for labels, not for targets; leave them out")
        answers, classes = _targets(pairs.answers, outputs, answer_place), tuple[str, ...]()
    else:
        answers, classes = _labels(pairs.answers, outputs, tuple(class_names), answer_place)
    rows = slice(samples)
    return Labelled(
        {name: values[rows] for name, values in data.items()}, answers[rows], classes, steps
    )


def _over_time(
    given: Mapping[str, np.ndarray], program: Program, count: int
) -> dict[str, np.ndarray]:
    """Values without steps, one for each of the answers, at every step."""
    ports = {port.name: port for port in program.inputs}
    return {
        name: _at_every_step(ports[name], values, program, count)
        if name in ports and _has_no_steps(ports[name], values, count)
        else values
        for name, values in given.items()
    }


def _has_no_steps(port: Input, values: np.ndarray, count: int) -> bool:
    """Tells whether it is (B, *shape), a value for each answer, and not (T, *shape)."""
    return not port.constant and values.shape == (count, *port.shape)


def _at_every_step(port: Input, values: np.ndarray, program: Program, count: int) -> np.ndarray:
    stated = program.conventions.get("steps")
    if stated is None or stated.source == BY_DEFAULT:
        raise ConfigError(
            f"input '{port.name}' is one value per sample, {values.shape}; say for how many "
            "`steps` it is given"
        )
    return np.broadcast_to(values[:, None], (count, program.steps, *port.shape))


def _labels(
    values: np.ndarray, outputs: int, names: tuple[str, ...], where: str
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Labels (B,), whole numbers or names, as numbers of the outputs, and the outputs' names."""
    if outputs > MOST_CLASSES:
        raise DataError(
            f"{where}: labels for an output of {outputs:,} neurons; at most {MOST_CLASSES:,} "
            "classes are compared, else give `targets`"
        )
    if names and (len(names) != outputs or len(set(names)) < outputs):
        raise ConfigError(
            f"`class_names` {','.join(names)[:80]}: {len(set(names))} different ones for "
            f"{outputs} outputs; give one for each, in the outputs' order"
        )
    if values.ndim == 2 and values.shape[1] == outputs and outputs > 1:
        raise DataError(f"{where}: shape {values.shape}, one-hot; save y.argmax(1)")
    if values.ndim != 1:
        raise DataError(f"{where}: labels of shape {values.shape}; save one per sample, (samples,)")
    if values.dtype.kind in "US":
        return _by_name(_text(values, where), outputs, names, where)
    if values.dtype.kind not in "biu":
        raise DataError(
            f"{where}: labels of {values.dtype}; save whole numbers or names, or give `targets`"
        )
    for n in np.flatnonzero((values < 0) | (values >= outputs))[:1]:
        raise DataError(
            f"{where}: label {values[n]} of sample {n}, but the network has {outputs} outputs, 0 "
            f"to {outputs - 1}"
        )
    return values.astype(np.int64), names or tuple(map(str, range(outputs)))


def _text(values: np.ndarray, where: str) -> list[str]:
    if values.dtype.kind == "U":
        return [str(value) for value in values]
    try:
        return [value.decode("utf8") for value in values.tolist()]
    except UnicodeDecodeError:
        raise DataError(f"{where}: labels that are no text; save whole numbers or text") from None


def _by_name(
    labels: list[str], outputs: int, names: tuple[str, ...], where: str
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Names as numbers: their places in `names`, or without those in alphabetical order."""
    known = names or tuple(sorted(set(labels)))
    if len(known) != outputs:
        raise DataError(
            f"{where}: {len(known)} different names for {outputs} outputs; say which output is "
            "which by `class_names`, in the outputs' order"
        )
    place = {name: n for n, name in enumerate(known)}
    for n, label in enumerate(labels):
        if label not in place:
            raise DataError(
                f"{where}: sample {n} is {label[:40]!r}, which is none of `class_names` "
                f"{','.join(known)[:80]}"
            )
    return np.array([place[label] for label in labels], np.int64), known


def _targets(values: np.ndarray, outputs: int, where: str) -> np.ndarray:
    """Targets (B, outputs), finite, and such that their squares can be summed."""
    if values.dtype.kind not in "biuf":
        raise DataError(f"{where}: targets of {values.dtype}; save numbers")
    if prod(values.shape[1:]) != outputs:
        shape = "(samples,)" if outputs == 1 else f"(samples, {outputs})"
        raise DataError(
            f"{where}: targets of shape {values.shape}; save {shape}, one per output, or whole "
            "numbers if they are labels"
        )
    with np.errstate(over="ignore"):  # of what is wider than float64
        flat = values.reshape(len(values), outputs).astype(np.float64)
    for n in np.flatnonzero(~(np.abs(flat) <= LARGEST).all(axis=1))[:1]:
        wrong = "not finite" if not np.isfinite(flat[n]).all() else f"beyond ±{LARGEST:g}"
        raise DataError(f"{where}: the target of sample {n} is {wrong}; mend it or leave it out")
    return flat
