"""Other interpreters of NIR, as peers of the reference: what they see on the same input."""

from __future__ import annotations

import warnings

import nir
import numpy as np

from snnvae.deploy.backends import Peer
from snnvae.deploy.settings import Settings
from snnvae.errors import MissingError, UnsupportedError
from snnvae.evaluate.parity import LayerParity, compare_arrays
from snnvae.extras import require
from snnvae.program import Program
from snnvae.recording import Recording
from snnvae.stimulus import Stimulus


def peer_rows(
    peer: Peer,
    graph: nir.NIRGraph,
    settings: Settings,
    program: Program,
    stimulus: Stimulus,
    expected: Recording,
) -> tuple[list[LayerParity], list[str]]:
    """Rows for all neurons of the file, and what could not be compared, with the reason.

    program: the float program of the graph and the settings; expected: its recording.
    """
    try:
        require("torch", peer)
        if peer == "nirtorch":
            from snnvae.evaluate.peers.nirtorch import run
        else:
            from snnvae.evaluate.peers.norse import run
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # theirs, of their own deprecations and speed
            seen = run(graph, settings, stimulus)
    except UnsupportedError as error:
        return [], [f"{peer} {error}"]
    except MissingError as error:
        return [], [str(error)]
    spikes: dict[str, np.ndarray] = {}
    membranes: dict[str, np.ndarray] = {}
    left_out = []
    for layer in program.layers:
        if layer.added_by_compiler:
            continue
        if layer.name not in seen.outputs:
            left_out.append(f"{peer} does not run '{layer.name}'")
            continue
        given = np.swapaxes(seen.outputs[layer.name], 0, 1)
        state = np.swapaxes(seen.membranes.get(layer.name, seen.outputs[layer.name]), 0, 1)
        if layer.neuron.spiking:
            spikes[layer.name] = given.astype(bool)
        if layer.name in seen.membranes or not layer.neuron.spiking:
            # Ours are counted from v_reset.
            membranes[layer.name] = state - layer.neuron.to_real(np.zeros(()), 1.0)
    watched = {*spikes, *membranes}
    rows = compare_arrays(program, expected, peer, spikes, membranes)
    return [row for row in rows if row.layer in watched], left_out
