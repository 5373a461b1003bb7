"""A graph in torch is its compiled program, bit for bit."""

from __future__ import annotations

from collections.abc import Callable

import nir
import numpy as np
import pytest
import torch
from small_graphs import NETS, OPTIONS, STEPS

from snnvae.deploy.compile import compile_graph
from snnvae.hardware_sim.fast import engine
from snnvae.hardware_sim.make_stimulus import build_stimulus
from snnvae.options import Options
from snnvae.program import Precision
from snnvae.train.network.run import TorchRun
from snnvae.train.network.weights import TrainedGraph

SAMPLES = 5


def shifted(trained: TrainedGraph) -> None:
    """Parameters as a training leaves them: other values, some at their limits."""
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for values in trained.parameters.values():
            zero = values == 0
            values += 0.3 * torch.randn(values.shape, generator=generator)
            values[zero] = 0
    trained.keep_within()


@pytest.mark.parametrize(("reset", "analog"), [("zero", False), ("subtract", True)])
@pytest.mark.parametrize("precision", ["float", "fixed"])
@pytest.mark.parametrize("net", NETS)
def test_runs_as_the_program(
    net: Callable[[], nir.NIRGraph], precision: Precision, reset: str, analog: bool
) -> None:
    options = Options(**{**vars(OPTIONS), "reset": reset, "analog": ("input",) if analog else ()})
    trained = TrainedGraph(net(), precision, options)
    shifted(trained)
    program, slots = trained.program()
    compiled = compile_graph(trained.graph, precision).program
    assert compiled.digest() == program.digest()

    rng = np.random.default_rng(3)
    shape = (SAMPLES, STEPS, *program.inputs[0].shape)
    data = rng.normal(size=shape) * 0.5 if analog else rng.random(shape) < 0.5
    stimulus = build_stimulus(
        program, range(SAMPLES), seed=0, steps=STEPS, data={"input": data.clip(-1, 1)}
    )
    names = tuple(layer.name for layer in program.layers)
    streams = {n: torch.from_numpy(s.astype(np.float64)) for n, s in stimulus.streams.items()}
    ran = TorchRun(program)(program, slots, streams, STEPS, names)
    # Sums of any float64 round differently in another order; all others are exact.
    graded = any(map(program.carries_membranes, program.connections))
    off = 1e-12 if precision == "float" and (graded or analog) else 0.0
    wanted = engine.run(compiled, stimulus, membranes=True)
    for layer in program.layers:
        membranes = ran[layer.name].membranes.detach().numpy()
        assert np.allclose(membranes, wanted.membranes[layer.name], rtol=off, atol=off)
        if layer.neuron.spiking:
            spikes = ran[layer.name].spikes.detach().numpy()
            assert np.array_equal(spikes, wanted.spikes[layer.name])
