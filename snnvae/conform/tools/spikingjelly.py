"""SpikingJelly's reader of NIR."""

from __future__ import annotations

from typing import Any

from snnvae.conform.tools.question import Question, Rows, answer


def ask(question: Question) -> Rows:
    """Steps through `import_from_nir`; a batch of one."""
    import torch
    from spikingjelly.activation_based.nir_exchange import import_from_nir

    graph, stream = question.graph(), question.only_input()
    net = import_from_nir(graph, dt=question.dt)
    state: Any = None
    rows = []
    with torch.no_grad():
        for row in torch.as_tensor(stream):
            out, state = net(row[None], state)
            rows.append(out[0])
    return answer(graph, rows)
