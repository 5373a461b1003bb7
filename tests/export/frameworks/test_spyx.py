"""Files that Spyx writes give Spyx's spikes under `--conventions spyx`, a step earlier a layer.

A neuron of Spyx tells in a step whether it had passed its threshold by the end of the step before;
here it fires in the step in which it passes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from frameworks import input_spikes, library, ours, written

nnx = library("flax.nnx")
spyx = library("spyx.nn")
to_nir = library("spyx.nir").to_nir
jnp = library("jax.numpy")
pytestmark = pytest.mark.filterwarnings("ignore")

INPUTS, HIDDEN, LAST = 6, 5, 4


def dense(inputs: int, outputs: int, seed: int, bias: bool) -> Any:
    """Sixteenths, whose sums meet thresholds exactly."""
    layer = nnx.Linear(inputs, outputs, use_bias=bias, rngs=nnx.Rngs(0))
    random = np.random.default_rng(seed)
    layer.kernel[...] = jnp.asarray(np.rint(random.uniform(-8, 16, (inputs, outputs))) / 16)
    if bias:
        layer.bias[...] = jnp.asarray(np.rint(random.uniform(0, 3, outputs)) / 16)
    return layer


def neuron(kind: str, size: int) -> Any:
    decays = {"IF": {}, "LIF": {"beta": 0.75}, "CuBaLIF": {"alpha": 0.5, "beta": 0.75}}[kind]
    return getattr(spyx, kind)((size,), **decays, rngs=nnx.Rngs(0))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    ("kind", "options"), [("IF", {}), ("LIF", {}), ("CuBaLIF", {"reset": "subtract"})]
)
def test_two_layers(kind: str, options: dict[str, str], seed: int, tmp_path: Path) -> None:
    first, last = neuron(kind, HIDDEN), neuron(kind, LAST)
    dense_in = dense(INPUTS, HIDDEN, seed, bias=True)
    # A bias behind the first layer would begin a step before its spikes there, and with them here.
    dense_out = dense(HIDDEN, LAST, seed + 9, bias=False)
    net = spyx.Sequential(dense_in, first, dense_out, last)
    graph = to_nir(net, {"input": np.array([INPUTS])}, {"output": np.array([LAST])})
    spikes = input_spikes(INPUTS, seed=seed)
    recording = ours(written(graph, tmp_path), spikes, "spyx", **options)

    states = [first.initial_state(1), last.initial_state(1)]
    theirs: dict[str, list[np.ndarray]] = {"layer_1": [], "layer_3": []}
    for row in spikes:
        x = jnp.asarray(row[None], jnp.float32)
        fired, states[0] = first(dense_in(x), states[0])
        theirs["layer_1"].append(np.asarray(fired[0]))
        fired, states[1] = last(dense_out(fired), states[1])
        theirs["layer_3"].append(np.asarray(fired[0]))
    for passed, (name, rows) in enumerate(theirs.items(), 1):
        expected = np.stack(rows)
        assert set(np.unique(expected)) == {0.0, 1.0}, f"{name}: its spikes test nothing"
        found = recording.spikes[name][0]
        np.testing.assert_array_equal(found[:-passed], expected[passed:].astype(bool))
