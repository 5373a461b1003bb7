"""Neurons at the limits of 24 bits, and where 32 bits are not enough."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from in_code import RESETS, C, Language, assert_same, driven, in_each, in_each_with

from snnvae.deploy.microcontroller.network import Network
from snnvae.errors import UnsupportedError
from snnvae.primitives.fixed_neuron import FixedNeuron
from snnvae.primitives.fixed_point import SILENT_LIMIT, STATE_LIMIT
from snnvae.primitives.parameters import FixedBias
from snnvae.stimulus import Stimulus

EDGES = np.array([0, 1, 64, SILENT_LIMIT - 1, SILENT_LIMIT, STATE_LIMIT - 65, STATE_LIMIT - 1])
MEMBRANES = np.concatenate([EDGES, -EDGES])
CURRENTS = np.array([0, 1, -1, 90, -90, 131071, -131071, 131072, -131072, 131073, -131073])
STEPS = 4
DEFINED = (*C.fast, "-fsanitize=undefined", "-fno-sanitize-recover=all")


def neurons(largest_start: int = 1) -> tuple[dict[str, FixedNeuron], tuple[int, ...]]:
    """One of each kind, whose neurons have every membrane, decay and bias."""
    decays, biases = np.array([0, 1, 1000, 4096]), np.array([0, 1, -1, 64])
    v, dv, bias = np.meshgrid(MEMBRANES, decays, biases, indexing="ij")
    rng = np.random.default_rng(0)
    found = {}
    kinds = product(RESETS, (False, True), (None, 90, (1 << 17) - 1), (False, True))
    for n, (reset, reached, threshold, has_u) in enumerate(kinds):
        found[f"n{n}"] = FixedNeuron(
            "LIF",
            dv=dv,
            bias=FixedBias(bias, 0),
            start=v * largest_start,
            du=rng.choice([0, 5, 4095], v.shape) if has_u else None,
            threshold=None if threshold is None else np.asarray(threshold),
            reset=reset,  # type: ignore[arg-type]
            fires_at_threshold=reached,
        )
    return found, v.shape


def stimulus(
    names: dict[str, FixedNeuron], shape: tuple[int, ...], currents: np.ndarray
) -> Stimulus:
    rng = np.random.default_rng(1)
    size = (len(currents), STEPS, *shape)
    streams = {f"to {name}": rng.choice(currents, size).astype(np.float64) for name in names}
    for stream in streams.values():  # each current first, on every membrane
        stream[:, 0] = currents.reshape(-1, *(1,) * len(shape))
    return Stimulus(streams, tuple(range(len(currents))))


CASES = [(1, 1, False), (1, 3000, True), (1 << 12, 1, True)]


@in_each_with("case", CASES, soon=CASES)
def test_every_kind_at_the_limits(language: Language, case: tuple[int, int, bool]) -> None:
    """Beside them, currents of the host and first membranes beyond any sense."""
    start, times, wide = case
    found, shape = neurons(start)
    program = driven(found, shape)
    parts = Network.of(program, int(CURRENTS.max()) * times).parts
    without_u = [part for part in parts if part.layer.neuron.state_words < 2]
    assert any(part.limits.wide for part in without_u) == wide
    flags = DEFINED if language is C else None
    assert_same(program, stimulus(found, shape, CURRENTS * times), flags, language=language)


@in_each
def test_currents_beyond_32_bits_are_refused(language: Language) -> None:
    found, shape = neurons()
    some = {"n0": found["n0"]}
    with pytest.raises(UnsupportedError, match=r"currents of up to .* and 32 bits hold"):
        assert_same(driven(some, shape), stimulus(some, shape, CURRENTS * 2**20), language=language)


@in_each
def test_parameters_per_channel_and_none_at_all(language: Language) -> None:
    shape = (3, 4, 5)
    by_channel = np.broadcast_to(np.array([1000, 2000, 4096])[:, None, None], shape)
    plain = FixedNeuron(
        "LIF",
        dv=by_channel,
        bias=FixedBias(np.broadcast_to(by_channel // 8, shape), 3),
        start=by_channel,
        threshold=by_channel // 10,
    )
    scalar = FixedNeuron(
        "IF", dv=np.asarray(0), bias=FixedBias(np.asarray(-5), 2), start=np.asarray(-700),
        du=np.asarray(100), threshold=np.asarray(7),
    )  # fmt: skip
    names = {"by channel": plain, "alone": scalar}
    given = stimulus(names, shape, CURRENTS % 300)
    assert assert_same(driven(names, shape), given, language=language) > 100
