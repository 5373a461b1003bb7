"""Profiles: the published numbers are in, a wrong file gets one line, nothing is paid twice."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from snnvae.errors import ConfigError
from snnvae.hardware_sim.energy import Interval, Profile, builtin_profiles, load_profile
from snnvae.hardware_sim.energy.terms import GROUPS, SNN_TERMS, UPDATE_OPERATIONS
from snnvae.primitives import NEURONS

MakeProfile = Callable[..., Profile]


def test_the_profiles_that_come_with_snnvae() -> None:
    assert builtin_profiles() == ("horowitz45", "horowitz45-memory", "loihi1")


@pytest.mark.parametrize("name", ["horowitz45", "horowitz45-memory", "loihi1"])
def test_every_term_is_priced_covered_excluded_or_declared_unpriced(name: str) -> None:
    profile = load_profile(name)
    assert profile.name == name
    for precision in ("float", "fixed"):
        priced = set(profile.snn(precision)) | profile.covered(precision)
        assert priced | set(profile.excluded) | set(profile.unpriced) == set(SNN_TERMS)


@pytest.mark.parametrize(
    ("name", "group", "term", "nominal"),
    [
        ("horowitz45", "float", "sop", 0.9),
        ("horowitz45", "fixed", "sop", 0.1),
        ("horowitz45", "ann_fp32", "mac", 4.6),
        ("horowitz45", "ann_int8", "mac", 0.3),
        ("horowitz45-memory", "any", "sop_state", 20.0),
        ("horowitz45-memory", "float", "sop", 0.9),
        ("loihi1", "any", "sop", 23.6),
        ("loihi1", "any", "update_driven", 81.0),
        ("loihi1", "any", "update_idle", 52.0),
        ("loihi1", "any", "spike", 1.7),
    ],
)
def test_published_prices(name: str, group: str, term: str, nominal: float) -> None:
    assert load_profile(name).prices[group][term].energy.nominal == pytest.approx(nominal)


def test_memory_prices_follow_from_the_published_access_of_64_bits() -> None:
    prices = load_profile("horowitz45-memory").prices
    access = Interval(10, 20, 100)  # SRAM of 8K, 32K, 1M
    assert prices["float"]["sop_weight"].energy == access * (32 / 64)
    assert prices["fixed"]["sop_weight"].energy == access * (8 / 64)
    assert prices["any"]["sop_state"].energy == access * (2 * 32 / 64)


def test_only_loihis_synaptic_operation_is_published_as_a_minimum() -> None:
    prices = load_profile("loihi1").prices["any"]
    assert [term for term, p in prices.items() if p.minimum] == ["sop"]


def test_a_users_profile(profile_of: MakeProfile) -> None:
    profile = profile_of(
        ("any", "sop", 8.43, {"low": 8, "high": 9, "grade": "measured, high", "minimum": True}),
        ("fixed", "update_idle", 2, {"unit": "nJ", "node_nm": 22}),
    )
    sop, idle = profile.snn("fixed")["sop"], profile.snn("fixed")["update_idle"]
    assert (sop.energy, sop.node_nm, sop.minimum, sop.source) == (
        Interval(8, 8.43, 9), 28, True, "me, here",
    )  # fmt: skip
    assert (idle.energy, idle.node_nm) == (Interval(2000, 2000, 2000), 22)
    assert "update_idle" not in profile.snn("float")


def test_a_price_for_a_precision_goes_before_one_for_any(profile_of: MakeProfile) -> None:
    profile = profile_of(("any", "sop", 2), ("fixed", "sop", 1))
    assert profile.snn("fixed")["sop"].energy.nominal == 1
    assert profile.snn("float")["sop"].energy.nominal == 2


def test_the_digest_changes_with_a_price(profile_of: MakeProfile) -> None:
    first, again = profile_of(("any", "sop", 2)), profile_of(("any", "sop", 2))
    assert first.digest() == again.digest() != profile_of(("any", "sop", 3)).digest()


def test_a_profile_extends_another(profile_of: MakeProfile) -> None:
    extends = ("[sources]", 'extends = "horowitz45"\n[sources]')
    profile = profile_of(("any", "spike", 5), change=extends)
    assert set(profile.snn("float")) == {*load_profile("horowitz45").snn("float"), "spike"}
    assert "spike" not in profile.excluded
    assert "hop" in profile.excluded


def test_a_profile_extends_a_file_beside_it(profile_of: MakeProfile, tmp_path: Path) -> None:
    profile_of(("any", "sop", 5))
    (tmp_path / "mine.toml").rename(tmp_path / "base.toml")
    profile = profile_of(change=("[sources]", 'extends = "base.toml"\n[sources]'))
    assert profile.snn("float")["sop"].energy.nominal == 5


def test_all_in_covers_every_other_term(profile_of: MakeProfile) -> None:
    profile = profile_of(("any", "sop", 26, {"scope": "all_in"}))
    assert profile.covered("float") == set(SNN_TERMS) - {"sop"}


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ([("any", "sop", 2, {"low": 3})], "price.any.sop.nominal 2 lies outside low 3"),
        ([("any", "sop", -1)], "price.any.sop.nominal is -1; give a number"),
        ([("any", "sop", True)], "price.any.sop.nominal is True; give a number"),
        ([("any", "sop", 1, {"unit": "J/s"})], "price.any.sop.unit is 'J/s'; use one of: fJ"),
        ([("any", "sop", 1, {"grade": "superb"})], "price.any.sop.grade is 'superb'; use words"),
        ([("any", "sop", 1, {"scope": "most"})], "price.any.sop.scope is 'most'"),
        ([("any", "sop", 1, {"source": "them"})], r"source is 'them', which \[sources\] does not"),
        ([("any", "sop", 1, {"covers": ["soup"]})], "price.any.sop.covers must be a list of terms"),
        ([("any", "sop", 1, {"minimum": "yes"})], "price.any.sop.minimum must be true or false"),
        ([("any", "soup", 1)], "price.any.soup is not known; use one of: bias"),
        ([("some", "sop", 1)], "price.some is not known; use one of: ann_fp32"),
        (["[price.any]", "sop = 3"], "price.any.sop must be a table"),
        (["[price.any.sop]", 'unit = "pJ"'], "price.any.sop.nominal is missing"),
        (["[excluded]", "sop = 3"], "excluded.sop must be a text"),
        (
            [("any", "sop", 1, {"scope": "all_in"}), ("any", "spike", 1)],
            "price of 'sop' is all-in, so nothing may be added to it; remove the price of 'spike'",
        ),
        (
            [("any", "sop", 1, {"covers": ["spike"]}), ("any", "spike", 1)],
            "price of 'spike' is also covered",
        ),
        ([("any", "sop", 1), "[excluded]", 'sop = "no"'], "excluded.sop has a price as well"),
        ([("any", "sop", 1), "[unpriced]", 'sop = "no"'], "unpriced.sop has a price as well"),
        (["[[["], "is not TOML"),
    ],
)
def test_a_wrong_profile_gets_one_line_that_says_where(
    profile_of: MakeProfile, parts: list[str], message: str
) -> None:
    with pytest.raises(ConfigError, match=message) as error:
        profile_of(*parts)
    assert "mine.toml" in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("format = 1", "format = 2", "format is 2, this snnvae reads 1"),
        ("format = 1", "", "format is None"),
        ('title = "My chip"', "", "title is missing"),
        ("node_nm = 28", "node_nm = 'small'", "node_nm is 'small'"),
        ("node_nm = 28", "node_nm = nan", "node_nm is nan"),
        ("format = 1", 'format = 1\ncolour = "red"', "colour is not known"),
        ("format = 1", 'format = 1\nextends = "mine.toml"', "extends itself"),
        ("format = 1", 'format = 1\nextends = "nothing"', "no profile 'nothing'; choose one of"),
    ],
)
def test_a_wrong_header_gets_one_line(
    profile_of: MakeProfile, old: str, new: str, message: str
) -> None:
    with pytest.raises(ConfigError, match=message) as error:
        profile_of(change=(old, new))
    assert "\n" not in str(error.value)


def test_a_profile_that_is_nowhere() -> None:
    with pytest.raises(ConfigError, match="no profile 'loihi9'; choose one of horowitz45"):
        load_profile("loihi9")
    with pytest.raises(ConfigError, match=r"cannot read profile nowhere\.toml: No such file"):
        load_profile("nowhere.toml")


def test_a_profile_that_is_not_text(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="not UTF-8 text"):
        load_profile(path)


def test_every_neuron_has_its_arithmetic_and_every_term_its_place_in_the_plot() -> None:
    assert set(UPDATE_OPERATIONS) == {neuron.__name__ for neuron in NEURONS}
    assert {n.__name__ for n in NEURONS} <= UPDATE_OPERATIONS.keys()
    assert sorted(term for terms in GROUPS.values() for term in terms) == sorted(SNN_TERMS)
