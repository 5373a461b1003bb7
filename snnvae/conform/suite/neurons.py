"""Neurons: every node with a state, and Threshold, each parameter by itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import nir
import numpy as np

from snnvae.conform.suite.case import Case, Drawn, chain, f32

STEPS = 24
NEURONS = 3
SPIKING = ("IF", "LIF", "CubaLIF")

# A threshold is n/512 with n odd: sums of eighths do not meet it, nor after dozens of resets by
# subtraction. Those of leaky neurons are tenths, which no sum of powers of two is.
_PLAIN: Mapping[str, Mapping[str, float]] = {
    "IF": {"r": 1.0, "v_threshold": 1.205078125, "v_reset": 0.0},
    "I": {"r": 1.0},
    "LIF": {"tau": 4.0, "r": 1.0, "v_leak": 0.0, "v_threshold": 0.4, "v_reset": 0.0},
    "LI": {"tau": 4.0, "r": 1.0, "v_leak": 0.0},
    "CubaLIF": {
        "tau_syn": 2.0, "tau_mem": 4.0, "r": 4.0, "v_leak": 0.0, "v_threshold": 2.9,
        "v_reset": 0.0, "w_in": 2.0,
    },
    "CubaLI": {"tau_syn": 2.0, "tau_mem": 4.0, "r": 1.0, "v_leak": 0.0, "w_in": 1.0},
    "Threshold": {"threshold": 0.689453125},
}  # fmt: skip

_EACH: Mapping[str, tuple[str, Any]] = {
    "r": ("a resistance per neuron", (0.5, 2.0, 3.5)),
    "tau": ("a time constant per neuron", (2.0, 4.0, 8.0)),
    "tau_mem": ("a membrane time constant per neuron", (2.0, 4.0, 8.0)),
    "tau_syn": ("a synaptic time constant per neuron", (2.0, 4.0, 8.0)),
    "w_in": ("an input weight per neuron", (0.5, 1.0, 2.0)),
    "v_leak": ("a resting membrane per neuron, to which v leaks", (-0.25, 0.125, 0.3125)),
    "v_reset": ("a reset value per neuron", (-0.25, 0.0, 0.25)),
    "threshold": ("a threshold per neuron", (0.1875, 0.5625, 0.9375)),
}
_SLOW = {"tau": "r", "tau_mem": "r", "tau_syn": "w_in"}
"""Time constants, and what makes good for a long one."""


def neuron(kind: str, shape: tuple[int, ...] = (NEURONS,), **changed: Any) -> nir.NIRNode:
    """A node whose parameters have that shape; `changed` replaces values of the plain one."""
    values = {**_PLAIN[kind], **changed}
    made = {key: f32(np.broadcast_to(f32(value), shape)).copy() for key, value in values.items()}
    node: nir.NIRNode = getattr(nir, kind)(**made)
    return node


def cases() -> Iterator[Case]:
    """Each kind plain; each parameter by itself; inputs that are strong, inhibiting, or none."""
    for kind, plain in _PLAIN.items():
        yield _case(kind, "plain", f"{kind} with one value of each parameter")
        for key, (about, values) in _EACH.items():
            if key in plain:
                yield _case(kind, f"{key}-each", about, **{key: values})
        if "v_threshold" in plain:
            each = np.array((0.5, 1.0, 1.5)) * plain["v_threshold"]
            yield _case(kind, "v_threshold-each", "a threshold per neuron", v_threshold=each)
        for key, gain in _SLOW.items():
            if key in plain:
                changed: dict[str, Any] = {key: 1.0}
                yield _case(kind, f"{key}-is-dt", f"{key} = dt: Euler forgets all", **changed)
                changed = {key: 64.0, gain: 24.0}
                yield _case(kind, f"{key}-long", f"{key} of 64 steps", **changed)
        yield _case(kind, "map", "parameters of the shape of a map", shape=(2, 2, 3))
        yield _case(kind, "one", "a single neuron", shape=(1,))
        yield _case(kind, "silence", "no input at all", rate=0.0, quiet=True)
        yield _case(kind, "real-input", "an input of eighths, not of spikes", real=True)
        yield _case(kind, "inhibition", "inputs of either sign", real=True, low=-1.0)
        if kind == "LIF":
            yield _case(
                kind, "r-is-tau", "r = τ/dt: the input is not scaled", r=4.0, v_threshold=1.2
            )
        if kind in SPIKING:
            about = "an input that passes the threshold twice and more"
            yield _case(kind, "strong", about, real=True, low=-3.0, high=6.0)
            yield _case(kind, "refused", "threshold out of reach", v_threshold=1e3, quiet=True)
            yield _case(
                kind, "negative-threshold", "a threshold below zero, a reset below it",
                v_threshold=-0.435546875, v_reset=-2.0,
            )  # fmt: skip
        if "v_reset" in plain:
            yield _case(kind, "reset-up", "a reset above rest", v_reset=0.5)
        if "v_leak" in plain and "v_threshold" in plain:
            yield _case(
                kind, "tonic", "v_leak above the threshold: it fires without input",
                v_leak=2.0 * plain["v_threshold"], rate=0.0,
            )  # fmt: skip
    yield _case("LIF", "one-step", "a run of a single step", steps=1, quiet=True)
    for dt in (2.0**-10, 1e-3, 1e-4):
        yield _timed(dt)


def _case(
    kind: str,
    name: str,
    about: str,
    *,
    shape: tuple[int, ...] = (NEURONS,),
    rate: float = 0.5,
    real: bool = False,
    low: float = 0.0,
    high: float = 1.5,
    steps: int = STEPS,
    quiet: bool = False,
    **changed: Any,
) -> Case:
    name = f"neurons/{kind}-{name}"
    drawn = Drawn(name)
    data = (
        drawn.weights(steps, *shape, low=low, high=high)
        if real
        else drawn.spikes(steps, *shape, rate=rate)
    )
    graph = chain(shape, neuron(kind, shape, **changed), out=shape)
    return Case(name, about, graph, {"input": data}, quiet=quiet)


def _timed(dt: float) -> Case:
    """The plain LIF where a step is not 1: what matters is dt/τ."""
    name = f"neurons/LIF-dt-{dt:.3g}"
    node = neuron("LIF", tau=4.0 * dt)
    data = Drawn(name).spikes(STEPS, NEURONS)
    about = f"the plain LIF in steps of {dt:.3g} s"
    return Case(name, about, chain((NEURONS,), node, out=(NEURONS,)), {"input": data}, dt=dt)
