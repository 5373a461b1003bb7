"""Sinabs' reader of NIR: its τ counts steps, so all times of a graph are brought to steps."""

from __future__ import annotations

from snnvae.conform.tools.question import Question, Rows, answer, scaled


def ask(question: Question) -> Rows:
    """All steps at once through `sinabs.from_nir`, as its squeezing layers want them."""
    import torch
    from sinabs import from_nir

    stream = question.only_input()
    graph = scaled(question.graph(), 1 / question.dt)
    net = from_nir(graph, batch_size=1)
    with torch.no_grad():
        out = net(torch.as_tensor(stream))
    return answer(graph, out[0] if isinstance(out, tuple) else out)
