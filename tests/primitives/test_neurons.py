"""Float neurons against NIR's equations, one number at a time."""

from __future__ import annotations

from typing import Any

import nir
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from snnvae.conventions import Conventions, InitialState, ResetMode
from snnvae.errors import GraphError, UnsupportedError
from snnvae.primitives import LIF, LeakyIntegrator, Threshold, neuron_for
from snnvae.primitives.parameters import decay_per_step, uniform

DT = 1e-3


def numbers(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(low, high, allow_nan=False).map(lambda x: round(x, 6))


class Scalar:
    """One LIF neuron by forward Euler, written as in NIR's documentation."""

    def __init__(self, tau: float, r: float, leak: float, threshold: float, reset: float) -> None:
        self.tau, self.r, self.leak = tau, r, leak
        self.threshold, self.reset = threshold, reset

    def run(
        self, currents: list[float], mode: ResetMode, initial: InitialState
    ) -> tuple[list[bool], list[float]]:
        v = self.leak if initial == "v_leak" else self.reset
        fired, trace = [], []
        for current in currents:
            v = v + DT / self.tau * (self.leak - v + self.r * current)
            assume(abs(v - self.threshold) > 1e-6)  # rounding may decide such a step
            spike = v > self.threshold
            if spike:
                v = self.reset if mode == "zero" else v - self.threshold
            fired.append(spike)
            trace.append(v)
        return fired, trace


scalars = st.builds(
    Scalar,
    tau=numbers(DT, 20 * DT),
    r=numbers(-2, 5),
    leak=numbers(-0.5, 1.5),
    threshold=numbers(0.3, 1),
    reset=numbers(-0.5, 0.2),
)


@given(
    scalars,
    st.lists(numbers(-1, 3), min_size=1, max_size=20),
    st.sampled_from(["zero", "subtract"]),
    st.sampled_from(["v_leak", "v_reset"]),
)
def test_lif_is_forward_euler(
    one: Scalar, currents: list[float], mode: ResetMode, initial: InitialState
) -> None:
    """In the compiler's coordinate, v − v_reset with the gain in the weights, and back."""
    fired, trace = one.run(currents, mode, initial)
    values = (one.tau, one.r, one.leak, one.threshold, one.reset)
    node = nir.LIF(*(np.array([value]) for value in values))
    neuron, gain = LIF.from_nir(node, Conventions(DT, mode, initial))
    state = neuron.initial(1, (1,))
    for current, spike, membrane in zip(currents, fired, trace, strict=True):
        spikes, state = neuron.step(state, np.array([[current]]) * gain)
        assert spikes.dtype == bool
        assert spikes.item() == spike
        np.testing.assert_allclose(neuron.to_real(state[0], 1.0).item(), membrane, atol=1e-9)


@given(
    numbers(DT, 20 * DT),
    numbers(-2, 5),
    numbers(-1, 1),
    st.lists(numbers(-1, 3), min_size=1, max_size=20),
    st.sampled_from(["v_leak", "v_reset"]),
)
def test_li_is_forward_euler_without_spikes(
    tau: float, r: float, leak: float, currents: list[float], initial: InitialState
) -> None:
    node = nir.LI(np.array([tau]), np.array([r]), np.array([leak]))
    neuron, gain = LeakyIntegrator.from_nir(node, Conventions(DT, "zero", initial))
    state, expected = neuron.initial(1, (1,)), leak if initial == "v_leak" else 0.0
    for current in currents:
        out, state = neuron.step(state, np.array([[current]]) * gain)
        expected = expected + DT / tau * (leak - expected + r * current)
        assert out is state[0]
        np.testing.assert_allclose(out.item(), expected, atol=1e-9)


def test_threshold_sees_this_step_alone() -> None:
    neuron, gain = Threshold.from_nir(nir.Threshold(np.array([0.5, 1.5])), Conventions(DT))
    assert gain.item() == 1
    spikes, (v,) = neuron.step((np.array([[100.0, 100.0]]),), np.array([[0.5, 2.0]]))
    np.testing.assert_array_equal(spikes, [[False, True]])  # strictly above
    np.testing.assert_array_equal(v, [[0.5, 0.0]])


def test_a_spike_needs_more_than_the_threshold() -> None:
    node = nir.LIF(*(np.array([x]) for x in (DT, 1.0, 0.0, 1.0, 0.0)))
    neuron, gain = LIF.from_nir(node, Conventions(DT))
    rest, one = (np.zeros((1, 1)),), np.ones((1, 1))
    assert not neuron.step(rest, one * gain)[0].any()
    assert neuron.step(rest, np.nextafter(one, 2) * gain)[0].all()
    reached, _ = LIF.from_nir(node, Conventions(DT, spike="reached"))
    assert reached.step(rest, one * gain)[0].all()


def test_every_neuron_may_have_its_own_parameters() -> None:
    """A layer of different neurons is those neurons side by side."""
    rng = np.random.default_rng(0)
    values = [rng.uniform(*span, 4) for span in ((DT, 9 * DT), (1, 3), (-0.2, 0.2), (0.5, 1))]
    values.append(rng.uniform(-0.3, 0.0, 4))
    currents = rng.uniform(0, 2, (15, 1, 4))
    conventions = Conventions(DT, initial="v_leak")
    together, gain = LIF.from_nir(nir.LIF(*values), conventions)
    alone = [LIF.from_nir(nir.LIF(*(x[i : i + 1] for x in values)), conventions) for i in range(4)]
    state, states = together.initial(1, (4,)), [n.initial(1, (1,)) for n, _ in alone]
    for current in currents:
        spikes, state = together.step(state, current * gain)
        for i, (neuron, one_gain) in enumerate(alone):
            spike, states[i] = neuron.step(states[i], current[:, i : i + 1] * one_gain)
            assert spike.item() == spikes[0, i]
            assert states[i][0].item() == state[0][0, i]


def test_equal_parameters_become_one_number() -> None:
    assert uniform(np.full((3, 4), 2.5)).shape == ()
    assert uniform(np.array([1.0, 2.0])).shape == (2,)


@pytest.mark.parametrize("short", [0.75, 0.2, 0.1, 1.0, 0.05])
def test_a_decay_comes_back_as_the_decimal_that_was_meant(short: float) -> None:
    """Files hold τ = dt / 0.75, and dt / τ need not give 0.75 again."""
    for dt in (1e-3, 1e-4, 3.1e-5):
        assert decay_per_step(np.array([dt / short]), Conventions(dt)).item() == short


@pytest.mark.parametrize(
    ("tau", "message"),
    [(0.0, "positive"), (-1.0, "positive"), (np.nan, "positive"), (DT / 2, "overshoots")],
)
def test_a_tau_without_a_stable_step_is_refused(tau: float, message: str) -> None:
    with pytest.raises(GraphError, match=message):
        decay_per_step(np.array([1.0, tau]), Conventions(DT))


@pytest.mark.parametrize("threshold", [0.0, -1.0])
def test_a_lif_may_be_unable_to_rest(threshold: float) -> None:
    """At or below v_reset: NIR's equations hold as they are, and it fires again and again."""
    node = nir.LIF(*(np.array([x]) for x in (2 * DT, 1.0, 0.0, threshold, 0.0)))
    neuron, gain = LIF.from_nir(node, Conventions(DT))
    state, fired = neuron.initial(1, (1,)), []
    for current in (0.1, 0.1, -3.0):
        spikes, state = neuron.step(state, np.array([[current]]) * gain)
        fired.append(spikes.item())
    assert fired == [True, True, False]


def test_a_threshold_that_is_no_number_is_refused() -> None:
    node = nir.LIF(*(np.array([x]) for x in (DT, 1.0, 0.0, np.nan, 0.0)))
    with pytest.raises(GraphError, match="threshold or a v_reset that is not finite"):
        LIF.from_nir(node, Conventions(DT))


def layer(**changes: Any) -> LIF:
    values = {"tau": 4 * DT, "r": 1.0, "leak": 0.0, "threshold": 1.0, "reset": 0.0, **changes}
    node = nir.LIF(*(np.broadcast_to(x, (2,)) for x in values.values()))
    return LIF.from_nir(node, Conventions(DT, initial="v_reset"))[0]


def test_stock_lava_gets_a_lif_that_forgets_its_current_and_resets_with_the_sample() -> None:
    form = layer(leak=0.4).lava((2,), interval=16, offset=3)
    assert form.process == "lava.proc.lif.process:LIFReset"
    wanted = {"du": 1, "dv": 0.25, "vth": 1.0, "reset_interval": 16, "reset_offset": 3}
    assert wanted.items() <= form.arguments.items()
    np.testing.assert_allclose(form.arguments["bias_mant"], [0.1, 0.1])


def test_stock_lava_takes_parameters_per_neuron_flat() -> None:
    neuron = layer(tau=np.array([DT, 2 * DT]), threshold=np.array([1.0, 2.0]))
    form = neuron.lava((2,), 16, 0)
    assert form.arguments["dv"].tolist() == [1.0, 0.5]
    assert form.arguments["vth"].tolist() == [1.0, 2.0]
    assert form.arguments["shape"] == (2,)


def test_stock_lava_refuses_subtraction_and_another_start() -> None:
    node = nir.LIF(*(np.full(1, x) for x in (DT, 1.0, 0.5, 1.0, 0.0)))
    subtracting, _ = LIF.from_nir(node, Conventions(DT, "subtract", "v_reset"))
    starting, _ = LIF.from_nir(node, Conventions(DT, "zero", "v_leak"))
    reaching, _ = LIF.from_nir(node, Conventions(DT, "zero", "v_reset", spike="reached"))
    with pytest.raises(UnsupportedError, match="subtraction"):
        subtracting.lava((1,), 16, 0)
    with pytest.raises(UnsupportedError, match="starts away from v_reset"):
        starting.lava((1,), 16, 0)
    with pytest.raises(UnsupportedError, match="fires at its threshold"):
        reaching.lava((1,), 16, 0)


@pytest.mark.parametrize("kind", ["LIF", "CubaLIF"])
def test_a_first_membrane_is_counted_from_v_reset(kind: str) -> None:
    """v_leak 0.5 and v_reset −0.25: 0.75 above the origin; with `initial` v_reset 0 above it."""
    one = np.ones(2)
    leak, reset = 0.5 * one, -0.25 * one
    node = (
        nir.LIF(4 * DT * one, one, leak, one, v_reset=reset)
        if kind == "LIF"
        else nir.CubaLIF(2 * DT * one, 4 * DT * one, one, leak, one, v_reset=reset)
    )
    found = neuron_for(node)
    assert found is not None
    starts: dict[InitialState, float] = {"v_leak": 0.75, "v_reset": 0.0, "zero": 0.25}
    for initial, start in starts.items():
        neuron = found.from_nir(node, Conventions(DT, initial=initial))[0]
        assert np.all(neuron.start == start)
        assert np.all(neuron.origin == -0.25)
