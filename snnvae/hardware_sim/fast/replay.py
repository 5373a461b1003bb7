"""What is computed again: neurons that came too close to their threshold for rounded weights."""

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
    steps: int,
) -> int:
    """Run those neurons again with exact weights, from the first step, and put their spikes right.

    near (B, n): which. sources: of each wire, spikes (B, H + T, n) and the row of the first step.
    extra: what the host adds. spikes (B, H + T, n): of this layer, changed in place. Returns how
    many neurons that were.
    """
    layout = plan.layout
    c_order = np.full(layout.size, -1)
    c_order[layout.places] = np.arange(len(layout.places))
    done = 0
    for b in np.flatnonzero(near.any(axis=1)):
        places = np.flatnonzero(near[b])
        currents = np.zeros((1, steps, len(places)))
        for wire, (source, at) in zip(plan.wires, sources, strict=True):
            wire.exact(source[b], at, c_order[places], currents[0])
        again = np.zeros((1, steps, len(places)), np.uint8)
        scans.scan_float(
            currents,
            1.0,
            np.ascontiguousarray(extra[b : b + 1, :, places]) if extra.size else extra[:1, :0],
            tuple(parameter[places] for parameter in plan.parameters),
            plan.has_u,
            plan.mode,
            plan.start[None, places],
            np.zeros((1, len(places))),
            again,
            0,
            np.zeros((1, 0, len(places))),
            np.full(steps, -1.0),
            np.zeros((1, len(places)), np.uint8),
        )
        spikes[b, first : first + steps, places] = again[0].T
        done += len(places)
    return done
