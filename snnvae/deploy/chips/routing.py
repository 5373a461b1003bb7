"""The routes of a placement's spikes: messages and hops behind one spike of each neuron.

A spike goes once to every core that holds a target of it (one axon per destination core), along the
row of tiles and then the column. A core that holds several pieces of a layer gets it once.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import scipy.sparse as sp

from snnvae.deploy.chips.placement import Placement
from snnvae.hardware_sim.placement_summary import PlacementSummary, Route
from snnvae.program import Connection, Program


def summary_of(program: Program, placement: Placement) -> PlacementSummary:
    """Returns what counting needs to know of a placement."""
    cores = _core_of(program, placement)
    unknown = _why_no_hops(placement)
    routes = {
        c.name: _route(c, placement, cores, with_hops=not unknown)
        for c in program.connections
        if not c.on_host and not program.carries_membranes(c)
    }
    return PlacementSummary(
        chip=placement.chip.title,
        cores=placement.cores,
        chips=placement.chips,
        routes=routes,
        hops_unknown=unknown,
        broken=len(placement.violations),
    )


def _core_of(program: Program, placement: Placement) -> Mapping[str, np.ndarray]:
    """The core of each neuron, by layer."""
    cores = {layer.name: np.zeros(layer.size, np.int64) for layer in program.layers}
    for piece in placement.pieces:
        cores[piece.layer][piece.neurons] = piece.core
    return cores


def _why_no_hops(placement: Placement) -> str:
    if placement.chip.mesh is None:
        return f"the mesh of {placement.chip.title} is not published, so hops are not counted"
    if placement.chips > 1:
        return (
            f"the network spreads over {placement.chips} chips, between which the way is not "
            "published, so hops are not counted"
        )
    return ""


def _route(
    c: Connection, placement: Placement, cores: Mapping[str, np.ndarray], *, with_hops: bool
) -> Route:
    """Messages and hops per source neuron; of the host's spikes the way is not known."""
    targets = c.synapse.matrix().tocoo()
    sources = targets.shape[1]
    # One entry for each source and core that it reaches, however many targets lie there.
    reached = sp.csr_array(
        (np.ones(targets.nnz, np.int64), (targets.coords[1], cores[c.target][targets.coords[0]])),
        shape=(sources, placement.cores),
    )
    reached.sum_duplicates()
    source, core = reached.nonzero()
    messages = np.bincount(source, minlength=sources).astype(np.int64)
    mesh = placement.chip.mesh
    if not with_hops or mesh is None or c.source not in cores:
        return Route(messages)
    x, y = mesh.tile(core)
    own_x, own_y = mesh.tile(cores[c.source][source])
    hops_x = np.bincount(source, np.abs(x - own_x), minlength=sources)
    hops_y = np.bincount(source, np.abs(y - own_y), minlength=sources)
    return Route(messages, hops_x.astype(np.int64), hops_y.astype(np.int64))
