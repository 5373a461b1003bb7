"""snnTorch's reader of NIR: its step is 0.1 ms, so all times of a graph are brought to that."""

from __future__ import annotations

from snnvae.conform.tools.question import Question, Rows, answer, scaled, stepped

STEP = 1e-4


def ask(question: Question) -> Rows:
    """Steps through `import_from_nir`; a batch of one."""
    from snntorch.import_nir import import_from_nir

    stream = question.only_input()
    graph = scaled(question.graph(), STEP / question.dt)
    net = import_from_nir(graph)
    return answer(graph, stepped(net, stream))
