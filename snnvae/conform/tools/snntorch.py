"""snnTorch's reader of NIR: its step is 0.1 ms, so all times of a graph are brought to that."""

from __future__ import annotations

from typing import Any

from snnvae.conform.tools.question import Question, Rows, answer, scaled

STEP = 1e-4


def ask(question: Question) -> Rows:
    """Steps through `import_from_nir`; a batch of one."""
    import torch
    from snntorch.import_nir import import_from_nir

    stream = question.only_input()
    graph = scaled(question.graph(), STEP / question.dt)
    net = import_from_nir(graph)
    state: Any = None
    rows = []
    with torch.no_grad():
        for row in torch.as_tensor(stream):
            out, state = net(row[None], state)
            rows.append((out[0] if isinstance(out, tuple) else out)[0])
    return answer(graph, rows)
