"""The stimulus of a program: the user's data, and drawn spikes where it samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from snnvae.errors import ConfigError, DataError
from snnvae.hardware_sim import samplers
from snnvae.program import Input, Program
from snnvae.stimulus import Stimulus


def build_stimulus(
    program: Program,
    samples: Sequence[int],
    *,
    seed: int = 0,
    steps: int | None = None,
    data: Mapping[str, np.ndarray] | None = None,
    classes: Sequence[int] | None = None,
) -> Stimulus:
    """Streams for the samples of the given indices.

    data: per input (B, T, *shape), one sample (T, *shape), or for a constant input one value per
    sample (B, *shape). Inputs that the file's sampler feeds are drawn from `seed`. Without `steps`,
    T is the data's, else the program's. classes: of a conditional model's samples, one each;
    without them sample n is of class n mod their number, unless images are given, which have their
    own.
    """
    given = {name: np.asarray(values) for name, values in (data or {}).items()}
    known = {port.name for port in program.inputs}
    for name in given:
        if name not in known:
            raise DataError(f"data for input '{name}', but the inputs are {sorted(known)}")
    if steps is None:
        steps = steps_of(given, program)
    steps = program.steps if steps is None else steps
    if not samples or steps < 1:
        raise DataError(
            f"the input holds {len(samples)} samples of {steps} steps; give at least one of each"
        )
    label = labels_of(program, samples, classes)
    drawn = _drawn(program, samples, steps, seed, label)
    if label:
        _check_class_data(program, given, drawn, classes)
    if program.sampler is not None and program.sampler.class_input in given:
        label = ()  # the data says it
    streams = {}
    for port in program.inputs:
        if port.name in given:
            streams[port.name] = _fit(port, given[port.name], len(samples), steps)
        elif port.name in drawn:
            streams[port.name] = drawn[port.name].reshape(len(samples), steps, *port.shape)
        else:
            raise DataError(
                f"input '{port.name}' needs data of shape (samples, {steps}, "
                f"{', '.join(map(str, port.shape))}); pass `data` file.npy"
            )
    return Stimulus(streams, tuple(samples), seed, label)


def posterior_spikes(latent: np.ndarray, stimulus: Stimulus) -> np.ndarray:
    """ESVAE: the encoder's latent spikes (B, T, …) → those drawn for its decoder, same shape."""
    rate = latent.reshape(*latent.shape[:2], -1).mean(axis=1)
    drawn = samplers.bernoulli_spikes(rate, stimulus.samples, stimulus.steps, stimulus.seed)
    return drawn.reshape(latent.shape)


def classes_of(program: Program) -> int:
    """How many classes a conditional model's file states; 0 for any other file."""
    return program.sampler.classes if program.sampler is not None else 0


def labels_of(
    program: Program, samples: Sequence[int], classes: Sequence[int] | None
) -> tuple[int, ...]:
    """The class of each sample, in turn where none are given; none if the model takes none.

    ConfigError for classes of a model that has none, and for a class that is not the model's.
    """
    count = classes_of(program)
    if classes is None:
        return samplers.classes_in_turn(samples, count) if count else ()
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


def _drawn(
    program: Program, samples: Sequence[int], steps: int, seed: int, label: Sequence[int]
) -> dict[str, np.ndarray]:
    sampler = program.sampler
    drawn: dict[str, np.ndarray] = {}
    if sampler is None:
        return drawn
    weight, bias = sampler.weight, sampler.bias
    if sampler.kind == "esvae-prior" and sampler.input and weight is not None and bias is not None:
        if label and sampler.class_weight is not None:
            bias = samplers.class_bias(bias, sampler.class_weight, label)
        spikes = samplers.esvae_prior_spikes(weight, bias, samples, steps, seed)
        drawn[sampler.input] = spikes
    elif sampler.kind == "fsvae" and sampler.input:
        index = samplers.bernoulli_choice(samples, steps, sampler.latents, sampler.k, seed)
        drawn[sampler.input] = samplers.one_hot(index, sampler.k)
    if sampler.class_input is not None:
        drawn[sampler.class_input] = samplers.class_spikes(label, sampler.classes, steps)
    return drawn


def _check_class_data(
    program: Program,
    given: Mapping[str, np.ndarray],
    drawn: Mapping[str, np.ndarray],
    classes: Sequence[int] | None,
) -> None:
    """Each sample's class is said once: no other one is drawn beside data that has its own."""
    sampler = program.sampler
    port = None if sampler is None else sampler.class_input
    if sampler is None or port not in given:
        if classes is None and any(given.keys() & {i.name for i in program.inputs if i.analog}):
            raise DataError(
                "the model is conditional, and the input does not say the classes of its samples: "
                "add `classes` 7, or `classes` 7,2,1 for one after the other"
            )
    elif classes is not None:
        raise DataError(f"data for input '{port}' and `classes` both say the class; give one")
    elif sampler.class_weight is not None and not drawn.keys() <= given.keys():
        raise DataError(
            f"data for input '{port}', but the latent spikes are drawn by class on the host: pass "
            "`classes` instead, or data for both"
        )


def steps_of(data: Mapping[str, np.ndarray], program: Program) -> int | None:
    """T of the first stream that has a time axis; one value of a constant input has none."""
    for name, values in data.items():
        port = program.input(name)
        rank = len(port.shape)
        if port.constant and values.ndim == rank + 2 and values.shape[1] == 1:
            continue
        if values.ndim == rank + 2 or (values.ndim == rank + 1 and not port.constant):
            return int(values.shape[-rank - 1])
    return None


def _fit(port: Input, values: np.ndarray, batch: int, steps: int) -> np.ndarray:
    """Data as (B, T, *shape): constant values repeated over T, a single sample over B."""
    rank = len(port.shape)
    if values.ndim == rank + 1:
        values = values[:, None] if port.constant else values[None]
    target = (batch, steps, *port.shape)
    fits = (
        values.ndim == rank + 2
        and values.shape[2:] == port.shape
        and (values.shape[1] == steps or (port.constant and values.shape[1] == 1))
        and (values.shape[0] == 1 or values.shape[0] >= batch)
    )
    if values.dtype.kind not in "biuf" or not fits:
        raise DataError(
            f"data for input '{port.name}' has shape {values.shape}, needs {target} "
            f"({'(samples, ' if port.constant else '(steps, '}…) will do"
            f"{' as it is constant' if port.constant else ' for one sample'})"
        )
    return np.broadcast_to(values[:batch], target)
