"""What NIR leaves open: cases whose outcome turns on one convention, and says which one holds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import nir

from snnvae.conform.suite.case import Case, Drawn, chain, end, f32, network, port
from snnvae.conform.suite.neurons import NEURONS, SPIKING, STEPS, neuron


def cases() -> Iterator[Case]:
    """Reset, spike rule, first membrane, integrator, gain of IF, biases of loops."""
    for kind in SPIKING:
        yield _case(kind, "reset", "what a spike leaves behind", low=0.5)
        yield _case(
            kind, "spike", "a membrane that meets its threshold", tie=True, **_meets(kind),
        )  # fmt: skip
        yield _case(kind, "initial", "a reset that is not 0: v before the first step", v_reset=-1.0)
    for kind in ("LIF", "CubaLIF", "LI", "CubaLI"):
        yield _case(kind, "integrator", "τ of two steps: Euler or exponential", **_short(kind))
        yield _case(kind, "initial-leak", "v before the first step, rest is not 0", v_leak=0.5)
    for kind in ("IF", "I"):
        node = neuron(kind, r=4.0)
        yield _of(f"{kind}-gain", "dt = 1/4 and r = 4: r·dt or r", kind, node, 0.0, dt=0.25)
    yield _case("Threshold", "spike", "an input that meets the threshold", threshold=0.5, tie=True)
    yield Case(
        "conventions/loop-bias", "the bias of recurrent weights in the first step",
        network(
            {
                "input": port(NEURONS),
                "if": neuron("IF"),
                "recurrent": nir.Affine(f32(_ring()), f32([0.25, 0.5, 1.5])),
                "output": end(NEURONS),
            },
            "input > if > output", "if > recurrent > if",
        ),
        {"input": Drawn("conventions/loop-bias").spikes(STEPS, NEURONS, rate=0.3)},
        late=(("recurrent", "if"),),
    )  # fmt: skip


def _ring() -> list[list[float]]:
    return [[0.0, 0.25, 0.0], [0.0, 0.0, -0.5], [0.5, 0.0, 0.0]]


def _meets(kind: str) -> dict[str, Any]:
    """Parameters with which sums of eighths meet the threshold: as if each step kept everything."""
    if kind == "IF":
        return {"v_threshold": 1.0}
    slow = {"tau": 1.0} if kind == "LIF" else {"tau_syn": 1.0, "tau_mem": 1.0, "w_in": 1.0}
    return {**slow, "r": 1.0, "v_threshold": 1.0}


def _short(kind: str) -> dict[str, Any]:
    return {"tau": 2.0} if kind in ("LIF", "LI") else {"tau_mem": 2.0}


def _case(
    kind: str, name: str, about: str, *, low: float = 0.0, tie: bool = False, **changed: Any
) -> Case:
    return _of(f"{kind}-{name}", about, kind, neuron(kind, **changed), low, tie=tie)


def _of(
    name: str, about: str, kind: str, node: nir.NIRNode, low: float, *, tie: bool = False,
    dt: float = 1.0,
) -> Case:  # fmt: skip
    name = f"conventions/{name}"
    data = Drawn(name).weights(STEPS, NEURONS, low=low, high=low + 1.5)
    graph = chain((NEURONS,), node, out=(NEURONS,))
    return Case(name, about, graph, {"input": data}, tie=tie, dt=dt)
