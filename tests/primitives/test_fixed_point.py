"""Loihi's integers against an implementation of their own in plain Python, over the full ranges."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from snnvae.errors import UnsupportedError
from snnvae.primitives import LIF, FixedNeuron, LeakyIntegrator, Threshold, fixed_point
from snnvae.primitives.cuba_lif import CubaLIF
from snnvae.primitives.parameters import FixedBias

TOP = 2**23
membranes = st.integers(-TOP + 1, TOP - 1)
weighted = st.one_of(st.integers(-(2**17) - 5, 2**17 + 5), st.integers(-(2**20), 2**20))
decays = st.integers(0, 4095)
thresholds = st.integers(0, 2**17 - 1)
mantissas, exponents = st.integers(-4095, 4095), st.integers(0, 7)


class Loihi(NamedTuple):
    """One neuron, as Lava's bit-accurate LIF documents it."""

    dv: int
    threshold: int
    mantissa: int
    exponent: int

    def current(self, u: int, weights: int, du: int) -> int:
        """du as Lava has it: one more is taken."""
        size = abs(u) * (4096 - du - 1) // 4096
        current = (-size if u < 0 else size) + weights * 64
        if current > TOP:
            current -= 2 * TOP
        elif current <= -TOP:
            current += 2 * TOP
        return current

    def membrane(self, v: int, weights: int, u: int = 0, du: int = 4095) -> int:
        size = abs(v) * (4096 - self.dv) // 4096
        decayed = -size if v < 0 else size
        value = decayed + self.current(u, weights, du) + self.mantissa * 2**self.exponent
        return max(-TOP + 1, min(TOP - 1, value))

    def silent(self, v: int, weights: int) -> int:
        """Without spikes: a LIF whose threshold is the largest."""
        v = self.membrane(v, weights)
        return 0 if v > (2**17 - 1) * 64 else v

    def lif(self, v: int, weights: int, mode: str, u: int = 0, du: int = 4095) -> tuple[bool, int]:
        level = self.threshold * 64
        before = v
        v = self.membrane(v, weights, u, du)
        if mode == "subtract-delayed":
            v = max(-TOP + 1, min(TOP - 1, v - level * (before > level)))
            return v > level, v
        if mode == "subtract-ahead":
            owed = before > level
            v = max(-TOP + 1, min(TOP - 1, v - level * owed))
            spike = v > level
            return spike, max(-TOP + 1, min(TOP - 1, v - level * (spike - owed)))
        if v <= level:
            return False, v
        return True, 0 if mode == "zero" else v - level


neurons = st.builds(Loihi, decays, thresholds, mantissas, exponents)


def bias(n: Loihi) -> FixedBias:
    return FixedBias(np.array([n.mantissa]), n.exponent)


def fixed(n: Loihi, **changes: object) -> FixedNeuron:
    """That neuron as ours; without a threshold unless one is given."""
    return FixedNeuron("LIF", np.array(n.dv), bias(n), np.zeros((), np.int64), **changes)


@given(
    neurons,
    membranes,
    weighted,
    st.sampled_from(["zero", "subtract", "subtract-delayed", "subtract-ahead"]),
)
def test_lif(n: Loihi, v: int, weights: int, mode: str) -> None:
    layer = fixed(n, threshold=np.array(n.threshold), reset=mode)
    spikes, (after,) = layer.step((np.array([[v]]),), np.array([[weights]]))
    assert (spikes.item(), after.item()) == n.lif(v, weights, mode)
    assert spikes.dtype == bool
    assert after.dtype == np.int64


@given(neurons, membranes, membranes, weighted, decays)
def test_a_synaptic_current_decays_and_wraps_before_the_membrane_sees_it(
    n: Loihi, v: int, u: int, weights: int, du: int
) -> None:
    layer = fixed(n, threshold=np.array(n.threshold), du=np.array(du))
    spikes, (after, kept) = layer.step((np.array([[v]]), np.array([[u]])), np.array([[weights]]))
    assert (spikes.item(), after.item()) == n.lif(v, weights, "zero", u, du)
    assert kept.item() == n.current(u, weights, du)


@given(neurons, membranes)
def test_a_membrane_at_its_threshold_fires_where_reaching_it_is_enough(n: Loihi, v: int) -> None:
    layer = fixed(n, threshold=np.array(n.threshold), fires_at_threshold=True)
    spikes, _ = layer.step((np.array([[v]]),), np.array([[0]]))
    assert spikes.item() == (n.membrane(v, 0) >= n.threshold * 64)


@given(neurons, membranes, weighted)
def test_leaky_integrator(n: Loihi, v: int, weights: int) -> None:
    out, (after,) = fixed(n).step((np.array([[v]]),), np.array([[weights]]))
    assert out.item() == after.item() == n.silent(v, weights)


@given(neurons, membranes, weighted)
def test_threshold_forgets(n: Loihi, v: int, weights: int) -> None:
    n = n._replace(dv=4096)
    layer = fixed(n, threshold=np.array(n.threshold))
    assert layer.is_memoryless
    spikes, (after,) = layer.step((np.array([[v]]),), np.array([[weights]]))
    assert (spikes.item(), after.item()) == n.lif(v, weights, "zero")


@given(neurons, membranes, weighted)
def test_saturation_is_where_plain_integers_would_differ(n: Loihi, v: int, weights: int) -> None:
    layer = fixed(n)
    size = abs(v) * (4096 - n.dv) // 4096
    plain = (-size if v < 0 else size) + weights * 64 + n.mantissa * 2**n.exponent
    differs = plain != n.silent(v, weights)
    found = layer.saturates((np.array([[v]]),), np.array([[weights]])).item()
    assert found or not differs
    # A current of exactly −2²³ wraps; a wrapped current may by chance be clipped to the same.
    assert differs or not found or abs(weights * 64) >= TOP


@given(membranes, decays)
@example(-1, 1)
@example(1, 1)
def test_decay_rounds_toward_zero(v: int, dv: int) -> None:
    decayed = fixed_point.decay(np.array(v), dv).item()
    assert abs(decayed) <= abs(v) * (4096 - dv) / 4096 < abs(decayed) + 1
    assert decayed * v >= 0


@pytest.mark.parametrize(
    ("weights", "current"),
    [
        (2**17 - 1, 2**23 - 64),
        (2**17, 2**23),  # not beyond, so it does not wrap
        (2**17 + 1, -(2**23) + 64),
        (-(2**17) + 1, -(2**23) + 64),
        (-(2**17), 2**23),
        (3 * 2**17 + 1, 2**23 + 64),  # wraps once only, and stays beyond
    ],
)
def test_currents_wrap_once(weights: int, current: int) -> None:
    assert fixed_point.wrap(np.array(weights * 64)).item() == current


@pytest.mark.parametrize(("weights", "clipped"), [(2**17 - 1, TOP - 1), (-(2**17) + 1, 1 - TOP)])
def test_membranes_clip(weights: int, clipped: int) -> None:
    v = np.array(TOP - 1 if weights > 0 else 1 - TOP)
    assert fixed_point.integrate(v, np.array(weights * 64), 0, np.array(0)).item() == clipped


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=4), st.floats(0.5, 300))
def test_a_bias_takes_the_finest_exponent_that_holds_it(values: list[float], scale: float) -> None:
    fixed = FixedBias.of(np.array(values), scale)
    exact = [value * scale * 64 for value in values]
    assert 0 <= fixed.exponent <= 7
    assert np.abs(fixed.mantissa).max() <= 4095
    assert (fixed.value == fixed.mantissa * 2**fixed.exponent).all()
    largest = max(map(abs, exact))
    if fixed.exponent:
        assert round(largest / 2 ** (fixed.exponent - 1)) > 4095
    if round(largest / 2**fixed.exponent) <= 4095:
        step = 2**fixed.exponent
        assert all(abs(got - want) <= step / 2 for got, want in zip(fixed.value, exact))
    else:
        assert fixed.exponent == 7
        assert np.abs(fixed.mantissa).max() == 4095


def float_lif(dv: float = 0.25, threshold: float = 1.0, start: float = 0.0) -> LIF:
    return LIF(dv=np.array(dv), start=np.array(start), threshold=np.array(threshold))


@pytest.mark.parametrize(
    ("dv", "units"), [(0.75, 3072), (0.2, 819), (0.9999, 4095), (1.0, 4096), (1e-9, 0)]
)
def test_a_decay_is_rounded_to_4096ths_and_kept_to_12_bits(dv: float, units: int) -> None:
    """1 is beyond: such a neuron is reset at every step instead."""
    assert float_lif(dv=dv).quantise(10.0).dv == units


@pytest.mark.parametrize(("threshold", "units"), [(0.2, 20), (3.004, 300), (1e9, 2**17 - 1)])
def test_a_threshold_is_rounded_to_weight_units_and_kept_to_17_bits(
    threshold: float, units: int
) -> None:
    assert float_lif(threshold=threshold).quantise(100.0).threshold == units
    memoryless = Threshold(dv=np.array(1.0), threshold=np.array(threshold))
    assert memoryless.quantise(100.0).threshold == units


@pytest.mark.parametrize(("du", "units"), [(1.0, 4095), (0.5, 2047), (1 / 4096, 0), (1e-9, 0)])
def test_a_current_s_decay_is_one_4096th_less_as_loihi_adds_one(du: float, units: int) -> None:
    neuron = CubaLIF(dv=np.array(0.5), du=np.array(du), threshold=np.array(1.0))
    assert neuron.quantise(10.0).du == units


@given(st.integers(-(2**30), 2**30), st.integers(-7, 8))
def test_a_shift_divides_and_rounds_down(total: int, shift: int) -> None:
    """As Lava's connections: numpy's right_shift for a negative weight_exp, else left_shift."""
    got = fixed_point.shifted(np.array(total), shift).item()
    assert got == (total // 2**shift if shift >= 0 else total * 2**-shift)


def test_a_membrane_counts_64_per_weight_unit() -> None:
    lif = float_lif(start=0.5).quantise(100.0)
    assert lif.initial(2, (3,))[0].tolist() == [[3200] * 3] * 2
    assert lif.to_real(np.array([6400]), 100.0).item() == 1.0
    readout = LeakyIntegrator(dv=np.array(0.2), start=np.array(-0.25)).quantise(10.0)
    assert readout.initial(1, (1,))[0].item() == -160
    assert readout.to_real(np.array([-160]), 10.0).item() == -0.25


def test_an_origin_away_from_zero_is_put_back() -> None:
    """v_reset = 0.5: the chip counts from there."""
    half = np.array(0.5)
    lif = LIF(dv=half, threshold=np.array(1.0), origin=half).quantise(10.0)
    assert lif.to_real(np.array([640]), 10.0).item() == 1.5


def test_a_threshold_below_zero_has_no_fixed_point_form() -> None:
    with pytest.raises(UnsupportedError, match="below 0"):
        Threshold(dv=np.array(1.0), threshold=np.array([-0.5, 0.5])).quantise(10.0)
