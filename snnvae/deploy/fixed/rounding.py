"""Weights as Loihi holds them: even integers of 8 bits, at the scale of the layer they feed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from snnvae.primitive import Synapse
from snnvae.primitives import fixed_point
from snnvae.program import Connection, Program

Scale = float | np.ndarray
"""Weight units per unit of membrane: one number, or an array of the layer's shape."""

MAX_SHIFT, MIN_SHIFT = 8, -7
"""Range of a graded connection's shift: Lava's weight_exp, negated."""


def rounded(c: Connection, program: Program, scales: Mapping[str, Scale]) -> Connection:
    """The connection with integer weights, clipped to [−256, 254], and its shift if it is graded.

    Analog-driven weights stay real: the host multiplies with them.
    """
    if c.on_host:
        return c
    synapse, shift = scaled(c, program, scales)
    weight = 2 * np.rint(synapse.weight / 2)
    clipped = np.clip(weight, fixed_point.WEIGHT_MIN, fixed_point.WEIGHT_MAX).astype(np.int64)
    return replace(c, synapse=synapse.with_weight(clipped), shift=shift)


def scaled(
    c: Connection, program: Program, scales: Mapping[str, Scale]
) -> tuple[Synapse, int | None]:
    """The weights in weight units, not yet rounded; and the shift of a graded connection.

    A spike's weight is w·s_target; a membrane arrives in the weight units of its source, so it is
    w·s_target/s_source·2^shift, with the largest shift for which 8 bits hold all of them.
    """
    synapse = _times(c.synapse, scales[c.target], "with_gain")
    if not program.carries_membranes(c):
        return synapse, None
    synapse = _times(synapse, 1 / np.asarray(scales[c.source]), "with_input_gain")
    largest = float(np.abs(synapse.weight).max(initial=0.0))
    room = np.log2(fixed_point.WEIGHT_MAX / largest) if largest else MAX_SHIFT
    shift = int(np.clip(np.floor(room), MIN_SHIFT, MAX_SHIFT))
    return synapse.with_weight(synapse.weight * 2.0**shift), shift


def _times(synapse: Synapse, factor: Scale, gain: str) -> Synapse:
    """One factor for all weights, or one for each target (with_gain) or source."""
    if np.ndim(factor) == 0:
        return synapse.with_weight(synapse.weight * float(factor))
    shape = synapse.out_shape if gain == "with_gain" else synapse.in_shape
    made: Synapse = getattr(synapse, gain)(np.reshape(factor, shape))
    return made
