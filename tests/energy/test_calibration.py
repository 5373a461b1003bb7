"""Prices from measured figures: known ones are found again, and what cannot be told is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnvae.energy import load_profile
from snnvae.energy.calibration import figures as figures_module
from snnvae.energy.calibration.figures import Figures, Row, read_figures
from snnvae.energy.calibration.fit import calibrate
from snnvae.energy.calibration.profile_toml import to_toml
from snnvae.energy.estimate import estimate
from snnvae.energy.terms import SNN_TERMS
from snnvae.errors import DataError
from snnvae.program import Program
from snnvae.recording import Recording

TRUE = {"syn_ops": 12.0, "dendrite_updates": 45.0, "axon_out": 60.0}
"""pJ per event."""
COUNTS = (
    (4e8, 2e7, 1e6),
    (6e9, 2e7, 2e6),
    (3e7, 4e7, 3e7),
    (3e8, 4e7, 9e7),
    (2e9, 3e8, 8e6),
    (1e6, 2e8, 1e5),
)
STEPS, TIME_US, STATIC_W = 10_000, 50.0, 0.25
SECONDS = STEPS * TIME_US * 1e-6
HEADER = "run,steps,time_us,total_w,static_w,syn_ops"
LINES = ("a,100,50,0.31,0.25,500000", "b,100,50,0.37,0.25,1000000")


def power(counts: Sequence[float], prices: Mapping[str, float] = TRUE) -> float:
    return sum(n * e for n, e in zip(counts, prices.values())) * 1e-12 / SECONDS


def measured(
    prices: Mapping[str, float] = TRUE,
    *,
    counts: Sequence[Sequence[float]] = COUNTS,
    repeat: int = 1,
    noise_w: float = 0.0,
    seed: int = 0,
    given_sd: bool = False,
    scale: float = 1.0,
    **more: float,
) -> Figures:
    """Figures of a chip with these prices, read by a meter with noise."""
    rng = np.random.default_rng(seed)
    rows = []
    for i, of_run in enumerate(counts):
        for _ in range(repeat):
            dynamic = power(of_run, prices) + noise_w * rng.standard_normal()
            numbers = {
                "steps": STEPS,
                "time_us": TIME_US,
                "total_w": STATIC_W + scale * dynamic,
                "static_w": STATIC_W,
                **dict(zip(prices, of_run)),
                **more,
                **({"power_sd_w": noise_w} if given_sd else {}),
            }
            rows.append(Row(f"run{i}", len(rows) + 2, numbers))
    return Figures("figures.csv", "0" * 64, tuple(rows[0].numbers), tuple(rows))


def text_of(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines), "utf8")
    return path


def refusal(figures: Figures | Path) -> str:
    with pytest.raises(DataError) as error:
        calibrate(figures if isinstance(figures, Figures) else read_figures(figures))
    line = str(error.value)
    assert "\n" not in line
    return line


# The fit


def test_without_noise_the_prices_come_out() -> None:
    found = calibrate(measured())
    assert found.noise == "residual"
    for price, true in zip(found.prices, TRUE.values()):
        for end in (price.energy.low, price.energy.nominal, price.energy.high):
            assert end == pytest.approx(true, rel=1e-6)
        assert price.resolved
    assert found.r_squared == pytest.approx(1)
    assert [p.term for p in found.prices] == ["sop", "update", "message"]


NOISY: Mapping[str, Callable[[int], Figures]] = {
    "residual": lambda seed: measured(noise_w=0.002, seed=seed),
    "repetitions": lambda seed: measured(noise_w=0.002, seed=seed, repeat=3),
    "power_sd_w": lambda seed: measured(noise_w=0.002, seed=seed, given_sd=True),
    # One run more than prices, and a price of 0, which holds the fit at its bound.
    "few runs": lambda seed: measured(noise_w=0.0005, seed=seed, counts=COUNTS[:4]),
    "a price of 0": lambda seed: measured({**TRUE, "axon_out": 0.0}, noise_w=0.002, seed=seed),
}


@pytest.mark.parametrize("kind", NOISY)
def test_intervals_hold_the_prices_in_95_percent_of_measurements(kind: str) -> None:
    true = {**TRUE, "axon_out": 0.0} if kind == "a price of 0" else TRUE
    seeds = 200
    inside = np.zeros(3)
    for seed in range(seeds):
        found = calibrate(NOISY[kind](seed))
        inside += [p.energy.low <= e <= p.energy.high for p, e in zip(found.prices, true.values())]
    # 3.3 standard deviations of a binomial share below 0.95. Where the fit is held at its bound
    # intervals are wider than they need be.
    assert (inside / seeds >= 0.95 - 3.3 * np.sqrt(0.95 * 0.05 / seeds)).all()
    if kind != "a price of 0":
        assert (inside / seeds < 1).any()


def test_more_noise_gives_wider_intervals() -> None:
    widths = []
    for noise in (0.0005, 0.005):
        prices = calibrate(measured(noise_w=noise, given_sd=True)).prices
        widths.append(np.array([p.energy.high - p.energy.low for p in prices]))
    assert (widths[1] > 3 * widths[0]).all()


def test_no_price_is_negative_where_plain_least_squares_is() -> None:
    figures = measured({"syn_ops": 12.0, "axon_out": -4.0}, counts=[c[:2] for c in COUNTS])
    rates = np.array([c[:2] for c in COUNTS]) / SECONDS * 1e-12
    plain, *_ = np.linalg.lstsq(rates, [r.dynamic_w for r in figures.rows], rcond=None)
    assert plain[1] == pytest.approx(-4)
    sop, message = calibrate(figures).prices
    assert sop.energy.low > 0
    assert message.energy.low == message.energy.nominal == 0
    assert not message.resolved


@given(scale=st.floats(0.01, 100), seed=st.integers(0, 50))
def test_prices_scale_with_the_energy(scale: float, seed: int) -> None:
    one = calibrate(measured(noise_w=0.001, seed=seed, repeat=2))
    other = calibrate(measured(noise_w=0.001, seed=seed, repeat=2, scale=scale))
    for a, b in zip(one.prices, other.prices):
        ends = [(x.low, x.nominal, x.high) for x in (a.energy * scale, b.energy)]
        assert ends[0] == pytest.approx(ends[1], rel=1e-6, abs=1e-9 * scale)


def test_repetitions_average_the_noise_and_count_as_one_run() -> None:
    found = calibrate(measured(noise_w=0.002, repeat=8))
    assert [(run.rows, len(found.runs)) for run in found.runs] == [(8, 6)] * 6
    assert found.runs[0].sd_w == pytest.approx(0.002 / np.sqrt(8), rel=0.35)
    assert not found.misfit


def test_runs_that_the_model_misses_widen_the_intervals() -> None:
    figures = measured(noise_w=1e-4, given_sd=True)
    bent = [
        Row(r.run, r.line, {**r.numbers, "total_w": r.numbers["total_w"] + 0.004 * (i % 2)})
        for i, r in enumerate(figures.rows)
    ]
    good = calibrate(figures)
    poor = calibrate(Figures(figures.name, figures.sha256, figures.columns, tuple(bent)))
    assert (good.misfit, poor.misfit) == (False, True)
    assert poor.prices[0].energy.high - poor.prices[0].energy.low > 0.5
    assert "further from the fit" in poor.notes[0]


def test_received_spikes_stand_for_messages_only_where_sent_ones_are_not_given() -> None:
    received = measured({"syn_ops": 12.0, "spikes_in": 60.0}, counts=[(a, c) for a, _, c in COUNTS])
    assert [(p.counter, p.term) for p in calibrate(received).prices] == [
        ("syn_ops", "sop"),
        ("spikes_in", "message"),
    ]
    both = calibrate(measured(spikes_in=7.0))
    assert "spikes_in" not in [p.counter for p in both.prices]
    assert "counts the messages of axon_out once more" in both.notes[0]


# What is refused


def test_dynamic_power_within_noise() -> None:
    quiet = [tuple(n / 100 for n in c) for c in COUNTS]
    for figures, origin in (
        (measured(counts=quiet, noise_w=0.05, given_sd=True), "power_sd_w"),
        (measured(counts=quiet, noise_w=0.05, repeat=3), "repetitions"),
        (measured(counts=quiet, noise_w=0.05), "residual"),
    ):
        line = refusal(figures)
        assert "within 2 σ of its noise" in line
        assert origin in line
    assert "-" in refusal(measured({k: -e for k, e in TRUE.items()}, given_sd=True, noise_w=1e-3))


def test_fewer_runs_than_prices_and_one() -> None:
    line = refusal(measured(counts=COUNTS[:3], repeat=4, noise_w=0.001))
    assert "3 runs for 3 prices" in line
    assert "give 4 runs" in line


def test_counters_that_rise_together() -> None:
    counts = [(a, b, 3 * b + 1) for a, b, _ in COUNTS]
    line = refusal(measured(counts=counts))
    assert "dendrite_updates and axon_out rise and fall together" in line
    assert "syn_ops" not in line
    assert "differ in fan-out and in rate" in line


def test_a_counter_that_is_always_zero() -> None:
    line = refusal(measured(counts=[(a, b, 0) for a, b, _ in COUNTS]))
    assert "'axon_out' is 0 in every run; leave it out" in line


def test_one_name_for_two_workloads() -> None:
    figures = measured(repeat=2)
    last = figures.rows[-1]
    other = Row(last.run, last.line, {**last.numbers, "syn_ops": 5e6})
    line = refusal(Figures(figures.name, "", figures.columns, (*figures.rows[:-1], other)))
    assert "line 12: 'syn_ops' per step" in line or "line 13: 'syn_ops' per step" in line
    assert "give other workloads other names" in line


def test_no_price_resolved() -> None:
    """Two runs of equal counts: power beyond twice the residual, but one degree of freedom."""
    rows = measured({"syn_ops": 12.0}, counts=((5e9,), (5e9,))).rows
    numbers = [{**row.numbers, "total_w": STATIC_W + w} for row, w in zip(rows, (0.10, 0.16))]
    apart = tuple(Row(row.run, row.line, n) for row, n in zip(rows, numbers))
    line = refusal(Figures("figures.csv", "0" * 64, tuple(numbers[0]), apart))
    assert "no price can be told from 0 (sop 0 …" in line


def test_units_that_are_off() -> None:
    counts = [tuple(n / 1e9 for n in c) for c in COUNTS]
    line = refusal(measured({k: e * 1e9 for k, e in TRUE.items()}, counts=counts))
    assert "check the units" in line


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ((), "is empty"),
        (("", "  "), "is empty"),
        ((HEADER,), "has a header but no rows"),
        (("run,steps,time_us,total_w,syn_ops", "a,1,1,1,1"), "lacks column 'static_w'"),
        ((HEADER.replace(",syn_ops", ""), "a,1,1,1,1"), "has no counter to price"),
        ((HEADER + ",watts", "a,1,1,1,1,1,1"), "unknown column 'watts'"),
        ((HEADER + ",syn_ops", "a,1,1,1,1,1,1"), "names column 'syn_ops' more than once"),
        ((HEADER + ",active_chips", "a,1,1,1,1,1,1"), "'active_chips' without 'chips'"),
        ((HEADER.replace(",", ";"), "a;1;1;1;1;1"), "separate its columns by commas"),
        ((HEADER, "a,1,1,1,1"), "line 2: has 5 cells, the header 6 columns"),
        ((HEADER, LINES[0], "", "b,1,x,1,1,1"), "line 4 (run 'b'), column 'time_us': 'x' is not"),
        ((HEADER, "a,1,1,1,,1"), "column 'static_w': is empty; give watts"),
        ((HEADER, "a,1,1,nan,1,1"), "column 'total_w': nan is not finite"),
        ((HEADER, "a,1,inf,1,1,1"), "column 'time_us': inf is not finite"),
        ((HEADER, "a,1,1,1,1,-3"), "column 'syn_ops': -3 is below 0"),
        ((HEADER, "a,1,1,1,-0.1,1"), "column 'static_w': -0.1 is below 0"),
        ((HEADER, "a,0,1,1,1,1"), "column 'steps': 0 is below 1"),
        ((HEADER, "a,1.5,1,1,1,1"), "column 'steps': 1.5 has a fraction"),
        ((HEADER, "a,1,0,1,1,1"), "column 'time_us': 0 is below"),
        ((HEADER, "a,1_0,1,1,1,1"), "'1_0' is not a number"),
        ((HEADER, "a,1,1,1e9,1,1"), "1e9 is above 1e+06"),
        ((HEADER, ",1,1,1,1,1"), "line 2, column 'run': is empty"),
        ((HEADER + ",power_sd_w", "a,1,1,1,1,1,0"), "column 'power_sd_w': 0 is below"),
        ((HEADER + ",chips,active_chips", "a,1,1,1,1,1,2,3"), "more active chips than chips"),
        ((HEADER, 'a,1,1,1,1,"1"x'), "line 2: is not CSV"),
    ],
)
def test_a_file_that_is_wrong(tmp_path: Path, lines: tuple[str, ...], said: str) -> None:
    line = refusal(text_of(tmp_path / "f.csv", *lines))
    assert said.replace("'1_0'", "'1_0'") in line
    assert "f.csv" in line


def test_a_file_that_is_no_csv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "f.csv"
    assert "no such file" in refusal(path)
    assert "is a folder" in refusal(tmp_path)
    assert "not a regular file" in refusal(Path("/dev/null"))
    path.write_bytes(b"\x89HDF\r\n\xff")
    assert "not UTF-8 text" in refusal(path)
    path.write_bytes(b"run,\0\n")
    assert "NUL" in refusal(path)
    text_of(path, HEADER, "a" * 200_000)
    assert "is not CSV" in refusal(path)
    monkeypatch.setattr(figures_module, "MAX_BYTES", 1000)
    assert "time series" in refusal(path)


def test_a_file_as_spreadsheets_write_it(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    lines = [HEADER.replace(",", " , "), "", *LINES, ",,,,,"]
    path.write_bytes(b"\xef\xbb\xbf" + "\r\n".join(lines).encode())
    figures = read_figures(path)
    assert [row.run for row in figures.rows] == ["a", "b"]
    assert calibrate(figures).prices[0].energy.nominal == pytest.approx(600, rel=0.01)


# The profile


def written(tmp_path: Path, figures: Figures, name: str = "mine") -> Path:
    text = to_toml(calibrate(figures), name=name, node_nm=7, voltage_v=0.75, command="made so")
    return text_of(tmp_path / "mine.toml", text)


def test_the_profile_prices_a_run(tmp_path: Path, by_hand: tuple[Program, Recording]) -> None:
    profile = load_profile(written(tmp_path, measured(chips=2.0)))
    assert (profile.name, profile.chip, profile.reference) == (
        "mine", "loihi2", "horowitz45-memory",
    )  # fmt: skip
    assert profile.evidence == ("measured",)
    assert profile.step is not None
    assert profile.step.value.nominal == pytest.approx(TIME_US * 1e-6)
    assert profile.static is not None
    assert (profile.static.value.nominal, profile.static.per) == (STATIC_W / 2, "chip")
    # As in test_estimate: 12 synaptic operations, 12 updates a sample.
    report = estimate(*by_hand, profile)
    assert report.total.nominal == pytest.approx(12 * 12 + 12 * 45, rel=1e-5)
    prices = profile.snn("fixed")
    assert prices["update_driven"].label == prices["update_idle"].label


@pytest.mark.parametrize("counters", [("syn_ops",), ("dendrite_updates", "axon_out"), tuple(TRUE)])
def test_every_term_is_priced_covered_or_unpriced(
    tmp_path: Path, counters: tuple[str, ...]
) -> None:
    kept = [i for i, c in enumerate(TRUE) if c in counters]
    counts = [[c[i] for i in kept] for c in COUNTS]
    profile = load_profile(
        written(tmp_path, measured({c: TRUE[c] for c in counters}, counts=counts))
    )
    said = set(profile.snn("fixed")) | profile.covered("fixed") | set(profile.unpriced)
    assert said == set(SNN_TERMS)
    if "axon_out" not in counters:
        assert profile.unpriced["hop_x"] == "not fitted: the figures have no column 'axon_out'"
    assert "no column 'chips'" in profile.unpriced["static"]


def test_what_is_not_resolved_is_unpriced_and_never_zero(tmp_path: Path) -> None:
    figures = measured({**TRUE, "axon_out": 0.0}, noise_w=0.002, given_sd=True, seed=1)
    profile = load_profile(written(tmp_path, figures))
    assert "message" not in profile.snn("fixed")
    assert "the 95 % interval of 'axon_out', 0 …" in profile.unpriced["message"]


def test_names_from_anywhere_stay_text(tmp_path: Path) -> None:
    name = 'a"]\n[price]\\ \x7f 😀 \udcff'
    assert load_profile(written(tmp_path, measured(), name)).name == name.replace("\udcff", "�")
