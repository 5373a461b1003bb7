"""Intervals: sums, and quotients whose parts share unknowns."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnvae.energy.interval import Interval, quotient


@st.composite
def bands(draw: st.DrawFn, least: float = 0.0) -> Interval:
    low, nominal, high = sorted(draw(st.floats(least, 100)) for _ in range(3))
    return Interval(low, nominal, high)


def corners(above: dict[str, Interval], below: dict[str, Interval]) -> list[float]:
    """Every quotient with each unknown at one of its three points."""
    names = sorted({*above, *below})
    found = []
    for ends in product(("low", "nominal", "high"), repeat=len(names)):
        at = dict(zip(names, ends))
        top = sum(getattr(e, at[name]) for name, e in above.items())
        found.append(top / sum(getattr(e, at[name]) for name, e in below.items()))
    return found


@given(
    st.dictionaries(st.sampled_from("abcd"), bands(), min_size=1),
    st.dictionaries(st.sampled_from("cdef"), bands(least=0.1), min_size=1),
)
def test_a_quotient_reaches_from_the_least_to_the_largest_of_all_corners(
    above: dict[str, Interval], below: dict[str, Interval]
) -> None:
    found, every = quotient(above, below), corners(above, below)
    assert found.low == pytest.approx(min(every), rel=1e-9)
    assert found.high == pytest.approx(max(every), rel=1e-9)
    top, bottom = (sum(e.nominal for e in part.values()) for part in (above, below))
    assert found.nominal == pytest.approx(top / bottom)


@given(bands(least=0.1), st.floats(0.1, 10))
def test_what_is_proportional_to_the_same_unknown_has_an_exact_quotient(
    unknown: Interval, factor: float
) -> None:
    found = quotient({"x": unknown * factor}, {"x": unknown})
    assert (found.low, found.nominal, found.high) == pytest.approx((factor,) * 3)


def test_parts_may_fall_as_their_unknown_rises() -> None:
    """ANN − fixed may be such a part: low is where the unknown is low."""
    falling = Interval(5.0, 3.0, 1.0)
    assert quotient({"x": falling, "y": Interval(1, 1, 1)}, {"z": Interval(1, 2, 2)}) == Interval(
        1.0, 2.0, 6.0
    )


def test_over_what_may_be_nothing_the_quotient_has_no_end() -> None:
    found = quotient({"x": Interval(1, 1, 1)}, {"y": Interval(0, 2, 2)})
    assert (found.nominal, found.high) == (0.5, float("inf"))
    nothing = quotient({"x": Interval(1, 1, 1)}, {"y": Interval()})
    assert nothing.nominal == nothing.high == float("inf")


def test_sums_and_products() -> None:
    a, b = Interval(1, 2, 3), Interval(10, 20, 40)
    assert a + b == Interval(11, 22, 43)
    assert a * 2 == Interval(2, 4, 6)
    assert a.times(b) == Interval(10, 40, 120)
    assert Interval.total([a, b, a]) == Interval(12, 24, 46)
    assert Interval.exactly(2.5) == Interval(2.5, 2.5, 2.5)
