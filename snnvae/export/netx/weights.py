"""Computes what netx makes of a dense layer's weights before it multiplies with them.

It shifts the matrix up to use all bits of a Loihi synapse, keeps `bits` of them and shifts the sums
back down. Nothing is lost except where all weights are 0 or less and the lowest is a power of two:
that one is shifted to −256, which an inhibitory synapse does not hold, and becomes −255 less the
bits that are cut off. Convolutions keep their weights as they are.

Source: lava-dl 0.6.0, `lava.lib.dl.netx.utils.optimize_weight_bits`; lava-nc 0.10.0,
`lava.utils.weightutils.clip_weights` and `truncate_weights`, used by `lava.proc.dense.models`.
"""

from __future__ import annotations

import numpy as np

from snnvae.errors import UnsupportedError

LARGEST, SMALLEST = 254, -256
TOP = 255
"""Largest magnitude of weights that all have one sign."""


def dense_weights(weight: np.ndarray) -> np.ndarray:
    """The integers that netx's dense layer computes with, given those of the file.

    UnsupportedError for weights that it cannot scale at all (all 0, or beyond 8 bits), or that it
    cuts so that the rounding depends on the sum.
    """
    low, high = int(weight.min()), int(weight.max())
    if not low and not high:
        raise UnsupportedError("has weights that are all 0, on which netx fails")
    if low < SMALLEST or high > (TOP if low >= 0 else LARGEST):
        raise UnsupportedError(f"has weights in {low}…{high}, beyond 8 bits")
    signed = low < 0 <= high
    shift, bits = _format(weight, low, high, signed)
    shifted = weight.astype(np.int64) << shift
    one_sign = low >= 0 or high <= 0
    # An inhibitory synapse holds the magnitude; >> rounds a negative number down.
    magnitude = np.abs(shifted) if one_sign else shifted
    cut = 8 - bits + (0 if one_sign else 1)
    kept = np.minimum(magnitude, TOP) >> cut << cut
    result: np.ndarray = (np.where(shifted < 0, -kept, kept) if one_sign else kept) / (1 << shift)
    whole = np.rint(result).astype(np.int64)
    if (whole != result).any():
        raise UnsupportedError(
            "has weights of which netx loses half a unit in a way that depends on the sum"
        )
    return whole


def _format(weight: np.ndarray, low: int, high: int, signed: bool) -> tuple[int, int]:
    """(shift, bits) that netx chooses."""
    if signed:
        room = min(127 / high if high else np.inf, -128 / low)
    else:
        room = -256 / low if high < 0 else TOP / high
    shift = int(np.floor(np.log2(room))) + signed
    common = next((n for n in range(8, 0, -1) if not (weight % (1 << n)).any()), 0)
    return shift, 8 - shift - (common - signed)
