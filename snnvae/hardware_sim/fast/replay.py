"""Computes again the neurons that came too close to their threshold for rounded weights."""

from __future__ import annotations

import numpy as np

from snnvae.hardware_sim.fast import scans
from snnvae.hardware_sim.fast.plan import LayerPlan


def replay(
    plan: LayerPlan,
    near: np.ndarray,
    sources: list[tuple[np.ndarray, int]],
    extra: np.ndarray,
    spikes: np.ndarray,
    first: int,
    steps: slice,
    state: tuple[np.ndarray, np.ndarray],
) -> int:
    """Run those neurons again with exact weights, from the first step, and put them right.

    near (B, n): which. sources: of each wire, spikes (B, H + T, n) and the row of step 0. extra:
    what the host adds, from step 0 on. spikes (B, H + T, n): of this layer, step 0 in row `first`;
    those of `steps` are replaced, and so is the state (v and u, each (B, n)) after them. Returns
    how many neurons that were.
    """
    layout, (v, u) = plan.layout, state
    c_order = np.full(layout.size, -1)
    c_order[layout.places] = np.arange(len(layout.places))
    done = 0
    for b in np.flatnonzero(near.any(axis=1)):
        places = np.flatnonzero(near[b])
        currents = np.zeros((1, steps.stop, len(places)))
        for wire, (source, at) in zip(plan.wires, sources, strict=True):
            wire.exact(source[b], at, c_order[places], currents[0])
        again = np.zeros((1, steps.stop, len(places)), np.uint8)
        exact_v, exact_u = plan.start[None, places], np.zeros((1, len(places)))
        scans.scan_float(
            currents,
            1.0,
            np.ascontiguousarray(extra[b : b + 1, :, places]) if extra.size else extra[:1, :0],
            tuple(parameter[places] for parameter in plan.parameters),
            plan.has_u,
            plan.mode,
            exact_v,
            exact_u,
            again,
            0,
            np.zeros((1, 0, len(places))),
            np.full(steps.stop, -1.0),
            np.zeros((1, len(places)), np.uint8),
        )
        spikes[b, first + steps.start : first + steps.stop, places] = again[0, steps].T
        v[b, places] = exact_v[0]
        if plan.has_u:
            u[b, places] = exact_u[0]
        done += len(places)
    return done
