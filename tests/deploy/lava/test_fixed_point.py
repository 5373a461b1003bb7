"""Our fixed-point arithmetic is Lava's: its own bit-accurate Dense and LIF, connected by hand."""

from __future__ import annotations

import numpy as np
import pytest

from snnvae.deploy.lava.importing import require_lava
from snnvae.primitives import FixedNeuron, fixed_point
from snnvae.primitives.parameters import FixedBias

pytestmark = pytest.mark.filterwarnings("ignore:pandas not found:ImportWarning")
STEPS = 40


def lava_membranes(inputs, weights, *, du, dv, threshold, bias, exponent):
    """Membranes and spikes of Lava's LIF behind its Dense, (steps, neurons)."""
    require_lava()
    from lava.magma.core.run_conditions import RunSteps
    from lava.magma.core.run_configs import Loihi2SimCfg
    from lava.proc.dense.process import Dense
    from lava.proc.io import sink, source
    from lava.proc.lif.process import LIF
    from lava.utils.weightutils import SignMode

    stream = source.RingBuffer(data=inputs.T)
    dense = Dense(weights=weights, sign_mode=SignMode.MIXED)
    lif = LIF(
        shape=(len(weights),),
        du=du,
        dv=dv,
        vth=threshold,
        bias_mant=bias,
        bias_exp=exponent,
    )
    spikes = sink.RingBuffer(shape=(len(weights),), buffer=STEPS)
    membrane = sink.Read(buffer=STEPS)
    stream.s_out.connect(dense.s_in)
    dense.a_out.connect(lif.a_in)
    lif.s_out.connect(spikes.a_in)
    membrane.connect_var(lif.v)
    try:
        lif.run(RunSteps(num_steps=STEPS), Loihi2SimCfg(select_tag="fixed_pt"))
        return membrane.data.get().T, spikes.data.get().T
    finally:
        lif.stop()


@pytest.mark.parametrize(
    ("dv", "threshold", "exponent", "weight"),
    [(3072, 200, 6, 254), (1, 131071, 7, 254), (4095, 30, 0, 60), (0, 5000, 3, 254)],
    ids=["the VAEs' decay", "clips at 24 bits", "forgets", "integrates"],
)
@pytest.mark.parametrize("du", [4095, 2047, 0], ids=lambda du: f"du {du}")
def test_equations_are_lavas_bit_for_bit(du, dv, threshold, exponent, weight):
    rng = np.random.default_rng(dv)
    inputs = rng.random((STEPS, 20)) < 0.6
    weights = 2 * rng.integers(-weight // 2, weight // 2 + 1, (7, 20))
    weights[0], weights[1] = np.abs(weights[0]), -np.abs(weights[1])
    bias = rng.integers(-4095, 4096, 7)
    bias[:2] = 4095, -4095
    theirs, fired = lava_membranes(
        inputs, weights, du=du, dv=dv, threshold=threshold, bias=bias, exponent=exponent
    )
    neuron = FixedNeuron(
        "CubaLIF",
        np.array(dv),
        FixedBias(bias, exponent),
        np.zeros((), np.int64),
        du=np.array(du),
        threshold=np.array(threshold),
    )
    state = neuron.initial(1, (7,))
    largest = 0
    for t in range(STEPS):
        current = weights @ inputs[t - 1] if t else np.zeros(7, np.int64)
        spikes, after = neuron.step(state, current[None])
        largest = max(largest, int(np.abs(after[0]).max()))
        np.testing.assert_array_equal(fired[t], spikes[0])
        np.testing.assert_array_equal(theirs[t], after[0][0])
        state = after
    if dv == 1 and du == fixed_point.DECAY_MAX:
        assert largest == fixed_point.STATE_LIMIT - 1
