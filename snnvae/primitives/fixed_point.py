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


def decay(state: np.ndarray, constant: int | np.ndarray) -> np.ndarray:
    """sgn(x)·((|x|·(4096 − constant)) >> 12): rounds toward zero."""
    product = np.abs(state.astype(np.int64)) * ((1 << DECAY_BITS) - np.int64(constant))
    decayed: np.ndarray = np.sign(state) * (product >> DECAY_BITS)
    return decayed


def synaptic_current(weighted: np.ndarray) -> np.ndarray:
    """Summed weights → current u: shifted left by 6, wrapped once by 2²⁴ beyond 24 bits."""
    u = weighted.astype(np.int64) << ACTIVATION_SHIFT
    wrapped: np.ndarray = np.where(u > STATE_LIMIT, u - 2 * STATE_LIMIT, u)
    return np.where(wrapped <= -STATE_LIMIT, u + 2 * STATE_LIMIT, wrapped)


def integrate(
    v: np.ndarray, weighted: np.ndarray, dv: int | np.ndarray, bias: np.ndarray
) -> np.ndarray:
    """v[t] = clip(decay(v, dv) + u + bias) to ±(2²³ − 1), with u the synaptic current."""
    updated = decay(v, dv) + synaptic_current(weighted) + bias
    clipped: np.ndarray = np.clip(updated, -STATE_LIMIT + 1, STATE_LIMIT - 1)
    return clipped


def saturates(
    v: np.ndarray, weighted: np.ndarray, dv: int | np.ndarray, bias: np.ndarray
) -> np.ndarray:
    """Where `integrate` wraps the current or clips the membrane (bool, per neuron)."""
    u = weighted.astype(np.int64) << ACTIVATION_SHIFT
    wraps = (u > STATE_LIMIT) | (u <= -STATE_LIMIT)
    updated = decay(v, dv) + synaptic_current(weighted) + bias
    clips: np.ndarray = np.abs(updated) >= STATE_LIMIT
    return wraps | clips
