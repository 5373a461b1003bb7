"""Norse's reader of NIR, with its default reset."""

from __future__ import annotations

from snnvae.conform.tools.question import Question, Rows, answer, stepped


def ask(question: Question) -> Rows:
    """Steps through `norse.torch.from_nir`; a batch of one."""
    from norse.torch import from_nir

    graph, stream = question.graph(), question.only_input()
    net = from_nir(graph, ignore_warnings=True, dt=question.dt)
    return answer(graph, stepped(net, stream))
