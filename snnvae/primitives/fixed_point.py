"""The integer arithmetic of a Loihi neuron, bit for bit as Lava's bit-accurate models compute it.

Weights and thresholds enter 6 bits above the membrane's least bit. Source: lava-nc 0.10.0,
`lava.proc.lif.models.AbstractPyLifModelFixed`.
"""

from __future__ import annotations

import numpy as np

ACTIVATION_SHIFT = 6
"""Synaptic input and threshold are shifted left by this before they meet the membrane."""
DECAY_BITS = 12
STATE_LIMIT = 1 << 23
"""State variables have 24 bits, sign included."""
WEIGHT_MAX, WEIGHT_MIN = 254, -256
"""Range of mixed-sign 8-bit weights, which are even."""
THRESHOLD_MAX = (1 << 17) - 1
BIAS_MANTISSA_MAX = (1 << 12) - 1
BIAS_EXPONENT_MAX = 7
DECAY_MAX = (1 << DECAY_BITS) - 1
FORGET = 1 << DECAY_BITS
"""A decay that leaves nothing: beyond 12 bits, so a process must reset at every step instead."""
SILENT_LIMIT = THRESHOLD_MAX << ACTIVATION_SHIFT
"""Where a membrane without a threshold saturates: at the largest threshold that there is."""


def decay(state: np.ndarray, constant: int | np.ndarray) -> np.ndarray:
    """sgn(x)·((|x|·(4096 − constant)) >> 12): rounds toward zero."""
    product = np.abs(state.astype(np.int64)) * ((1 << DECAY_BITS) - np.int64(constant))
    decayed: np.ndarray = np.sign(state) * (product >> DECAY_BITS)
    return decayed


def wrap(u: np.ndarray) -> np.ndarray:
    """A current beyond 24 bits, wrapped once by 2²⁴."""
    wrapped: np.ndarray = np.where(u > STATE_LIMIT, u - 2 * STATE_LIMIT, u)
    return np.where(wrapped <= -STATE_LIMIT, u + 2 * STATE_LIMIT, wrapped)


def clip(v: np.ndarray) -> np.ndarray:
    """A membrane, clipped to ±(2²³ − 1)."""
    clipped: np.ndarray = np.clip(v, -STATE_LIMIT + 1, STATE_LIMIT - 1)
    return clipped


def integrate(v: np.ndarray, u: np.ndarray, dv: int | np.ndarray, bias: np.ndarray) -> np.ndarray:
    """v[t] = clip(decay(v, dv) + u + bias)."""
    return clip(decay(v, dv) + u + bias)


def payload(v: np.ndarray) -> np.ndarray:
    """A membrane as a graded spike carries it: in weight units, 18 bits, rounded down."""
    return v >> ACTIVATION_SHIFT


def shifted(weighted: np.ndarray, shift: int) -> np.ndarray:
    """Summed weights × payloads, divided by 2^shift and rounded down (shift < 0: multiplied).

    As Lava's connections with ``weight_exp = −shift`` do.
    """
    return weighted >> shift if shift >= 0 else weighted << -shift
