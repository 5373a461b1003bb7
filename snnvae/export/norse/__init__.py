"""Norse modules as NIR graphs, whatever their forward() does.

Norse 1.1.0's own export cannot write a convolution, writes tau = dt/tau_mem_inv and drops modules
that it does not know. Here every layer is exact or refused by name.
"""

from __future__ import annotations

import reprlib
from typing import Any

import nir
import numpy as np

from snnvae.errors import ConfigError, UnsupportedError
from snnvae.extras import require
from snnvae.options import DEFAULT_STEPS

Shape = tuple[int, ...]


def from_norse(
    module: Any,
    input_shape: Any,
    *,
    steps: int | None = None,
    analog: bool = False,
    over_time: bool | None = None,
) -> nir.NIRGraph:
    """A torch module with Norse's neurons as a graph.

    `input_shape` lacks batch and time; an input tensor also tells it: (batch, …), or
    (time, batch, …) where the module takes that. `over_time` says which of the two forward() takes;
    None: the second if the module holds one of Norse's that does (LIF, LI, IAF, LIFRecurrent,
    Lift). `steps` is how many time steps a sample lasts, 16 unless it is given; `analog`
    says that the input carries currents rather than spikes.

    forward() may be any Python: branches, skip connections, layers used twice, loops over time, and
    states handed on as arguments, in attributes or not at all (`Lift` and its like). Every one of
    its `steps` must do the same: it is followed through all of them, then run beside the graph on
    noise, neuron by neuron, if the compiler takes the graph as it is. What still counts its steps
    at the end is refused, unless `steps` says that no more will be run.

    torch's functions: linear, matmul, conv1d, conv2d, conv_transpose2d, batch_norm (evaluation
    statistics, folded), dropout (dropped), sums, differences, factors, cat, slices, reshapes,
    average and sum pools, maximum pools and relu of spikes, nearest interpolation; sum and mean
    over time (an I, whose last membrane it is) and, of spikes, the maximum (a Threshold behind an
    I). Norse's modules: LIFBoxCell, LIBoxCell, LIFCell, LIF, LIFRecurrentCell, LIFRecurrent,
    LICell, LI, LILinearCell, IAFCell, IAF, Lift, SequentialState. The nodes have the modules'
    names; dt is that of the cells.

    UnsupportedError names the module that cannot be written exactly and why, GraphError the one
    that does not fit its input. The module itself stays as it is.

    >>> import torch, snnvae as sv
    >>> from norse.torch import LIFBoxCell, SequentialState
    >>> module = SequentialState(torch.nn.Linear(4, 3), LIFBoxCell(dt=1e-3))
    >>> sv.compile(sv.from_norse(module, (4,), steps=20))
    <Program: float, dt 0.001 s, 20 steps, 'input' → 1 layers of 3 neurons, 12 synapses → 'output'>
    """
    require("torch", "norse")
    from torch.nn import Module

    from snnvae.export.norse.cells import runs_over_time
    from snnvae.export.norse.metadata import metadata
    from snnvae.export.norse.protocol import unwrapped
    from snnvae.export.norse.side_by_side import check_same
    from snnvae.export.norse.trace import trace
    from snnvae.export.norse.values import check_finite, check_types

    stated_steps, steps = steps, DEFAULT_STEPS if steps is None else steps
    if not isinstance(steps, int) or steps < 1:
        raise ConfigError(f"steps = {steps!r} is not a positive whole number; pass `steps`")
    module = unwrapped(module)
    if not isinstance(module, Module):
        raise ConfigError(
            f"{reprlib.repr(module)} is a {type(module).__name__}; give a module of torch"
        )
    check_types(module)
    if over_time is None:
        over_time = any(runs_over_time(child) for child in module.modules())
    shape = _sample_shape(input_shape, over_time)
    found = trace(
        module,
        shape,
        steps=steps,
        over_time=over_time,
        spikes=not analog,
        counters=stated_steps is None,
    )
    if found.counting:
        raise UnsupportedError(
            f"'{found.counting}' still changes after {steps} time steps, so that later ones may "
            "compute otherwise; pass `steps`, as many as will be run, and all of them are followed"
        )
    check_finite(module, found)
    stated = metadata(found.neurons(), steps=steps, analog=analog)
    graph = found.network.graph(found.outputs, stated)
    check_same(module, graph, found, analog=analog)
    return graph


def _sample_shape(sample: Any, over_time: bool) -> Shape:
    lead = 0
    if hasattr(sample, "shape"):
        lead, sample = (2 if over_time else 1), sample.shape
    try:
        given = np.atleast_1d(sample).tolist()
        sizes = [int(n) for n in given]
    except (TypeError, ValueError, OverflowError):
        given, sizes = [sample], []
    if sizes != given:
        raise ConfigError(
            f"{reprlib.repr(sample)} is no shape of an input; give whole numbers, without batch "
            "and time, such as (1, 28, 28), or an input tensor"
        )
    shape = tuple(sizes)[lead:]
    if not shape or min(shape) < 1:
        raise ConfigError(f"an input of shape {shape}: give positive sizes, without batch and time")
    return shape


__all__ = ["from_norse"]
