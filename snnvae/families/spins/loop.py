"""The loop of the sampler in time: which steps belong to one chain."""

from __future__ import annotations

from math import prod

import numpy as np
from numpy.typing import NDArray

from snnvae.families.spins.config import LOOP
from snnvae.families.spins.hamiltonian import Bits


def chains_of(visible: NDArray[np.bool_], burn_in: int = 0) -> Bits:
    """Visible states (B, T, …) as chains (B·LOOP, sweeps, N), without the first `burn_in` sweeps.

    Of chain c of a sample are the steps c, c + LOOP, …; steps that make up no whole sweep are left
    out.
    """
    b, t, n = *visible.shape[:2], prod(visible.shape[2:])
    sweeps = t // LOOP
    whole = visible.reshape(b, t, n)[:, : sweeps * LOOP].reshape(b, sweeps, LOOP, n)
    return whole.swapaxes(1, 2).reshape(b * LOOP, sweeps, n)[:, burn_in:]
