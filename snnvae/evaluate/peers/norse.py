"""Norse's own reader of NIR and its cells as a peer, in float64, one sample after another.

Without a batch axis, because its Flatten counts one that NIR leaves out.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import networkx as nx
import nir
import numpy as np
from torch import Tensor

from snnvae.conventions import Conventions
from snnvae.deploy.settings import Settings
from snnvae.errors import UnsupportedError
from snnvae.evaluate.peers.limits import (
    need_different_names,
    need_one_input,
    need_simple_loops,
    populations,
)
from snnvae.evaluate.peers.watch import Seen, Watch
from snnvae.plain_text import words_of
from snnvae.primitives.parameters import as_meant
from snnvae.stimulus import Stimulus

KNOWN = (
    *(nir.Input, nir.Output, nir.Affine, nir.Linear, nir.Conv2d, nir.Flatten, nir.SumPool2d),
    *(nir.IF, nir.LIF, nir.CubaLIF),
)
"""What its reader has a module for. Any other node it leaves out without a word."""


def run(graph: nir.NIRGraph, settings: Settings, stimulus: Stimulus) -> Seen:
    """UnsupportedError, with the reason, for a graph or conventions that Norse does not have."""
    port = need_one_input(graph)
    need_different_names(graph)
    need_simple_loops(graph, settings)
    _need_its_conventions(settings.conventions)
    for name, node in graph.nodes.items():
        reason = _unable(node, settings.conventions)
        if reason is not None:
            raise UnsupportedError(f"{reason}: '{name}' ({type(node).__name__})")
    try:
        samples = [_run_one(graph, settings, stream) for stream in stimulus.streams[port]]
    except UnsupportedError:
        raise
    except Exception as error:  # whatever its reader and interpreter run into
        reason = words_of(error, 120)
        raise UnsupportedError(f"fails on this graph ({type(error).__name__}: {reason})") from None
    first = samples[0]
    return Seen(
        {name: np.stack([s.outputs[name] for s in samples], 1) for name in first.outputs},
        {name: np.stack([s.membranes[name] for s in samples], 1) for name in first.membranes},
    )


def _run_one(graph: nir.NIRGraph, settings: Settings, stream: np.ndarray) -> Seen:
    """One sample (T, *shape) through a net of its own, whose states are fresh."""
    import torch
    from norse.torch import from_nir
    from norse.torch.functional.reset import reset_subtract, reset_value

    subtract = settings.conventions.reset == "subtract"
    with _in_float64():
        net = from_nir(
            graph,
            ignore_warnings=True,
            reset_method=reset_subtract if subtract else reset_value,
            dt=settings.conventions.dt,
        )
    _need_order(graph, [node.name for node in net.execution_order])
    modules = {name: name.replace(".", "_") for name in populations(graph)}
    watch, state = Watch(net, modules, _membrane), None
    with torch.no_grad():
        for row in torch.as_tensor(stream.astype(np.float64)):
            _, state = net(row, state)
    return watch.seen(len(stream))


@contextmanager
def _in_float64() -> Iterator[None]:
    """Keeps numbers exact while it lasts: Norse's reader rounds every number to float32."""
    import torch
    from norse.torch.utils import import_nir

    def exact(values: Any) -> Tensor:
        return torch.tensor(np.array(values, np.float64))

    rounding, import_nir._to_tensor = import_nir._to_tensor, exact
    try:
        yield
    finally:
        import_nir._to_tensor = rounding


def _membrane(state: Any) -> Tensor:
    """Returns the membrane of a cell's state, or of a synapse's and a cell's."""
    v: Tensor = state[1].v if isinstance(state, tuple) and not hasattr(state, "v") else state.v
    return v


def _need_its_conventions(conventions: Conventions) -> None:
    if (conventions.integrator, conventions.spike) != ("euler", "above"):
        raise UnsupportedError("takes Euler steps and fires above its threshold, the file does not")
    if conventions.reset in ("subtract-delayed", "subtract-ahead"):
        raise UnsupportedError("has no delayed reset")
    if conventions.gain != "stated":
        raise UnsupportedError("takes inputs as the file says, and not otherwise")


def _unable(node: nir.NIRNode, conventions: Conventions) -> str | None:
    """Says why Norse's reader makes something else of a node; None where it does not."""
    if not isinstance(node, KNOWN):
        return "leaves this node out"
    if isinstance(node, nir.Conv2d) and int(np.ravel(node.groups)[0]) != 1:
        return "reads no groups"
    if isinstance(node, nir.SumPool2d) and np.any(node.padding):
        return "drops the padding"
    if not isinstance(node, (nir.IF, nir.LIF, nir.CubaLIF)):
        return None
    if np.any(node.v_reset):
        return "drops v_reset"
    leak = getattr(node, "v_leak", 0.0)
    if conventions.initial in ("v_reset", "zero") and np.any(leak):
        return "starts at v_leak"
    if isinstance(node, nir.CubaLIF):
        return "lets the current leak to v_leak too" if np.any(leak) else None
    if conventions.reset == "subtract":
        return "resets to zero"
    counts_dt = isinstance(node, nir.IF) and conventions.if_gain == "dt"
    gain = as_meant(node.r * conventions.dt) if counts_dt else node.r
    return "takes r for 1" if np.any(gain != 1) else None


def _need_order(graph: nir.NIRGraph, order: list[str]) -> None:
    """Refuses a graph that Norse runs in a wrong order: it goes depth first, so behind a branch a
    node may run before what feeds it."""
    position = {name: i for i, name in enumerate(order)}
    where = {name: position.get(name.replace(".", "_")) for name in graph.nodes}
    loops = nx.DiGraph(graph.edges)
    together = {n: c for c in map(frozenset, nx.strongly_connected_components(loops)) for n in c}
    for a, b in graph.edges:
        first, then = where[a], where[b]
        if first is None or then is None:
            raise UnsupportedError(f"does not reach '{a if first is None else b}'")
        if first > then and together[a] != together[b]:
            raise UnsupportedError(f"runs '{b}' before '{a}', which feeds it")
