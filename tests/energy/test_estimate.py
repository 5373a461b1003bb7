"""Counts × prices: by hand on a small network; what is unpriced, what a verdict may say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnvae.draws import read as read_draws
from snnvae.energy import (
    Bill,
    EnergyReport,
    Interval,
    Line,
    Profile,
    Time,
    estimate,
    load_profile,
)
from snnvae.energy.ann.baselines import AnnEnergy
from snnvae.energy.compare import break_even, compare
from snnvae.energy.report import summary_text, to_html
from snnvae.errors import DataError
from snnvae.hardware_sim.placement_summary import PlacementSummary, Route
from snnvae.primitives import Linear
from snnvae.program import Connection, Program
from snnvae.recording import Recording

MakeProfile = Callable[..., Profile]
Run = tuple[Program, Recording]


def reasons(report: EnergyReport) -> dict[str, bool]:
    """Unpriced terms and whether they are material."""
    return {u.term: u.material for u in report.unpriced}


def test_loihi_by_hand(by_hand: Run) -> None:
    # Per sample: (3 + 5) / 2 = 4 spikes to 3 neurons each; (2 + 3) / 2 of 4 steps drive all 3.
    report = estimate(*by_hand, load_profile("loihi1"))
    sop, driven, idle = 12, 7.5, 4.5
    nominal = sop * 23.6 + driven * 81 + idle * 52
    assert report.total.nominal == pytest.approx(nominal)
    assert report.total.high == pytest.approx(nominal + sop * (35.5 - 23.6))
    assert set(report.terms) == {"sop", "update_driven", "update_idle"}


def test_horowitz_by_hand(by_hand: Run) -> None:
    # 12 synaptic additions; 4·3 updates of one multiplication and two additions; no bias.
    report = estimate(*by_hand, load_profile("horowitz45"))
    assert report.total.nominal == pytest.approx(12 * 0.9 + 12 * (3.7 + 2 * 0.9))
    ann = {a.name: a.total.nominal for a in report.ann}
    # Six weights; three biases and three activation functions.
    assert ann["ANN fp32, compute only"] == pytest.approx(6 * 4.6 + 6 * 0.9)
    assert ann["ANN int8, compute only"] == pytest.approx(6 * 0.3 + 6 * 0.1)


def test_memory_by_hand(by_hand: Run) -> None:
    compute = estimate(*by_hand, load_profile("horowitz45"))
    report = estimate(*by_hand, load_profile("horowitz45-memory"))
    assert report.total.nominal - compute.total.nominal == pytest.approx(12 * (10 + 20) + 12 * 20)
    ann = {a.name: a.bill.terms for a in report.ann}
    ideal, none = ann["ANN fp32, ideal reuse"], ann["ANN fp32, no reuse"]
    assert ideal["weight"].nominal == pytest.approx(6 * 10)
    assert ideal["activation"].nominal == pytest.approx((2 + 3) * 10)
    assert none["weight"].nominal == pytest.approx(6 * 10)
    assert none["activation"].nominal == pytest.approx((6 + 3) * 10)
    assert all(c.ann.memory for c in report.comparisons)


def test_layers_and_terms_both_add_up_to_the_total(run: Run) -> None:
    report = estimate(*run, load_profile("horowitz45-memory"))
    assert [layer.name for layer in report.layers] == ["noise", *(x.name for x in run[0].layers)]
    for end in ("low", "nominal", "high"):
        total = getattr(report.total, end)
        assert sum(getattr(e, end) for e in report.terms.values()) == pytest.approx(total)
        assert sum(getattr(x.total, end) for x in report.layers) == pytest.approx(total)


def test_activity_is_the_spread_of_the_samples(by_hand: Run) -> None:
    report = estimate(*by_hand, load_profile("loihi1"))
    each = [
        estimate(by_hand[0], Recording({k: s[n : n + 1] for k, s in by_hand[1].spikes.items()}),
                 load_profile("loihi1"))
        for n in range(2)
    ]  # fmt: skip
    assert [x.activity for x in each] == [None, None]
    a, b = (x.total.nominal for x in each)
    assert report.activity is not None
    assert report.activity.nominal == pytest.approx((a + b) / 2)
    assert report.activity.nominal == pytest.approx(report.total.nominal)
    # Student's t with one degree of freedom: 12.706 standard errors; no energy is below 0.
    half = report.activity.high - report.activity.nominal
    assert half == pytest.approx(12.706 * abs(a - b) / 2, rel=1e-4)
    assert report.activity.low == max(report.activity.nominal - half, 0)


def test_a_missing_price_is_unpriced_and_never_zero(profile_of: MakeProfile, by_hand: Run) -> None:
    report = estimate(*by_hand, profile_of(("any", "sop", 1.0)))
    assert report.total.nominal == 12
    assert "update_driven" not in report.terms
    assert reasons(report)["update_driven"]
    assert next(u for u in report.unpriced if u.term == "update_driven").count == 7.5
    assert report.lower_bound


def test_a_term_that_does_not_occur_is_not_missed(profile_of: MakeProfile, by_hand: Run) -> None:
    unpriced = reasons(estimate(*by_hand, profile_of(("any", "sop", 1.0))))
    assert not {"host_mac", "host_add", "bias", "readout"} & set(unpriced)


def test_what_cannot_be_counted_is_material(profile_of: MakeProfile, by_hand: Run) -> None:
    report = estimate(*by_hand, profile_of(("any", "sop", 1.0)))
    assert reasons(report)["static"]
    assert next(u for u in report.unpriced if u.term == "static").count is None


def test_a_rare_unpriced_term_is_listed_but_no_lower_bound(
    profile_of: MakeProfile, by_hand: Run
) -> None:
    program, recording = by_hand
    quiet = {name: spikes.copy() for name, spikes in recording.spikes.items()}
    quiet["in"][:] = True
    quiet["out"][:] = False
    quiet["out"][0, 0, 0] = True  # half a spike per sample beside 24 operations and 24 updates
    covers = ["sop_weight", "sop_state", "address_add", "neuron_mul", "neuron_add"]
    covers += ["update_state", "input_event"]
    left_out = ["[excluded]", *(f'{t} = "x"' for t in ("static", "message", "hop_x", "hop_y"))]
    prices = [("any", "sop", 1.0, {"covers": covers}), ("any", "update_driven", 1.0)]
    report = estimate(program, Recording(quiet), profile_of(*prices, *left_out))
    assert reasons(report) == {"spike": True}
    fewer = {name: np.concatenate([spikes] * 60) for name, spikes in quiet.items()}
    fewer["out"][1:] = False
    report = estimate(program, Recording(fewer), profile_of(*prices, *left_out))
    assert reasons(report) == {"spike": False}
    assert not report.lower_bound


def test_a_price_published_as_a_minimum_makes_a_lower_bound(
    profile_of: MakeProfile, by_hand: Run
) -> None:
    covers_all = {"scope": "all_in"}
    assert not estimate(*by_hand, profile_of(("any", "sop", 1.0, covers_all))).lower_bound
    least = {**covers_all, "minimum": True}
    assert estimate(*by_hand, profile_of(("any", "sop", 1.0, least))).lower_bound


def test_all_in_prices_stand_alone(profile_of: MakeProfile, run: Run) -> None:
    report = estimate(*run, profile_of(("any", "sop", 26.0, {"scope": "all_in"})))
    operations = sum(c.sop.mean() for c in report.counts.connections)
    assert report.total.nominal == pytest.approx(26 * operations)
    assert report.unpriced == ()


def test_messages_and_hops_are_unpriced_until_a_placement_counts_them(by_hand: Run) -> None:
    profile = load_profile("loihi1")
    assert {"message", "hop_x", "hop_y"} <= set(reasons(estimate(*by_hand, profile)))
    # Input 0 reaches two cores over one tile east, input 1 one core over two tiles north.
    route = Route(np.array([2, 1]), np.array([1, 0]), np.array([0, 2]))
    report = estimate(*by_hand, profile, placement=PlacementSummary("a chip", 2, 1, {"w": route}))
    first = by_hand[1].spikes["in"].sum(axis=(0, 1)) / 2  # spikes of either input, per sample
    assert report.terms["message"].nominal == pytest.approx(1.7 * (2 * first[0] + first[1]))
    assert report.terms["hop_x"].nominal == pytest.approx(3.0 * first[0])
    assert report.terms["hop_y"].nominal == pytest.approx(4.0 * 2 * first[1])
    assert not {"message", "hop_x", "hop_y"} & set(reasons(report))


def test_where_the_way_is_not_known_hops_stay_unpriced_and_say_why(by_hand: Run) -> None:
    placement = PlacementSummary(
        "a chip", 2, 1, {"w": Route(np.array([2, 1]))}, hops_unknown="nobody says"
    )
    report = estimate(*by_hand, load_profile("loihi1"), placement=placement)
    why = {u.term: u.reason for u in report.unpriced}
    assert "message" not in why
    assert why["hop_x"] == why["hop_y"] == "nobody says"
    assert "Nobody says." in report.notes


def test_zero_weights_of_a_linear_map_cost_nothing_on_either_side(by_hand: Run) -> None:
    program, recording = by_hand
    (c,) = program.connections
    weight = np.ones((3, 2))
    weight[0] = 0
    sparse = replace(program, connections=(replace(c, synapse=c.synapse.with_weight(weight)),))
    report = estimate(sparse, recording, load_profile("horowitz45"))
    assert report.terms["sop"].nominal == pytest.approx(8 * 0.9)
    assert report.counts.total("sop_event").mean() == 12
    assert report.twin.macs == 4


def test_fixed_programs_are_priced_and_compared_as_integers(run: Run, fixed_run: Run) -> None:
    fixed = estimate(*fixed_run, load_profile("horowitz45"))
    floating = estimate(*run, load_profile("horowitz45"))
    assert fixed.terms["sop"].nominal == pytest.approx(floating.terms["sop"].nominal / 9)
    assert fixed.main is not None
    assert floating.main is not None
    assert (fixed.main.ann.arithmetic, floating.main.ann.arithmetic) == ("int8", "fp32")


def test_notes_say_how_analog_inputs_and_delays_were_counted(run: Run) -> None:
    said = " ".join(estimate(*run, load_profile("loihi1")).notes)
    assert "'conv' is driven by constant analog values: its multiply-accumulates count once" in said
    assert "floating-point" in said
    assert "not delivered" in said
    again = estimate(*run, load_profile("horowitz45"), cache_constant=False)
    assert "at each of the 5 steps" in again.notes[0]


def test_across_processes_there_is_a_label_and_no_verdict(by_hand: Run) -> None:
    main = estimate(*by_hand, load_profile("loihi1")).main
    assert main is not None
    assert (main.headline, main.verdict) == (False, "not comparable")
    assert "14 nm, 0.75 V" in main.label
    assert "45 nm, 0.9 V" in main.label


def test_without_prices_for_an_ann_there_is_no_comparison(
    profile_of: MakeProfile, by_hand: Run
) -> None:
    report = estimate(*by_hand, profile_of(("any", "sop", 1.0)))
    assert (report.ann, report.comparisons, report.main, report.reference) == ((), (), None, None)


def bill(**energies: Interval) -> Bill:
    """One line for each unknown, of an energy."""
    return Bill(tuple(Line("x", "sop", np.ones(2), e, label) for label, e in energies.items()))


@pytest.mark.parametrize(
    ("snn", "lower_bound", "verdict"),
    [
        (Interval(1, 2, 3), False, "less"),
        (Interval(1, 2, 3), True, "inconclusive"),
        (Interval(1, 2, 5), False, "inconclusive"),
        (Interval(5, 20, 30), False, "inconclusive"),
        (Interval(7, 20, 30), False, "more"),
        (Interval(7, 20, 30), True, "more"),
    ],
)
def test_verdicts_against_an_ann_of_4_to_6(snn: Interval, lower_bound: bool, verdict: str) -> None:
    profile = load_profile("horowitz45")
    ann = AnnEnergy("fp32", "compute only", bill(ann=Interval(4, 5, 6)))
    point = break_even(bill(), bill(snn=snn), ann.bill, 0.1, 4)
    found = compare(
        bill(snn=snn),
        ann,
        profile=profile,
        reference=profile,
        lower_bound=lower_bound,
        break_even=point,
        samples=2,
    )
    assert found.verdict == verdict
    assert found.headline
    ends = (found.ratio.low, found.ratio.nominal, found.ratio.high)
    assert ends == pytest.approx((snn.low / 6, snn.nominal / 5, snn.high / 4))


def test_what_both_sides_pay_for_moves_both_so_that_wide_prices_may_still_decide() -> None:
    """Both read the same memory, 10 to 100 pJ an access: twice as often is twice as dear."""
    profile = load_profile("horowitz45")
    access = Interval(10, 20, 100)
    ann = AnnEnergy("fp32", "ideal reuse", bill(sram=access))
    snn = bill(sram=access * 2)
    point = break_even(bill(), snn, ann.bill, 0.1, 4)
    found = compare(
        snn, ann, profile=profile, reference=profile, lower_bound=False, break_even=point,
        samples=2,
    )  # fmt: skip
    assert found.ratio == Interval(2, 2, 2)
    assert found.verdict == "more"
    apart = compare(
        bill(other=access * 2), ann, profile=profile, reference=profile, lower_bound=False,
        break_even=point, samples=2,
    )  # fmt: skip
    assert apart.verdict == "inconclusive"


def test_the_known_break_even_of_arithmetic_only(profile_of: MakeProfile, run: Run) -> None:
    """4.6 / (0.9 · 16) = 0.32 at T = 16, whatever the network, where nothing else costs."""
    program, recording = run
    spikes = {
        name: np.concatenate([s, s, s, s[:, :1]], axis=1) for name, s in recording.spikes.items()
    }
    assert spikes["first"].shape[1] == 16
    profile = profile_of(("any", "sop", 0.9), ("ann_fp32", "mac", 4.6), ("ann_fp32", "add", 0.0))
    _, *spiking = program.connections
    alone = replace(program, connections=tuple(spiking))
    main = estimate(alone, Recording(spikes), profile).main
    assert main is not None
    assert main.break_even.even is not None
    assert main.break_even.even.nominal == pytest.approx(4.6 / (0.9 * 16))
    assert main.break_even.even_per_synapse == pytest.approx(4.6 / 0.9)


@given(
    fixed=st.floats(0, 50),
    slope=st.floats(0.1, 1e3),
    rate=st.floats(0.01, 1),
    ann=st.floats(0, 1e3),
)
def test_at_break_even_both_cost_the_same(
    fixed: float, slope: float, rate: float, ann: float
) -> None:
    point = break_even(
        bill(still=Interval.exactly(fixed)),
        bill(moving=Interval.exactly(slope * rate)),
        bill(ann=Interval.exactly(ann)),
        rate,
        16,
    )
    if point.even is None:
        assert ann <= point.fixed.nominal
    else:
        meet = point.fixed.nominal + point.slope.nominal * point.even.nominal
        assert meet == pytest.approx(ann, abs=1e-9)


def test_the_band_of_break_even_lets_the_same_unknown_move_both_sides() -> None:
    """(ANN − fixed) / moving, all of it memory: 4·m − 1·m over 10·m, whatever m is."""
    memory = Interval(1, 2, 10)
    point = break_even(bill(m=memory), bill(m=memory * 10), bill(m=memory * 4), 1.0, 16)
    assert point.even is not None
    ends = (point.even.low, point.even.nominal, point.even.high)
    assert ends == pytest.approx((0.3, 0.3, 0.3))


def test_at_rate_zero_every_update_is_idle(by_hand: Run) -> None:
    report = estimate(*by_hand, load_profile("loihi1"))
    assert report.main is not None
    assert report.main.break_even.fixed.nominal == pytest.approx(12 * 52)


def test_what_an_image_drives_is_driven_whatever_the_spikes_do(run: Run) -> None:
    """A loop at the layer that the image drives adds spikes, but no driven update."""
    program, recording = run
    first = program.layer("first")
    loop = Connection("self", "first", "first", Linear((32,), (32,), np.eye(32)), delay=1)
    program = replace(program, connections=(*program.connections, loop))
    spikes = {n: np.zeros_like(s) for n, s in recording.spikes.items()}
    busy = dict(recording.spikes)
    profile = load_profile("loihi1")
    silent, noisy = (
        estimate(program, replace(recording, spikes=s, info={}), profile).main
        for s in (spikes, busy)
    )
    assert silent is not None
    assert noisy is not None
    assert noisy.break_even.fixed.nominal == pytest.approx(silent.break_even.fixed.nominal)
    idle = 5 * sum(x.size for x in program.layers if x.name != "first") * 52
    assert noisy.break_even.fixed.nominal == pytest.approx(5 * first.size * 81 + idle)


def test_static_power_on_one_side_alone_makes_no_verdict(
    profile_of: MakeProfile, by_hand: Run
) -> None:
    prices = [("any", "sop", 1.0), ("ann_fp32", "mac", 4.6)]
    profile = profile_of(*prices)
    time = Time(Interval.exactly(1e-6), Interval.exactly(1.0))
    alone = estimate(*by_hand, profile, time=time).main
    without = estimate(*by_hand, profile).main
    assert alone is not None
    assert without is not None
    assert (alone.headline, alone.verdict) == (False, "not comparable")
    assert alone.label == "different scopes: only the spiking network pays for static"
    assert without.headline


def test_one_process_and_two_profiles_differ_in_scope(
    profile_of: MakeProfile, by_hand: Run
) -> None:
    change = ("node_nm = 28", 'node_nm = 45\nreference = "horowitz45"')
    main = estimate(*by_hand, profile_of(("any", "sop", 1.0), change=change)).main
    assert main is not None
    assert main.label.startswith("different scopes: ")


def test_break_even_is_linear_in_the_rate(by_hand: Run) -> None:
    """Silencing the network leaves exactly the fixed part."""
    program, recording = by_hand
    profile = load_profile("horowitz45-memory")
    silent = Recording({name: np.zeros_like(s) for name, s in recording.spikes.items()})
    busy, quiet = estimate(program, recording, profile), estimate(program, silent, profile)
    assert busy.main is not None
    assert quiet.main is not None
    assert quiet.total.nominal == pytest.approx(busy.main.break_even.fixed.nominal)
    assert (quiet.main.break_even.rate, quiet.main.break_even.even) == (0.0, None)


PRIOR = {"kind": "esvae-prior", "input": "in", "weight": np.eye(2), "bias": np.zeros(2)}


@pytest.mark.parametrize(
    ("sampler", "operations", "words"),
    [
        # T = 4. Two normal draws and 4·2 for the spikes, 2·2 MACs, 2 sigmoids.
        (PRIOR, 10 + 4 + 2, "10 random draws, 4 MACs, 2 sigmoids of the gauss-sigmoid sampler"),
        ({"kind": "esvae-posterior"}, 4 * 3, "12 random draws of the rates sampler"),
        (
            {"kind": "fsvae", "input": "in", "latents": 1, "k": 2},
            4,
            "4 random draws of the one-hot sampler",
        ),
    ],
)
def test_the_hosts_sampler_is_counted_and_said_to_be_missing(
    by_hand: Run, sampler: dict[str, object], operations: int, words: str
) -> None:
    draws, step = read_draws({"sampler": sampler}, {"in": 2})
    program = replace(by_hand[0], draws=draws, host_step=step)
    report = estimate(program, by_hand[1], load_profile("loihi1"))
    without = estimate(*by_hand, load_profile("loihi1"))
    (found,) = (u for u in report.unpriced if u.term == "sampler")
    assert found.count == operations
    assert words in found.reason
    assert not found.material  # the ANN goes without it too
    assert "sampler" not in reasons(without)
    assert report.total == without.total
    assert "sampler" in to_html(report).split("Not in it:")[1].split("</p>")[0]
    assert words in to_html(report)
    assert "sampler" in summary_text(report)


def test_another_programs_recording_is_refused(run: Run, fixed_run: Run) -> None:
    with pytest.raises(DataError, match="another program"):
        estimate(run[0], fixed_run[1], load_profile("loihi1"))
