"""nirtorch's own wiring of a graph, with modules that are NIR's equations: it brings no neurons."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from snnvae.conform.tools.question import Question, Rows, answer, stepped
from snnvae.conventions import Conventions


def ask(question: Question) -> Rows:
    """Steps through `nir_to_torch`, in float64."""
    import nirtorch
    import torch

    from snnvae.evaluate.peers.nodes import NODES, module_for

    graph, stream = question.graph(), question.only_input()
    told: dict[str, Any] = {
        key: value
        for key, value in question.rules.as_dict().items()
        if key in Conventions.__dataclass_fields__
    }
    conventions = Conventions(question.dt, **told)
    make = partial(module_for, conventions=conventions)
    net = nirtorch.nir_to_torch(graph, dict.fromkeys(NODES, make), dtype=torch.float64)
    return answer(graph, stepped(net, stream.astype(np.float64)))
