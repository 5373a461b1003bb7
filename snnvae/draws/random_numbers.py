"""The host's random numbers.

NumPy's Philox with key = seed and one sub-stream per (sample index, purpose): sample n is the same
for any batch, order or number of samples. All are float64 uniforms in a fixed order, C order.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

# One sub-stream per purpose, so that adding a draw to one never shifts another.
CHOICE, PRIOR_NOISE, PRIOR_SPIKES, POSTERIOR_SPIKES = range(4)
RESERVED, MOST = (PRIOR_NOISE, PRIOR_SPIKES, POSTERIOR_SPIKES), 1 << 32
"""What no choice may take as its sub-stream, and what it stays below."""


def places(drawn: NDArray[np.float64], p: ArrayLike) -> NDArray[np.int64]:
    """The place that each uniform number takes among places of probabilities p (k,), on [0, k).

    The last bound is left out: sums that miss 1 by rounding give no place beyond the last.
    """
    return np.searchsorted(np.cumsum(p)[:-1], drawn, side="right")


def uniforms(
    seed: int, samples: Sequence[int], purpose: int, shape: tuple[int, ...]
) -> NDArray[np.float64]:
    """Uniforms on [0, 1), (B, *shape)."""

    def one(sample: int) -> NDArray[np.float64]:
        philox = np.random.Philox(key=seed, counter=[0, 0, purpose, sample])
        return np.random.Generator(philox).random(shape)

    return np.stack([one(sample) for sample in samples])
