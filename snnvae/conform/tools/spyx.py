"""Spyx's reader of NIR, which is channels-last."""

from __future__ import annotations

import numpy as np

from snnvae.conform.tools.question import Question, Rows, answer


def ask(question: Question) -> Rows:
    """All steps at once through `from_nir`; a batch of one."""
    import jax.numpy as jnp
    from spyx.nir import from_nir

    graph, stream = question.graph(), question.only_input()
    if stream.ndim == 4:
        stream = np.moveaxis(stream, 1, -1)
    _, out = from_nir(graph, jnp.asarray(stream[:, None]), dt=question.dt)
    rows = np.asarray(out)[:, 0]
    return answer(graph, np.moveaxis(rows, -1, 1) if rows.ndim == 4 else rows)
