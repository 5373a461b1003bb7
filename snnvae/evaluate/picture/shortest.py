"""Places on a line so that what belongs together lies close, as a linear program.

Layers (top to bottom) and positions within layers (left to right) are both found this way: the
formulation of Gansner et al., "A technique for drawing directed graphs" (1993).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.sparse as sp

Pull = tuple[int, int, float]
Gap = tuple[int, int, float]


def shortest(count: int, pulls: Sequence[Pull], gaps: Sequence[Gap]) -> np.ndarray:
    """x ≥ 0 with ``x[b] − x[a] ≥ gap`` for all (a, b, gap) and the least ``Σ weight·|x[b] − x[a]|``
    over all (a, b, weight). Whole where the gaps are whole.
    """
    from scipy.optimize import linprog

    if not gaps:
        return np.zeros(count)
    total = count + len(pulls)
    rows: list[list[tuple[int, float]]] = []
    limits: list[float] = []
    for k, (a, b, _) in enumerate(pulls):  # a length is no less than the difference, either way
        for sign in (1.0, -1.0):
            rows.append([(a, -sign), (b, sign), (count + k, -1.0)])
            limits.append(0.0)
    for a, b, gap in gaps:
        rows.append([(a, 1.0), (b, -1.0)])
        limits.append(-gap)
    entries = [(i, j, value) for i, row in enumerate(rows) for j, value in row]
    i, j, values = (np.array(column) for column in zip(*entries))
    matrix = sp.csr_array((values, (i, j)), shape=(len(rows), total))
    cost = np.concatenate([np.zeros(count), [weight for _, _, weight in pulls]])
    # The dual simplex ends at a vertex, where whole gaps give whole places.
    found = linprog(cost, A_ub=matrix, b_ub=limits, bounds=(0, None), method="highs-ds")
    places: np.ndarray = found.x[:count]
    return places
