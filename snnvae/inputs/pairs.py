"""Samples and what is known of each, as a user gives them: files, a folder per class, or Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from snnvae.errors import ConfigError, DataError
from snnvae.export.user_module import called, guarded, is_spec, named
from snnvae.files import no_folder
from snnvae.hardware_sim.make_stimulus import steps_of
from snnvae.inputs.read_file import data_inputs, only_input, read_arrays, read_input, read_npy
from snnvae.program import Program

EXAMPLE = "give a folder with a folder per class, or file.py:name"


@dataclass(frozen=True)
class Pairs:
    """Arrays by input, one row per sample, and the answer of each: a class or values.

    where: the places of the two, for messages. regression: the answers are values to be met.
    """

    data: Mapping[str, np.ndarray]
    answers: np.ndarray
    where: tuple[str, str]
    regression: bool


def from_files(program: Program, data: Path, labels: Path | None, targets: Path | None) -> Pairs:
    """Pairs of a file of inputs and a .npy with the samples' labels, or with their targets."""
    file = labels or targets
    if labels is not None and targets is not None:
        raise ConfigError("give `labels` of a classifier or `targets` of a regression, not both")
    if file is None:
        raise ConfigError(
            f"{data}: say what its samples are: give `labels` y.npy of a classifier, or `targets` "
            "y.npy of a regression"
        )
    answers = read_npy(file, "targets" if labels is None else "labels")
    return Pairs(read_arrays(data, program), answers, (str(data), str(file)), labels is None)


def from_arrays(
    program: Program,
    data: np.ndarray | Mapping[str, np.ndarray],
    answers: Any,
    *,
    regression: bool,
    where: tuple[str, str] = ("the data", "the answers"),
) -> Pairs:
    """Pairs of arrays in memory; one array is for the one input that takes data."""
    given = data if isinstance(data, Mapping) else {only_input(program): data}
    arrays = {str(name): _array(values, where[0]) for name, values in given.items()}
    return Pairs(arrays, _array(answers, where[1]), where, regression)


def from_labelled(program: Program, labelled: str, samples: int | None = None) -> Pairs:
    """Pairs of a folder with a folder per class, or of what Python code that is run makes.

    samples: the first ones of a torch Dataset, which is asked for no others.
    """
    if is_spec(labelled):

        def pairs(found: Any) -> Pairs:
            return from_python(program, _called(found, labelled), labelled, samples)

        return named(labelled, pairs, EXAMPLE, shown=_may_be_a_set)
    folder = Path(labelled)
    if labelled.endswith(".py") and folder.is_file():
        raise DataError(f"{labelled}: say what in it holds the samples, as {labelled}:name")
    if wrong := no_folder(labelled):
        raise DataError(
            f"{labelled or repr('')}: {wrong}; {EXAMPLE}, or a file as `data` beside `labels` or "
            "`targets`"
        )
    return _from_folder(program, folder)


def from_python(program: Program, found: Any, where: str, samples: int | None = None) -> Pairs:
    """Pairs of (x, y), arrays or tensors, or of a map-style torch Dataset of such pairs."""
    if isinstance(found, Mapping):
        raise DataError(
            f"{where} is a {type(found).__name__}; give a pair (x, y), of which x may hold arrays "
            "by the inputs' names"
        )
    pair = isinstance(found, (tuple, list)) and len(found) == 2 and not _are_rows(found)
    x, y = found if pair else _rows(found, where, samples)
    answers = _array(y, where)
    return from_arrays(
        program, x, answers, regression=answers.dtype.kind == "f", where=(where, where)
    )


def _are_rows(found: Sequence[Any]) -> bool:
    """Tells whether two things are two samples with their answers, rather than all samples and all
    answers: both are pairs, and alike."""
    if not all(isinstance(row, (tuple, list)) and len(row) == 2 for row in found):
        return False
    (x, y), (other_x, other_y) = ([_axes(part) for part in row] for row in found)
    if x != other_x or y != other_y:
        return False
    return x != y or (isinstance(found, list) and all(isinstance(row, tuple) for row in found))


def _axes(values: Any) -> int | None:
    """How many axes an array has; −1 of arrays by name, None of anything else."""
    try:
        return -1 if isinstance(values, Mapping) else np.ndim(values)
    except ValueError:
        return None


def _may_be_a_set(value: Any) -> bool:
    return callable(value) or hasattr(value, "__getitem__")


def _called(found: Any, spec: str) -> Any:
    """A data set, or what a function or class makes that is called without arguments."""
    is_set = not isinstance(found, type) and hasattr(found, "__getitem__")
    return called(found, spec) if callable(found) and not is_set else found


def _rows(found: Any, where: str, samples: int | None) -> tuple[Any, Any]:
    """The pairs of a map-style data set: x and y of all samples."""
    if not hasattr(found, "__getitem__") or not hasattr(found, "__len__"):
        raise DataError(
            f"{where} is a {type(found).__name__}; give (x, y), or a data set with a length whose "
            "items are such pairs"
        )
    length: int = guarded(lambda: len(found), f"{where} does not tell its length")
    count = length if samples is None else min(samples, length)
    rows = [
        guarded(partial(found.__getitem__, n), f"{where}: sample {n} cannot be had")
        for n in range(count)
    ]
    for n, row in enumerate(rows):
        if not isinstance(row, (tuple, list)) or len(row) != 2:
            raise DataError(f"{where}: sample {n} is no pair (x, y); return two values")
    if not rows:
        raise DataError(f"{where} holds no samples; give at least one")
    xs, ys = zip(*rows)
    if isinstance(xs[0], Mapping):
        for n, x in enumerate(xs):
            if not isinstance(x, Mapping) or x.keys() != xs[0].keys():
                raise DataError(
                    f"{where}: sample {n} has other inputs than sample 0; give the same"
                )
        return {name: _stacked([x[name] for x in xs], where) for name in xs[0]}, _stacked(ys, where)
    return _stacked(xs, where), _stacked(ys, where)


def _stacked(values: Sequence[Any], where: str) -> np.ndarray:
    """Values of all samples as one array; DataError that names the sample of another shape."""
    arrays = [_array(value, where) for value in values]
    for n, array in enumerate(arrays):
        if array.shape != arrays[0].shape:
            raise DataError(
                f"{where}: sample {n} has shape {array.shape}, sample 0 {arrays[0].shape}; give "
                "all the same, with as many steps"
            )
    return np.stack(arrays)


def _array(values: Any, where: str) -> np.ndarray:
    """An array of numbers or text; of torch's tensors too."""
    if hasattr(values, "detach"):
        values = guarded(lambda: _of_tensor(values), f"{where}: a tensor is no array")
    array: np.ndarray = guarded(lambda: np.asarray(values), f"{where}: no array")
    if array.dtype.kind == "O":
        raise DataError(f"{where}: holds Python objects; give arrays of numbers, or names as text")
    return array


def _of_tensor(tensor: Any) -> np.ndarray:
    tensor = tensor.detach().cpu()
    try:
        array: np.ndarray = tensor.numpy()
    except TypeError:  # bfloat16 and narrower, which NumPy has not and float32 holds exactly
        array = tensor.float().numpy()
    return array


def _from_folder(program: Program, folder: Path) -> Pairs:
    """Pairs of a folder per class, each with files of samples, in the order of their names.

    Where spikes end earlier than those of the longest sample, none follow.
    """
    found = [(kind.name, path) for kind in _shown(folder) if kind.is_dir() for path in _shown(kind)]
    if not found:
        raise DataError(
            f"{folder}: it holds no folder with files in it; put the samples of each class into "
            "a folder of the class's name"
        )
    for _, path in found:
        if not path.is_file():
            raise DataError(f"{path}: not a file of samples; move it out of its class's folder")
    read = [(name, path, read_input(path, program)) for name, path in found]
    longest = max(steps_of(streams, program) or 1 for _, _, streams in read)
    parts: dict[str, list[np.ndarray]] = {}
    labels: list[str] = []
    for name, path, streams in read:
        missing = [port.name for port in data_inputs(program) if port.name not in streams]
        if missing:
            raise DataError(f"{path}: it holds no data for input '{missing[0]}'; add it")
        for port, values in streams.items():
            parts.setdefault(port, []).append(_until(program, port, values, longest, path))
        labels += [name] * len(next(iter(streams.values())))
    joined = {port: np.concatenate(arrays) for port, arrays in parts.items()}
    return Pairs(joined, np.array(labels), (str(folder), str(folder)), regression=False)


def _shown(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))


def _until(program: Program, name: str, values: np.ndarray, steps: int, path: Path) -> np.ndarray:
    """Spikes (B, T, …) of so many steps."""
    port, short = program.input(name), steps - values.shape[1]
    if short == 0 or port.constant:
        return values
    if port.analog:
        raise DataError(
            f"{path}: {values.shape[1]} steps of input '{name}', and others have {steps}; give all "
            "as many"
        )
    return np.pad(values, [(0, 0), (0, short), *[(0, 0)] * (values.ndim - 2)])
