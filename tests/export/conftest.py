"""lava-dl's own netx, run on a file: the peer that our reader and writer are held against."""

from __future__ import annotations

import contextlib
import os
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

RunNetx = Callable[..., np.ndarray]


@pytest.fixture(scope="session")
def run_netx() -> RunNetx:
    """netx on a file; skips, saying why, where lava-dl cannot be imported.

    lava-dl 0.6.0 needs Python 3.10 and torch < 2.4.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import lava.lib.dl.netx.hdf5  # noqa: F401
    except (ImportError, ValueError) as error:  # ValueError: Lava from Python 3.11 on
        pytest.skip(f"lava-dl cannot be imported here: {error}")
    return _run


def _run(
    path: Path, stream: np.ndarray, *, membrane: bool = False, relay: bool = True
) -> np.ndarray:
    """Spikes of the last layer, (B, T, N), for a stream (B, T, N) or (B, T, C, H, W).

    All samples in one run, one after another, with netx's own reset and its defaults. With
    `membrane` instead the last layer's membrane after each sample, (B, N). Without `relay` the file
    has no input neurons, or they are skipped, and the resets come one step later.
    """
    from lava.lib.dl.netx.hdf5 import Network
    from lava.magma.core.run_conditions import RunSteps
    from lava.magma.core.run_configs import Loihi2SimCfg
    from lava.proc.io.sink import RingBuffer as Sink
    from lava.proc.io.source import RingBuffer as Source

    batch, steps = stream.shape[:2]
    with warnings.catch_warnings(), open(os.devnull, "w") as quiet:
        warnings.simplefilter("ignore")
        with contextlib.redirect_stdout(quiet):
            skipped = {} if relay else {"skip_layers": 1, "reset_offset": 1}
            net = Network(net_config=str(path), reset_interval=steps, **skipped)
        latency = len(net) - relay
        total = batch * steps + latency
        data = np.zeros((*stream.shape[2:], total), np.int32)
        data[..., : batch * steps] = np.moveaxis(stream.reshape(-1, *stream.shape[2:]), 0, -1)
        ports = (*range(data.ndim - 2, -1, -1), data.ndim - 1)  # (C, H, W, T) -> (W, H, C, T)
        source = Source(data=data.transpose(ports))
        sink = Sink(shape=net.out.shape, buffer=total)
        # The port of netx's input layer leads nowhere (lava-dl 0.6.0): its neurons take the input.
        source.s_out.connect(net.in_layer.neuron.a_in if relay else net.inp)
        net.out.connect(sink.a_in)
        config = Loihi2SimCfg(select_tag="fixed_pt")
        try:
            if membrane:
                after = []
                for sample in range(batch):
                    net.run(RunSteps(steps + latency * (sample == 0)), config)
                    after.append(_in_order(net.layers[-1].neuron.v.get()))
                return np.stack(after)
            net.run(RunSteps(total), config)
            spikes = np.moveaxis(sink.data.get(), -1, 0)[latency:]
        finally:
            net.stop()
    return np.stack([_in_order(step) for step in spikes]).reshape(batch, steps, -1).astype(bool)


def _in_order(values: np.ndarray) -> np.ndarray:
    """(W, H, C) or (N,) → flat in C order of (C, H, W)."""
    return values.T.reshape(-1)
