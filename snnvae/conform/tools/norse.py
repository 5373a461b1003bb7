"""Norse's reader of NIR, with its default reset."""

from __future__ import annotations

from typing import Any

from snnvae.conform.tools.question import Question, Rows, answer


def ask(question: Question) -> Rows:
    """Steps through `norse.torch.from_nir`; a batch of one."""
    import torch
    from norse.torch import from_nir

    graph, stream = question.graph(), question.only_input()
    net = from_nir(graph, ignore_warnings=True, dt=question.dt)
    state: Any = None
    rows = []
    with torch.no_grad():
        for row in torch.as_tensor(stream):
            out, state = net(row[None], state)
            rows.append(out[0])
    return answer(graph, rows)
