"""Delays: what enters at step t leaves at t + delay/dt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import nir
import numpy as np
from numpy.typing import ArrayLike

from snnvae.conform.suite.case import Case, Drawn, end, f32, network, port
from snnvae.conform.suite.neurons import neuron
from snnvae.conform.suite.wiring import SIZE, STEPS, neuron_of


def cases() -> Iterator[Case]:
    """Of any length, per neuron, in a row, on one of two ways, of spikes, weights and membranes."""
    w = nir.Linear(Drawn("delays").weights(SIZE, SIZE))
    v = nir.Linear(Drawn("delays-v").weights(SIZE, SIZE))
    for steps in (0, 1, 2, 7):
        yield _case(f"{steps}-steps", f"{steps} steps, the same for all",
                    {"late": _delay(steps), "w": w, "n": neuron_of()},
                    "input > late > w > n > output")  # fmt: skip
    yield _case("each", "0 to 5 steps, one of each neuron",
                {"late": _delay([0, 1, 3, 5]), "w": w, "n": neuron_of()},
                "input > late > w > n > output")  # fmt: skip
    yield _case("behind-weights", "a delay of what the weights give",
                {"w": w, "late": _delay([2, 0, 1, 4]), "n": neuron_of()},
                "input > w > late > n > output")  # fmt: skip
    yield _case("between-weights", "a delay between two matrices",
                {"w": w, "late": _delay(3), "v": v, "n": neuron_of(2.189453125)},
                "input > w > late > v > n > output")  # fmt: skip
    yield _case("in-a-row", "two delays, which add up",
                {"late": _delay(2), "later": _delay([1, 0, 2, 1]), "n": neuron_of()},
                "input > late > later > n > output")  # fmt: skip
    yield _case("one-way", "the same spikes at once and later",
                {"w": w, "late": _delay(2), "v": v, "n": neuron_of()},
                "input > w > n > output", "input > late > v > n")  # fmt: skip
    yield _case("at-the-end", "an output that is delayed",
                {"w": w, "n": neuron_of(), "late": _delay([0, 1, 2, 3])},
                "input > w > n > late > output")  # fmt: skip
    yield _case("of-a-bias", "a bias behind a delay begins late",
                {"w": nir.Affine(w.weight, f32([0.5, 0.25, 0.125, 0.75])), "late": _delay(3),
                 "n": neuron_of()},
                "input > w > late > n > output")  # fmt: skip
    yield _case("of-a-membrane", "a membrane that arrives later",
                {"li": neuron("LI", (SIZE,)), "late": _delay(2), "n": neuron_of()},
                "input > li > late > n > output")  # fmt: skip
    yield _case("beyond-the-run", "longer than the run: nothing arrives",
                {"late": _delay(STEPS + 5), "w": w, "n": neuron_of()},
                "input > late > w > n > output", quiet=True)  # fmt: skip
    yield _case("seconds", "3 steps of a millisecond, as seconds",
                {"late": nir.Delay(f32(np.full(SIZE, 3e-3))), "w": w,
                 "n": neuron("LIF", (SIZE,), tau=4e-3)},
                "input > late > w > n > output", dt=1e-3)  # fmt: skip


def _delay(steps: ArrayLike) -> nir.Delay:
    return nir.Delay(f32(np.broadcast_to(steps, (SIZE,))).copy())


def _case(
    name: str, about: str, nodes: Mapping[str, nir.NIRNode], *ways: str,
    quiet: bool = False, dt: float = 1.0,
) -> Case:  # fmt: skip
    name = f"delays/{name}"
    graph = network({"input": port(SIZE), **nodes, "output": end(SIZE)}, *ways)
    data = {"input": Drawn(name).spikes(STEPS, SIZE)}
    return Case(name, about, graph, data, quiet=quiet, dt=dt)
