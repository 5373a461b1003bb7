"""Loops: what comes back arrives one step later, or later still behind a Delay."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import nir
import numpy as np

from snnvae.conform.suite.case import Case, Drawn, end, f32, network, port
from snnvae.conform.suite.neurons import neuron
from snnvae.conform.suite.wiring import SIZE, STEPS, late, neuron_of


def cases() -> Iterator[Case]:
    """One population or several in a loop, through every kind of weight, with delays and nested."""
    for kind in ("IF", "LIF", "CubaLIF"):
        yield _case(f"{kind}-Linear", f"{kind} that excites and inhibits itself",
                    {"n": neuron(kind, (SIZE,)), "rec": _linear(kind)},
                    "input > n > output", "n > rec > n", closes="rec > n")  # fmt: skip
    yield _case("Affine-zero-bias", "recurrent weights with a bias of 0",
                {"n": neuron_of(), "rec": nir.Affine(_linear("zero").weight, f32([0] * SIZE))},
                "input > n > output", "n > rec > n", closes="rec > n")  # fmt: skip
    yield _case("Scale", "each neuron back to itself",
                {"n": neuron_of(), "rec": nir.Scale(f32([-0.5, 0.25, 0.5, -1.0]))},
                "input > n > output", "n > rec > n", closes="rec > n")  # fmt: skip
    yield _case("bare", "each neuron back to itself without weights",
                {"n": neuron_of(2.189453125)}, "input > n > output", "n > n",
                closes="n > n")  # fmt: skip
    yield _case("winner", "a winner inhibits all others",
                {"n": neuron_of(), "rec": nir.Linear(f32(np.eye(SIZE) - 1))},
                "input > n > output", "n > rec > n", closes="rec > n")  # fmt: skip
    two = {"w": _linear("w", 0.0), "a": neuron_of(), "ab": _linear("ab", 0.0), "b": neuron_of(),
           "ba": _linear("ba")}  # fmt: skip
    yield _case("two", "two populations; what the second sends back comes a step later", two,
                "input > w > a > ab > b > output", "b > ba > a", closes="ba > a")  # fmt: skip
    inner = {**two, "aa": _linear("aa"), "bb": _linear("bb")}
    yield _case("two-and-each", "two populations in a loop, and each in one of its own", inner,
                "input > w > a > ab > b > output", "b > ba > a", "a > aa > a", "b > bb > b",
                closes=("ba > a", "aa > a", "bb > b"))  # fmt: skip
    yield _case("apart", "two loops, one after the other",
                {**two, "aa": _linear("aa"), "bb": _linear("bb2")},
                "input > w > a > ab > b > output", "a > aa > a", "b > bb > b",
                closes=("aa > a", "bb > b"), without=("ba",))  # fmt: skip
    for steps in (1, 3):
        yield _case(f"Delay-{steps}", f"a Delay of {steps} in the loop: no further step is due",
                    {"n": neuron_of(), "rec": _linear("delayed"),
                     "late": nir.Delay(f32(np.full(SIZE, steps)))},
                    "input > n > output", "n > rec > late > n")  # fmt: skip
    yield _case("Delay-each", "a Delay of 1 to 4 steps in the loop",
                {"n": neuron_of(), "rec": _linear("each"), "late": nir.Delay(f32([1, 2, 3, 4]))},
                "input > n > output", "n > late > rec > n")  # fmt: skip
    yield _map()
    yield _nested("nested", "a loop inside of a nested graph, as some exporters write it")


def _linear(name: str, low: float = -0.75) -> nir.Linear:
    return nir.Linear(Drawn(f"loop-{name}").weights(SIZE, SIZE, low=low, high=0.75))


def _case(
    name: str, about: str, nodes: Mapping[str, nir.NIRNode], *ways: str,
    closes: str | tuple[str, ...] = (), without: tuple[str, ...] = (),
) -> Case:  # fmt: skip
    name = f"loops/{name}"
    kept = {key: node for key, node in nodes.items() if key not in without}
    graph = network({"input": port(SIZE), **kept, "output": end(SIZE)}, *ways)
    closing = (closes,) if isinstance(closes, str) else closes
    data = {"input": Drawn(name).spikes(STEPS, SIZE)}
    return Case(name, about, graph, data, late=late(*closing))


def _map() -> Case:
    name, shape = "loops/Conv2d", (2, 4, 4)
    drawn = Drawn(name)
    kernel = nir.Conv2d((4, 4), drawn.weights(2, 2, 3, 3, low=-0.5, high=0.5), 1, 1, 1, 1,
                        np.zeros(2, np.float32))  # fmt: skip
    nodes = {"input": port(*shape), "n": neuron("IF", shape), "rec": kernel, "output": end(*shape)}
    graph = network(nodes, "input > n > output", "n > rec > n")
    about = "a kernel from a map back to itself"
    return Case(name, about, graph, {"input": drawn.spikes(12, *shape)}, late=late("rec > n"))


def _nested(name: str, about: str) -> Case:
    name = f"loops/{name}"
    inside = network(
        {"input": port(SIZE), "lif": neuron_of(), "w_rec": _linear("inside"), "output": end(SIZE)},
        "input > lif > output", "lif > w_rec > lif",
    )  # fmt: skip
    graph = network(
        {"input": port(SIZE), "w": _linear("outside"), "layer": inside, "output": end(SIZE)},
        "input > w > layer > output",
    )
    closes = late("layer.w_rec > layer.lif")
    return Case(name, about, graph, {"input": Drawn(name).spikes(STEPS, SIZE)}, late=closes)
