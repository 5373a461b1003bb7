"""The stimulus of a network: the user's data, and drawn spikes where it samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Protocol

import numpy as np

from snnvae.draws.draw import Draw, HostStep
from snnvae.draws.evidence import told
from snnvae.draws.label import classes_in_turn
from snnvae.errors import ConfigError, DataError
from snnvae.machine import bytes_text, memory
from snnvae.plain_text import counted
from snnvae.program import Input
from snnvae.stimulus import Stimulus


class Interface(Protocol):
    """The interface of what a stimulus is made for: a program, or a part of a model in torch."""

    @property
    def inputs(self) -> tuple[Input, ...]:
        """The ports."""

    @property
    def draws(self) -> tuple[Draw, ...]:
        """The draws that the host makes for them."""

    @property
    def steps(self) -> int:
        """T where nothing else says it."""

    @property
    def classes(self) -> int:
        """The number of classes that a conditional model knows, else 0."""


def build_stimulus(
    network: Interface,
    samples: Sequence[int],
    *,
    seed: int = 0,
    steps: int | None = None,
    data: Mapping[str, np.ndarray] | None = None,
    classes: Sequence[int] | None = None,
    evidence: Mapping[str, str] | None = None,
) -> Stimulus:
    """Streams for the samples of the given indices.

    data: per input (B, T, *shape), one sample (T, *shape), or for a constant input one value per
    sample (B, *shape). Inputs that the host feeds are drawn from `seed`. Without `steps`,
    T is the data's, else the network's. classes: of a conditional model's samples, one each;
    without them sample n is of class n mod their number, unless images are given, which have their
    own. evidence: values by variable that a sampler of tables is told.
    """
    given = with_sample_axis(data or {}, network)
    if steps is None:
        steps = steps_of(given, network)
    steps = network.steps if steps is None else steps
    if not samples or steps < 1:
        raise DataError(
            f"the input holds {len(samples)} samples of {steps} steps; give at least one of each"
        )
    check_size(network, len(samples), steps)
    label = labels_of(network, samples, classes)
    if label:
        _check_class_data(network, given, classes)
    every = told(network.draws, evidence) if evidence else network.draws
    draws = {draw.port: draw for draw in every}
    streams = {}
    for port in network.inputs:
        if port.name in given:
            streams[port.name] = _fit(port, given[port.name], len(samples), steps)
        elif port.name in draws:
            drawn = draws[port.name].stream(samples, steps, seed, label)
            streams[port.name] = drawn.reshape(len(samples), steps, *port.shape)
        else:
            raise DataError(
                f"input '{port.name}' needs data of shape (samples, {steps}, "
                f"{', '.join(map(str, port.shape))}); pass `data` file.npy"
            )
    says_class = class_input(network) in given
    return Stimulus(streams, tuple(samples), seed, () if says_class else label)


def check_size(network: Interface, samples: int, steps: int, drawn: Sequence[str] = ()) -> None:
    """Raises DataError for streams that no memory holds, before any is made.

    A draw is a float64 before it is a spike; so are values of the inputs named as `drawn`.
    """
    wide = {*drawn, *(draw.port for draw in network.draws)}
    size = sum(
        samples
        * prod(port.shape)
        * (1 if port.constant else steps)
        * (8 if port.analog or port.name in wide else 1)
        for port in network.inputs
    )
    if size > memory():
        raise DataError(
            f"the input of {samples:,} sample{'s' * (samples > 1)} of {steps:,} steps takes "
            f"{bytes_text(size)}, and this machine has {bytes_text(memory())}; give fewer "
            "`samples` or `steps`"
        )


def next_stimulus(
    step: HostStep, spikes: np.ndarray, network: Interface, port: str, stimulus: Stimulus
) -> Stimulus:
    """Makes what enters `network` at `port` after the host's step on the spikes (B, T, …) of the
    network before it, which ran on `stimulus`."""
    rows = spikes.reshape(*spikes.shape[:2], -1)
    (shape,) = (each.shape for each in network.inputs if each.name == port)
    drawn = step.stream(rows, stimulus.samples, stimulus.seed)
    return build_stimulus(
        network,
        stimulus.samples,
        seed=stimulus.seed,
        data={port: drawn.reshape(*spikes.shape[:2], *shape)},
        classes=stimulus.classes or None,
    )


def labels_of(
    network: Interface, samples: Sequence[int], classes: Sequence[int] | None
) -> tuple[int, ...]:
    """The class of each sample, in turn where none are given; none if the model takes none.

    ConfigError for classes of a model that has none, and for a class that is not the model's.
    """
    count = network.classes
    if classes is None:
        return classes_in_turn(samples, count) if count else ()
    if not count:
        raise ConfigError(
            "this network takes no class, as its model is not conditional or this part of it does "
            "not see the class: leave out `classes`, or train one with `conditional`"
        )
    label = tuple(int(c) for c in classes)
    if len(label) != len(samples):
        raise ConfigError(f"{len(label)} classes for {len(samples)} samples; give one for each")
    for strange in label:
        if not 0 <= strange < count:
            raise ConfigError(f"class {strange}: the model has the classes 0 to {count - 1}")
    return label


def _check_class_data(
    network: Interface, given: Mapping[str, np.ndarray], classes: Sequence[int] | None
) -> None:
    """Checks that each sample's class is said once:
    no other one is drawn beside data that has its own."""
    port = class_input(network)
    if port not in given:
        if classes is None and any(given.keys() & {i.name for i in network.inputs if i.analog}):
            raise DataError(
                "the model is conditional, and the input does not say the classes of its samples: "
                "add `classes` 7, or `classes` 7,2,1 for one after the other"
            )
    elif classes is not None:
        raise DataError(f"data for input '{port}' and `classes` both say the class; give one")
    elif not {draw.port for draw in network.draws if draw.classes} <= given.keys():
        raise DataError(
            f"data for input '{port}', but the latent spikes are drawn by class on the host: pass "
            "`classes` instead, or data for both"
        )


def class_input(network: Interface) -> str | None:
    """The input that shows the class, if there is one."""
    return next((draw.port for draw in network.draws if draw.shows_class), None)


def with_sample_axis(data: Mapping[str, np.ndarray], network: Interface) -> dict[str, np.ndarray]:
    """Data by input as (B, T, *shape), or (B, 1, *shape) for a constant input's values.

    DataError, which says what and the remedy, for an input that is not there, an array of no
    numbers or of another shape, and values that are not finite.
    """
    ports = {port.name: port for port in network.inputs}
    given = {}
    for name, values in data.items():
        if name not in ports:
            inputs = ", ".join(f"'{known}'" for known in ports)
            raise DataError(f"data for input '{name[:80]}', but the inputs are {inputs}")
        port, array = ports[name], np.asarray(values)
        if array.dtype.kind not in "biuf":
            raise DataError(
                f"data for input '{name}' is {_kind(array)}; give true and false or numbers"
            )
        if array.ndim == len(port.shape) + 1:
            array = array[:, None] if port.constant else array[None]
        if array.ndim != len(port.shape) + 2 or array.shape[2:] != port.shape:
            shape = ", ".join(map(str, port.shape))
            other = (
                f"(samples, {shape}) as it is constant" if port.constant else f"(steps, {shape})"
            )
            raise DataError(
                f"data for input '{name}' has shape {np.shape(values)}, needs (samples, steps, "
                f"{shape}), or {other}{'' if port.constant else ' for one sample'}"
            )
        if 0 in array.shape[:2]:
            raise DataError(
                f"data for input '{name}' holds {array.shape[0]} samples of {array.shape[1]} "
                "steps; give at least one of each"
            )
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise DataError(f"data for input '{name}' holds values that are not finite; mend them")
        given[name] = array
    return given


def _kind(array: np.ndarray) -> str:
    kinds = {"c": "of complex numbers", "U": "of text", "S": "of text", "O": "of objects"}
    return kinds.get(array.dtype.kind, f"of type {array.dtype}")


def samples_in(data: Mapping[str, np.ndarray]) -> int:
    """How many samples arrays with a sample axis hold, all as many; DataError where they differ."""
    return _common("samples", {name: len(values) for name, values in data.items()}) or 0


def steps_of(data: Mapping[str, np.ndarray], network: Interface) -> int | None:
    """T of arrays with a sample axis, the same for all; one value of a constant input has none.

    DataError where they differ.
    """
    given = [port for port in network.inputs if port.name in data]
    return _common(
        "steps",
        {
            port.name: data[port.name].shape[1]
            for port in given
            if not (port.constant and data[port.name].shape[1] == 1)
        },
    )


def _common(what: str, counts: Mapping[str, int]) -> int | None:
    """The number that all inputs have; None without any. DataError where they differ."""
    if len(set(counts.values())) > 1:
        said = ", ".join(f"{count} for '{name}'" for name, count in counts.items())
        raise DataError(f"{what}: {said}; give all inputs as many")
    return next(iter(counts.values()), None)


def _fit(port: Input, values: np.ndarray, batch: int, steps: int) -> np.ndarray:
    """Data as (B, T, *shape): constant values repeated over T, a single sample over B."""
    found = values.shape[:2]
    if found[1] != steps and not (port.constant and found[1] == 1):
        raise DataError(
            f"data for input '{port.name}' has {counted(found[1], 'step')}, needs {steps}; leave "
            "`steps` out, or give as many"
        )
    if found[0] != 1 and found[0] < batch:
        raise DataError(f"data for input '{port.name}' has {found[0]} samples, needs {batch}")
    return np.broadcast_to(values[:batch], (batch, steps, *port.shape))
