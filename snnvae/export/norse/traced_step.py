"""What a forward pass was found to compute, as NIR nodes in the order of their making."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import nir
import numpy as np

from snnvae.errors import GraphError, UnsupportedError
from snnvae.export.builder import GraphBuilder
from snnvae.export.norse.cells import Neurons

INPUT = 0
"""The id of the input node."""


@dataclass(frozen=True, eq=False)
class Placed:
    """A node fed by the sum of the nodes with the ids `inputs`; `names`: the best first."""

    node: nir.NIRNode
    inputs: tuple[int, ...]
    names: tuple[str, ...]
    neurons: Neurons | None = None

    def same_as(self, other: Placed) -> bool:
        """Tells whether both compute the same."""
        if (self.inputs, self.names) != (other.inputs, other.names):
            return False
        mine, theirs = vars(self.node), vars(other.node)
        return self.node is other.node or (
            type(self.node) is type(other.node)
            and all(_equal(mine[f.name], theirs[f.name]) for f in fields(self.node))
        )


@dataclass
class TracedStep:
    """The nodes of one time step; a node's id is its place in the list.

    first: the network of the first step, whose nodes this one shares where they are the same.
    """

    first: TracedStep | None = None
    placed: list[Placed] = field(default_factory=list)

    def add(
        self,
        node: nir.NIRNode,
        inputs: Iterable[int],
        names: tuple[str, ...],
        neurons: Neurons | None = None,
    ) -> int:
        """Place a node and return its id; `inputs` may hold ids of nodes that are yet to come."""
        here, placed = len(self.placed), Placed(node, tuple(inputs), names, neurons)
        if self.first is not None and here < len(self.first.placed):
            known = self.first.placed[here]
            placed = known if known.same_as(placed) else placed
        self.placed.append(placed)
        return here

    def check_repeats(self, following: TracedStep, step: int) -> None:
        """UnsupportedError unless a later step computes, so far, as this one does."""
        for mine, theirs in zip(self.placed, following.placed):
            if mine is not theirs:
                names = dict.fromkeys((mine.names[0], theirs.names[0]))
                raise UnsupportedError(differs(step, " and ".join(f"'{name}'" for name in names)))

    def check_length(self, following: TracedStep, step: int) -> None:
        """UnsupportedError unless a later step computes as much as this one does."""
        common = min(len(self.placed), len(following.placed))
        for more in (*self.placed[common:], *following.placed[common:]):
            raise UnsupportedError(differs(step, f"'{more.names[0]}'"))

    def same_form(self, other: TracedStep) -> bool:
        """Tells whether both have the same nodes and edges, whatever the numbers in them."""
        forms = [[(type(p.node), p.inputs, p.names) for p in net.placed] for net in (self, other)]
        return forms[0] == forms[1]

    def reached(self, outputs: Iterable[tuple[int, ...]]) -> set[int]:
        """The nodes that the outputs depend on."""
        found: set[int] = set()
        queue = [i for ids in outputs for i in ids]
        while queue:
            at = queue.pop()
            if at not in found:
                found.add(at)
                queue.extend(self.placed[at].inputs)
        return found

    def neurons(self, among: set[int]) -> list[tuple[str, Neurons]]:
        """Names and neurons of the populations among the ids."""
        found = ((i, self.placed[i]) for i in sorted(among))
        return [(p.names[0], p.neurons) for _, p in found if p.neurons is not None]

    def graph(
        self, outputs: Mapping[str, tuple[int, ...]], metadata: Mapping[str, Any]
    ) -> nir.NIRGraph:
        """The nodes that the outputs depend on."""
        keep = self.reached(outputs.values())
        if INPUT not in keep:
            raise GraphError("the output does not depend on the input")
        names = self.names(outputs)
        builder = GraphBuilder()
        for i in sorted(keep):
            builder.add(names[i], self.placed[i].node)
        for i in sorted(keep):
            for source in self.placed[i].inputs:
                builder.connect(names[source], names[i])
        for output, sources in outputs.items():
            shape = self.placed[sources[0]].node.output_type["output"]
            builder.add(output, nir.Output({"output": shape}), [names[i] for i in sources])
        return builder.build(metadata)

    def names(self, outputs: Mapping[str, tuple[int, ...]]) -> dict[int, str]:
        """A name of its own for each node that the outputs depend on.

        It is the first of the node's names that is free, or a numbered one.
        """
        names: dict[int, str] = {}
        used = set(outputs)
        again: Counter[str] = Counter()
        for i in sorted(self.reached(outputs.values())):
            wanted = self.placed[i].names
            name = next((n for n in wanted if n not in used), None)
            while name is None or name in used:
                again[wanted[0]] += 1
                name = f"{wanted[0]}_{again[wanted[0]] + 1}"
            used.add(name)
            names[i] = name
        return names


def differs(step: int, where: str) -> str:
    """Says that a step, counted from 0, is not as the first."""
    return (
        f"time step {step + 1} does not compute as the first does, at {where}; "
        "only a network that does the same at every step is a graph"
    )


def _equal(a: Any, b: Any) -> bool:
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(_equal(a[key], b[key]) for key in a)
    a, b = np.asarray(a), np.asarray(b)
    return np.array_equal(a, b, equal_nan="f" == a.dtype.kind == b.dtype.kind)
