"""The latch: a neuron that, once it has fired, fires at every step that follows.

    z[t] = [s[t] + z[t−1] > ½]

s is the sum of the spikes that set it. It feeds itself with weight 1 a step later, and keeps what
was decided until the sample ends.
"""

from __future__ import annotations

from collections.abc import Sequence

from snnvae.layers.wiring import Cell, Delay, Link, Shape, Threshold


def latch_cells(name: str, shape: Shape, links: Sequence[Link]) -> tuple[Cell, Cell]:
    """What a population of latches held a step ago, `name.held`, and the latches, `name`.

    links: what sets them, whose currents exceed ½ where they do. Cells that read what is held may
    stand between the two.
    """
    held = f"{name}.held"
    return (
        Cell(held, shape, Delay(), (Link("", None, (name,)),)),
        Cell(name, shape, Threshold(0.5), (*links, Link("", None, (held,)))),
    )
