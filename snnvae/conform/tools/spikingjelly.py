"""SpikingJelly's reader of NIR."""

from __future__ import annotations

from snnvae.conform.tools.question import Question, Rows, answer, stepped


def ask(question: Question) -> Rows:
    """Steps through `import_from_nir`; a batch of one."""
    from spikingjelly.activation_based.nir_exchange import import_from_nir

    graph, stream = question.graph(), question.only_input()
    net = import_from_nir(graph, dt=question.dt)
    return answer(graph, stepped(net, stream))
