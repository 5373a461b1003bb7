"""Latency, throughput and what static power makes of them; trust in the samples; sensitivity."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from snnvae.energy import Bill, Interval, Line, Profile, Time, estimate, load_profile
from snnvae.energy.confidence import mean_interval, ratio_interval
from snnvae.energy.pace import Pace
from snnvae.energy.sensitivity import ACTIVITY, swings
from snnvae.hardware_sim.placement_summary import PlacementSummary
from snnvae.program import Program
from snnvae.recording import Recording

MakeProfile = Callable[..., Profile]
Run = tuple[Program, Recording]


def test_n_samples_take_n_times_t_steps_and_the_depth() -> None:
    pace = Pace(Interval(1e-6, 2e-6, 4e-6), "here", steps=16, depth=4, samples=10)
    assert pace.latency.nominal == pytest.approx(20 * 2e-6)
    assert pace.duration.high == pytest.approx(164 * 4e-6)
    assert pace.throughput.nominal == pytest.approx(1 / (16 * 2e-6))
    assert pace.throughput.low == pytest.approx(1 / (16 * 4e-6))
    assert pace.throughput.low < pace.throughput.high


def test_static_power_is_paid_for_the_time_of_all_samples(by_hand: Run) -> None:
    """3 mW over (2·4 + 2) steps of 10 µs, for two samples."""
    step, power = Interval.exactly(1e-5), Interval(2e-3, 3e-3, 4e-3)
    report = estimate(*by_hand, load_profile("loihi1"), time=Time(step, power, depth=2))
    assert report.terms["static"].nominal == pytest.approx(3e-3 * 10 * 1e-5 / 2 * 1e12)
    assert report.terms["static"].high == pytest.approx(4e-3 * 10 * 1e-5 / 2 * 1e12)
    assert "static" not in {u.term for u in report.unpriced}
    assert report.layers[-1].name == "(network)"
    without = estimate(*by_hand, load_profile("loihi1"), time=Time(step, depth=2))
    assert "static" in {u.term for u in without.unpriced}
    assert without.pace is not None
    assert without.pace.latency.nominal == pytest.approx(6e-5)


def test_static_power_that_a_profile_leaves_out_stays_out(by_hand: Run) -> None:
    time = Time(Interval.exactly(1e-5), Interval.exactly(1e-3))
    for name in ("horowitz45", "truenorth"):
        report = estimate(*by_hand, load_profile(name), time=time)
        assert "static" not in report.terms
        assert "static power that was given is left out" in report.notes[-1]


def test_a_profile_may_know_its_time_and_its_power(profile_of: MakeProfile, by_hand: Run) -> None:
    backing = ['evidence = "measured"', 'source = "me"']
    time = ["[time.step]", "nominal = 5", 'unit = "us"', *backing]
    power = ["[power.static]", "nominal = 2", 'unit = "mW"', 'per = "core"', *backing]
    profile = profile_of(("any", "sop", 1.0), *time, *power)
    placement = PlacementSummary("a chip", cores=3, chips=1, routes={})
    report = estimate(*by_hand, profile, placement=placement)
    assert report.pace is not None
    assert (report.pace.step.nominal, report.pace.source) == (pytest.approx(5e-6), "me, here")
    assert report.terms["static"].nominal == pytest.approx(3 * 2e-3 * 4 * 5e-6 * 1e12)
    # On how many cores is not known without a placement.
    assert "static" not in estimate(*by_hand, profile).terms
    given = estimate(*by_hand, profile, time=Time(step=Interval.exactly(1e-6)))
    assert given.pace is not None
    assert (given.pace.step.nominal, given.pace.source) == (1e-6, "given by the user")


# --- trust in the samples


def test_equal_samples_leave_no_doubt_and_one_sample_says_nothing() -> None:
    assert mean_interval(np.full(5, 2.5)) == Interval(2.5, 2.5, 2.5)
    assert mean_interval(np.array([2.5])) is None


def test_the_interval_is_the_same_each_time_and_holds_the_mean() -> None:
    values = np.random.default_rng(1).exponential(size=50)
    found = mean_interval(values)
    assert found == mean_interval(values)
    assert found is not None
    assert found.nominal == pytest.approx(values.mean())
    assert found.low < found.nominal < found.high


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    """95 %; a percentile bootstrap of 40 normal samples is a little short of it."""
    rng = np.random.default_rng(2)
    found = [mean_interval(rng.normal(10, 1, size=40)) for _ in range(300)]
    covered = np.mean([i is not None and i.low <= 10 <= i.high for i in found])
    # Three standard errors of 300 trials around 0.93 to 0.95.
    assert 0.89 < covered < 0.99


def test_a_ratio_draws_both_sides_of_a_sample_together() -> None:
    below = np.array([1.0, 2.0, 5.0, 9.0])
    found = ratio_interval(3 * below, below)
    assert found is not None
    assert (found.low, found.nominal, found.high) == pytest.approx((3, 3, 3))


# --- sensitivity


def bill(**energies: Interval) -> Bill:
    return Bill(tuple(Line("x", "sop", np.ones(2), e, label) for label, e in energies.items()))


def test_swings_move_one_unknown_at_a_time_widest_first() -> None:
    snn = bill(sram=Interval(1, 2, 10), add=Interval(1, 1, 2), fixed=Interval(3, 3, 3))
    found = swings(snn, None, Interval(5.5, 6, 6.4))
    assert [(s.unknown, s.answer) for s in found] == [
        ("sram", Interval(5, 6, 14)),
        ("add", Interval(6, 6, 7)),
        (ACTIVITY, Interval(5.5, 6, 6.4)),
    ]


def test_a_swing_of_the_ratio_moves_both_sides() -> None:
    shared = Interval(1, 2, 4)
    found = swings(bill(m=shared * 3), bill(m=shared, other=Interval(1, 2, 3)), None)
    assert {s.unknown: s.answer for s in found} == {
        "m": Interval(3 / 3, 6 / 4, 12 / 6),
        "other": Interval(6 / 3, 6 / 4, 6 / 5),
    }


def test_the_swings_of_a_report_are_of_its_headline_or_else_of_its_total(by_hand: Run) -> None:
    compared = estimate(*by_hand, load_profile("horowitz45-memory"))
    assert compared.headline is not None
    ratio = compared.headline.ratio.nominal
    assert all(s.answer.nominal == pytest.approx(ratio) for s in compared.swings)
    assert "SRAM access" in {s.unknown for s in compared.swings}
    alone = estimate(*by_hand, load_profile("loihi1"))
    assert alone.headline is None
    assert {s.unknown for s in alone.swings} == {"price of sop", ACTIVITY}
    assert all(s.answer.nominal == pytest.approx(alone.total.nominal) for s in alone.swings)


def test_a_single_sample_has_no_swing_of_its_activity(by_hand: Run) -> None:
    program, recording = by_hand
    one = replace(recording, spikes={n: s[:1] for n, s in recording.spikes.items()})
    assert ACTIVITY not in {
        s.unknown for s in estimate(program, one, load_profile("loihi1")).swings
    }
