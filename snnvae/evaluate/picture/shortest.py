"""Places on a line so that what belongs together lies close, as a linear program.

Layers (top to bottom) and positions within layers (left to right) are both found this way: the
formulation of Gansner et al., "A technique for drawing directed graphs" (1993).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.sparse as sp

Triple = tuple[int, int, float]


def shortest(count: int, pulls: Sequence[Triple], gaps: Sequence[Triple]) -> np.ndarray:
    """x ≥ 0 with ``x[b] − x[a] ≥ gap`` for all (a, b, gap) and the least ``Σ weight·|x[b] − x[a]|``
    over all (a, b, weight). Whole where the gaps are whole.
    """
    from scipy.optimize import linprog

    if not gaps:
        return np.zeros(count)
    pulled, apart = _differences(count, pulls), _differences(count, gaps)
    lengths = sp.diags_array(np.ones(len(pulls)))  # each no less than the difference, either way
    matrix = sp.block_array([[pulled, -lengths], [-pulled, -lengths], [-apart, None]])
    limits = [0.0] * (2 * len(pulls)) + [-gap for _, _, gap in gaps]
    cost = [0.0] * count + [weight for _, _, weight in pulls]
    # The dual simplex ends at a vertex, where whole gaps give whole places.
    found = linprog(cost, A_ub=matrix, b_ub=limits, bounds=(0, None), method="highs-ds")
    places: np.ndarray = found.x[:count]
    return places


def _differences(count: int, pairs: Sequence[Triple]) -> sp.csr_array:
    """``x[b] − x[a]`` of each pair, as a matrix."""
    columns = [i for a, b, _ in pairs for i in (a, b)]
    rows, signs = np.repeat(np.arange(len(pairs)), 2), np.tile([-1.0, 1.0], len(pairs))
    return sp.csr_array((signs, (rows, columns)), shape=(len(pairs), count))
