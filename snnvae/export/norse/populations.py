"""Norse's cells in a traced forward pass: where they stand and what happens to their state."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import nir
import numpy as np
import torch

from snnvae.errors import UnsupportedError
from snnvae.export import weights
from snnvae.export.layers import per_neuron
from snnvae.export.norse.cells import CellKind, Neurons, cell_kind
from snnvae.export.norse.tracer import Tracer
from snnvae.export.norse.value import State, Value, ids_of, zeros_like


class StartsAnewError(UnsupportedError):
    """A cell did not get the state back that it returned in the first step."""


def recorder(cell: Any, tracer: Tracer) -> Callable[..., tuple[Value, State]]:
    """Returns what stands in for a cell's forward(input, state=None)."""

    def forward(input_tensor: Any, state: Any = None) -> tuple[Value, State]:
        try:
            kind = cell_kind(cell)
            _check_input(kind, input_tensor)
            return _place(cell, kind, input_tensor, state, tracer)
        except UnsupportedError as error:
            raise type(error)(f"{tracer.where()}: {error}") from None

    return forward


def _check_input(kind: CellKind, value: Any) -> None:
    if not isinstance(value, Value):
        raise UnsupportedError("its input does not come from the network's input")
    if kind.over_time and value.lead != 2:
        raise UnsupportedError("runs over (time, batch, …) but gets one step; use its …Cell form")
    if not kind.over_time and (value.lead != 1 or len(value.origin) != 1):
        raise UnsupportedError("takes one time step but gets all; put it into Lift()")


def _place(
    cell: Any, kind: CellKind, value: Value, state: Any, tracer: Tracer
) -> tuple[Value, State]:
    inward, loop = getattr(cell, "input_weights", None), getattr(cell, "recurrent_weights", None)
    if inward is None:
        shape = value.sample_shape
    else:
        shape = (len(inward),)
        if value.sample_shape != (inward.shape[1],):
            raise ValueError(f"its input weights take ({inward.shape[1]},)")
    neurons = kind.neurons(cell, shape)
    origin = (
        value.origin
        if inward is None
        else tracer.place(value.origin, weights.affine(inward), "input_weights")
    )
    ids: dict[int, int] = {}
    for t, sources in origin.items():
        network = tracer.steps[t]
        here = len(network.placed)
        back = () if loop is None else (here + 2,)
        network.add(neurons.node, (*sources, *back), tracer.called(), neurons)
        if loop is not None:
            # The delay stands before the weights, which then have their say from the first step.
            delay = nir.Delay(np.full(shape, float(cell.dt)))
            network.add(delay, (here,), tracer.called("delay"))
            network.add(weights.affine(loop), (here + 1,), tracer.called("recurrent_weights"))
        ids[t] = here
    tracer.populations.append(ids)
    _check_state(cell, kind, neurons, state, ids, tracer)
    out = Value.of(
        zeros_like(value, shape),
        tracer,
        {t: (i,) for t, i in ids.items()},
        value.lead,
        spikes=neurons.spiking,
    )
    return out, State(tracer.called()[0], ids)


def _check_state(
    cell: Any,
    kind: CellKind,
    neurons: Neurons,
    state: Any,
    ids: dict[int, int],
    tracer: Tracer,
) -> None:
    """A population starts where Norse lets it start, then goes on from its own state."""
    step = min(ids)
    if isinstance(state, State):
        given = ids_of(state)
        if kind.over_time or step in given:
            raise UnsupportedError(
                "is called again with a state of the same time step; a graph says what one step "
                "does: export one step, or let forward() take (time, batch, …)"
            )
        if given != {step - 1: ids[step]}:
            if step > 0:
                tracer.steps[0].check_repeats(tracer.steps[step], step)
            if max(given) < step - 1:
                raise UnsupportedError(
                    f"goes on in time step {step + 1} from time step {max(given) + 1}; only a "
                    "network that does the same at every step is a graph"
                )
            raise UnsupportedError("is given the state of another cell")
    elif step > 1:
        raise UnsupportedError(
            f"starts anew in time step {step + 1}, after going on in those before; only a network "
            "that does the same at every step is a graph"
        )
    elif step == 1:
        raise StartsAnewError(
            "starts anew at every step; hand it the state that it returned in the step before"
        )
    elif state is not None and not _is_initial(cell, neurons, state):
        raise UnsupportedError("starts from a state of the network's own; only Norse's is known")


def _is_initial(cell: Any, neurons: Neurons, state: Any) -> bool:
    """Tells whether a state made outside of the cell is the one that Norse starts from."""
    if not hasattr(state, "_asdict"):
        return False
    shape = tuple(np.atleast_1d(neurons.node.output_type["output"]))
    start = per_neuron(getattr(cell.p, neurons.initial), shape).astype(np.float32)
    for name, tensor in state._asdict().items():
        if isinstance(tensor, Value) or not isinstance(tensor, torch.Tensor):
            return False
        expected = start if name == "v" else np.zeros(())
        try:
            if (weights.array(tensor).astype(np.float32) != expected).any():
                return False
        except ValueError:  # another shape
            return False
    return True
