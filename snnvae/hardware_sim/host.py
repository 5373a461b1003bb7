"""The host's work around a program: currents of analog inputs before it, readout after it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from snnvae.program import Program, Readout
from snnvae.stimulus import Stimulus


def host_currents(program: Program, stimulus: Stimulus) -> dict[str, np.ndarray]:
    """Currents of the analog-driven connections, by connection name: (B, T, *shape of target).

    ``synapse(x[t − delay]) + bias`` in float64, rounded to the layer's grid; in a fixed-point
    program times the layer's scale and rounded to integers.
    """
    currents = {}
    for connection in program.connections:
        if not connection.on_host:
            continue
        stream = stimulus.streams[connection.source].astype(np.float64)
        # A constant input is run once, unless its currents begin late.
        once = program.input(connection.source).constant and not connection.delay
        values = stream[:, :1] if once else stream
        rows = values.reshape(-1, 1, *stream.shape[2:])
        # Row by row: a product of matrices may round differently for another number of rows.
        flat = np.concatenate([connection.synapse.apply(row) for row in rows])
        layer = program.layer(connection.target)
        # A Flatten may lie between.
        current = flat.reshape(*values.shape[:2], *layer.shape)
        if connection.delay:
            late = np.zeros_like(current)
            late[:, connection.delay :] = current[:, : -connection.delay]
            current = late
        if connection.host_bias is not None:
            current = current + connection.host_bias
        if program.precision == "fixed":
            current = np.rint(current * layer.scale).astype(np.int64)
        elif layer.weight_grid:
            current = np.rint(current / layer.weight_grid) * layer.weight_grid
        currents[connection.name] = np.broadcast_to(current, (*stream.shape[:2], *layer.shape))
    return currents


def readout(program: Program, final: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Outputs by name, in real units, from the last membranes of the layers that do not spike."""
    values = {}
    for name, layer in program.outputs.items():
        if layer not in final:
            continue
        value = program.layer(layer).to_real(final[layer])
        rule = program.readouts.get(name, Readout(layer))
        if rule.shape is not None:
            value = value.reshape(len(value), *rule.shape)
        values[name] = np.tanh(value) if rule.tanh else value
    return values
