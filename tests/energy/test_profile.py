"""Profiles: the published numbers are in, a wrong file gets one line, nothing is paid twice."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from snnvae.energy import Interval, Profile, builtin_profiles, load_profile
from snnvae.energy.profile import EVIDENCE
from snnvae.energy.terms import GROUPS, SNN_TERMS, UPDATE_OPERATIONS
from snnvae.errors import ConfigError
from snnvae.primitives import NEURONS

MakeProfile = Callable[..., Profile]


PROFILES = (
    "ac-mac", "cortex-m0", "fsvae-paper", "horowitz45", "horowitz45-memory", "lemaire2022",
    "loihi1", "loihi1-sanafe", "odin", "seneca", "spinnaker2", "truenorth",
)  # fmt: skip


def test_the_profiles_that_come_with_snnvae() -> None:
    assert builtin_profiles() == PROFILES


@pytest.mark.parametrize("name", PROFILES)
def test_every_term_is_priced_covered_excluded_or_declared_unpriced(name: str) -> None:
    profile = load_profile(name)
    assert profile.name == name
    for precision in ("float", "fixed"):
        if precision not in profile.prices and "any" not in profile.prices:
            assert name == "cortex-m0"  # C has integers alone
            continue
        priced = set(profile.snn(precision)) | profile.covered(precision)
        assert priced | set(profile.excluded) | set(profile.unpriced) == set(SNN_TERMS)


@pytest.mark.parametrize("name", PROFILES)
def test_every_price_is_cited_with_its_place_and_its_evidence(name: str) -> None:
    for terms in load_profile(name).prices.values():
        for price in terms.values():
            assert price.backing.evidence in EVIDENCE
            assert price.backing.source.cite
            assert price.backing.source.at
            assert 0 <= price.energy.low <= price.energy.nominal <= price.energy.high


@pytest.mark.parametrize("name", ["odin", "truenorth"])
def test_an_all_in_price_stands_alone_and_the_host_is_still_missing(name: str) -> None:
    profile = load_profile(name)
    assert profile.scope == "all_in"
    assert list(profile.snn("fixed")) == ["sop"]
    assert set(profile.unpriced) == {"host_mac", "host_add", "input_event", "readout"}


def test_no_profile_prices_loihi_2_of_which_nothing_is_published() -> None:
    assert not any("2" in load_profile(name).title for name in PROFILES if "loihi" in name)


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
        ("loihi1", "any", "message", 1.7),
        ("loihi1", "any", "hop_x", 3.0),
        ("loihi1", "any", "hop_y", 4.0),
        ("loihi1-sanafe", "any", "update_driven", 51.2 + 21.6),
        ("loihi1-sanafe", "any", "spike", 69.3),
        ("loihi1-sanafe", "any", "message", 111.0),
        ("truenorth", "any", "sop", 26.0),
        ("odin", "any", "sop", 12.7),
        ("spinnaker2", "any", "sop", 450.0),
        ("spinnaker2", "any", "update_idle", 2190.0),
        ("seneca", "any", "sop", 1.4),
        ("ac-mac", "any", "sop", 0.9),
        ("ac-mac", "ann_fp32", "mac", 4.6),
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


def test_sanafes_synaptic_operation_depends_on_how_synapses_are_stored() -> None:
    price = load_profile("loihi1-sanafe").prices["any"]["sop"]
    found = {kind: price.of(kind, 0).nominal for kind in ("linear", "sparse", "kernel")}
    assert found == pytest.approx({"linear": 35.5, "sparse": 33.6, "kernel": 24.0})
    assert (price.energy.low, price.energy.high) == pytest.approx((24 * 0.883, 35.5 * 1.117))


def test_lemaires_memory_grows_with_its_size() -> None:
    """The authors' line 13.2 pJ + 1.09e-5 pJ per bit, for words of 32 bits."""
    price = load_profile("lemaire2022").prices["any"]["sop_weight"]
    for words in (1_000, 20_000, 300_000, 2_000_000, 9_000_000):
        assert price.of("", words).nominal == pytest.approx(13.2 + 1.09e-5 * 32 * words, rel=1e-3)


def test_memory_prices_lie_on_a_line_through_the_points_and_go_on_beyond_them(
    profile_of: MakeProfile,
) -> None:
    points = {"by_bytes": [[1024, 10.0], [2048, 20.0], [4096, 30.0]], "bits": 32, "spread": 0.1}
    lines = [f"{key} = {value}" for key, value in points.items()]
    head = ["[price.any.sop_weight]", 'unit = "pJ"', 'evidence = "derived"']
    price = profile_of("\n".join([*head, 'scope = "per_term"', 'source = "me"', *lines])).prices[
        "any"
    ]["sop_weight"]
    assert [price.of("", n).nominal for n in (1, 256, 384, 512, 1024, 2048)] == pytest.approx(
        [5.0, 5.0, 7.5, 10.0, 15.0, 25.0]  # words of 4 bytes, half an access of 64 bits
    )
    assert price.of("", 256) == Interval(4.5, 5.0, 5.5)


def test_only_loihis_synaptic_operation_is_published_as_a_minimum() -> None:
    prices = load_profile("loihi1").prices["any"]
    assert [term for term, p in prices.items() if p.minimum] == ["sop"]


def test_a_users_profile(profile_of: MakeProfile) -> None:
    profile = profile_of(
        ("any", "sop", 8.43, {"low": 8, "high": 9, "minimum": True}),
        ("fixed", "update_idle", 2, {"unit": "nJ", "node_nm": 22}),
    )
    sop, idle = profile.snn("fixed")["sop"], profile.snn("fixed")["update_idle"]
    assert (sop.energy, sop.node_nm, sop.minimum) == (Interval(8, 8.43, 9), 28, True)
    assert (sop.backing.evidence, str(sop.backing.source)) == ("measured", "me, here")
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
    extends = ("[sources.me]", 'extends = "horowitz45"\n[sources.me]')
    profile = profile_of(("any", "spike", 5), change=extends)
    assert set(profile.snn("float")) == {*load_profile("horowitz45").snn("float"), "spike"}
    assert "spike" not in profile.excluded
    assert "hop_x" in profile.excluded


def test_a_profile_extends_a_file_beside_it(profile_of: MakeProfile, tmp_path: Path) -> None:
    profile_of(("any", "sop", 5))
    (tmp_path / "mine.toml").rename(tmp_path / "base.toml")
    profile = profile_of(change=("[sources.me]", 'extends = "base.toml"\n[sources.me]'))
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
        (
            [("any", "sop", 1, {"evidence": "superb"})],
            "sop.evidence is 'superb'; use one of: measured",
        ),
        ([("any", "sop", 1, {"confidence": "some"})], "sop.confidence is 'some'; use one of: high"),
        ([("any", "sop", 1, {"accumulate": 2})], "sop.accumulate is more than the least price"),
        ([("any", "sop_weight", 1, {"by_bytes": 3})], "by_bytes must be a list"),
        ([("any", "sop", 1, {"by_bytes": [[1, 2]]})], "by_bytes is for what reads a memory"),
        ([("any", "sop_weight", 1, {"by_bytes": [[1, 2], [2, 1]]})], "falls with the size"),
        (["[time.step]", "nominal = 0", 'unit = "s"'], "time.step.nominal must be above 0"),
        ([("any", "sop", 1, {"by_kind": {"linear": 1}})], "by_kind is for sop alone and names"),
        ([("any", "spike", 1, {"by_kind": {"linear": 1}})], "by_kind is for sop alone"),
        (["[time.step]", "nominal = 1", 'unit = "h"'], "time.step.unit is 'h'; use one of: ns"),
        (["[time.tick]", "nominal = 1"], "time.tick is not known; use one of: step"),
        (["[power.static]", "nominal = -1", 'unit = "W"'], "power.static.nominal is -1"),
        ([("any", "sop", 1, {"scope": "most"})], "price.any.sop.scope is 'most'"),
        ([("any", "sop", 1, {"source": "them"})], r"source is 'them', which \[sources\] does not"),
        ([("any", "sop", 1, {"covers": ["soup"]})], "price.any.sop.covers must be a list of terms"),
        ([("any", "sop", 1, {"minimum": "yes"})], "price.any.sop.minimum must be true or false"),
        ([("any", "soup", 1)], "price.any.soup is not known; use one of: address_add"),
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
    with pytest.raises(ConfigError, match="no profile 'loihi9'; choose one of ac-mac"):
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
