"""The host's work around a program: currents of analog inputs before it, readout after it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from snnvae.errors import DataError
from snnvae.program import Connection, Program, Readout
from snnvae.stimulus import Stimulus

_MOST_INTEGER = 2.0**56
"""A membrane is 64 times a current, in int64."""


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
        with np.errstate(over="ignore", invalid="ignore"):
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
        current = _on_grid(current, program, connection)
        currents[connection.name] = np.broadcast_to(current, (*stream.shape[:2], *layer.shape))
    return currents


def _on_grid(current: np.ndarray, program: Program, connection: Connection) -> np.ndarray:
    """Currents as the layer holds them; DataError where it has no number for one."""
    layer = program.layer(connection.target)
    with np.errstate(over="ignore", invalid="ignore"):
        if program.precision == "fixed":
            current = np.rint(current * layer.scale)
        elif layer.weight_grid:
            current = np.rint(current / layer.weight_grid) * layer.weight_grid
    most = _MOST_INTEGER if program.precision == "fixed" else np.finfo(np.float64).max
    if not (np.abs(current) <= most).all():
        raise DataError(
            f"input '{connection.source}' drives '{connection.target}' with currents beyond any "
            "number that it holds; scale the data or the weights"
        )
    return current.astype(np.int64) if program.precision == "fixed" else current


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
