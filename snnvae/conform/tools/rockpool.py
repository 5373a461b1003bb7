"""Rockpool's reader of NIR, whose step is 1 ms: all times of a graph are brought to that."""

from __future__ import annotations

from snnvae.conform.tools.question import Question, Rows, answer, scaled

STEP = 1e-3


def ask(question: Question) -> Rows:
    """All steps at once through `from_nir`; a batch of one."""
    import torch
    from rockpool.nn.modules.torch.nir import from_nir

    stream = question.only_input()
    graph = scaled(question.graph(), STEP / question.dt)
    net = from_nir(graph)
    with torch.no_grad():
        out = net(torch.as_tensor(stream)[None])
    return answer(graph, (out[0] if isinstance(out, tuple) else out)[0])
