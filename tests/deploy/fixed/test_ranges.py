"""Bounds of membranes that go around."""

from __future__ import annotations

import nir
import numpy as np

from snnvae.deploy.compile import compile_graph
from snnvae.deploy.fixed.ranges import WorstCase
from snnvae.options import Options

DT, STEPS = 1e-3, 6
NAMES = ("n0", "n1", "n2", "n3", "n4", "n5")


def ring() -> nir.NIRGraph:
    """Six integrators that pass on what they hold, the last of them to the first, a step later."""
    one = np.ones(1)
    nodes: dict[str, nir.NIRNode] = {"input": nir.Input({"input": np.array([1])})}
    edges = [("input", "in")]
    nodes["in"] = nir.Linear(np.ones((1, 1)))
    for name, before in zip(NAMES, ("in", *NAMES), strict=False):
        nodes[name] = nir.LI(one * DT, one, one * 0)
        if before == "in":
            edges.append(("in", name))
        else:
            nodes[f"w.{name}"] = nir.Linear(np.ones((1, 1)))
            edges += [(before, f"w.{name}"), (f"w.{name}", name)]
    nodes["late"] = nir.Delay(one * DT)
    nodes["back"] = nir.Linear(np.ones((1, 1)))
    nodes["output"] = nir.Output({"output": np.array([1])})
    edges += [(NAMES[-1], "late"), ("late", "back"), ("back", NAMES[0]), (NAMES[-1], "output")]
    return nir.NIRGraph(nodes, edges)


def test_a_loop_is_followed_in_the_order_of_a_step() -> None:
    """All hold t after t steps; who is followed before what feeds it would lag behind."""
    program = compile_graph(ring(), options=Options(dt=DT, steps=STEPS)).program
    ranges = WorstCase(program)
    for name in NAMES:
        assert ranges.membranes(program.layer(name)) == STEPS, name
