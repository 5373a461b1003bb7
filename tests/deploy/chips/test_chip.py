"""Chips: every number has its unit and source, and a damaged file says where."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from snnvae.deploy.chips.chip import LIMITS, builtin_chips, load_chip
from snnvae.errors import ConfigError

TEXT = (files("snnvae.deploy") / "chips" / "loihi1.toml").read_text("utf8")


def test_the_chips_that_come_with_snnvae() -> None:
    assert builtin_chips() == ("loihi1", "loihi2")


@pytest.mark.parametrize("name", builtin_chips())
def test_every_number_has_a_source_or_a_reason_to_be_absent(name: str) -> None:
    chip = load_chip(name)
    assert {*chip.limits} | {*chip.absent} == set(LIMITS)
    for key, limit in chip.limits.items():
        assert limit.unit == LIMITS[key]
        assert len(limit.source) > 30
        assert limit.grade
    assert all(chip.absent.values())
    assert len(chip.synapse.source) > 30


def test_published_numbers() -> None:
    one, two = load_chip("loihi1"), load_chip("loihi2")
    assert (one.limit("neurons_per_core"), two.limit("neurons_per_core")) == (1024, 8192)
    assert one.limit("memory_per_core") == 16 * 2**20 // 128
    assert two.limit("memory_per_core") == 192 * 1024
    assert two.limit("in_axons_per_core") is None
    with pytest.raises(KeyError):
        one.limit("colour")


@pytest.mark.parametrize(
    ("synapses", "bits", "words"),
    [(0, 18, 0), (1, 18, 1), (3, 18, 1), (4, 18, 2), (64, 18, 19), (65, 18, 20), (128, 8, 18)],
)
def test_loihi_1_packs_synapses_as_nengo_loihi_counts_them(
    synapses: int, bits: int, words: int
) -> None:
    """nengo-loihi: blocks of 64, n·bits + 4 + 6 bits each, rounded up to 64."""
    packed = load_chip("loihi1").synapse.axon_bits(np.array(synapses), bits)
    assert packed == 64 * words


@pytest.mark.parametrize(
    ("neurons", "bits"), [(1, 6), (64, 6), (65, 7), (1024, 10), (1025, 11), (10**6, 12)]
)
def test_the_index_is_the_least_format_that_holds_it(neurons: int, bits: int) -> None:
    assert load_chip("loihi1").synapse.index_width(neurons) == bits


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("format = 1", "format = 2", "format is 2"),
        ("value = 1024", "value = -3", "value is -3"),
        ("value = 1024", "value = true", "value is True"),
        ('unit = "cores"', 'unit = "horses"', "must be 'cores'"),
        ('source = "lava_lif"', 'source = "hearsay"', "'hearsay' is not in"),
        ("[limit.cores_per_chip]", "[limit.colours]", "colours is not known"),
        ("[absent]", "[absent]\nstate_bits = 'unknown'", "absent.state_bits has a value as well"),
        ("max_delay =", "max_daley =", "max_daley is not known"),
        ("[absent]\n", "[missing]\n", "max_delay must be given, or absent with a reason"),
        ("shared_kernels = false", "shared_kernels = 0", "must be true or false"),
        ("index_bits = [0,", "index_bits = [9,", "rising numbers"),
        ("[synapse]", "[synapse", "not TOML"),
        ('grade = "published"', 'grade = ""', "grade must be a text"),
    ],
)
def test_a_mistake_in_a_file_is_named(old: str, new: str, message: str, tmp_path: Path) -> None:
    assert old in TEXT
    path = tmp_path / "mine.toml"
    path.write_text(TEXT.replace(old, new, 1))
    with pytest.raises(ConfigError, match=message) as error:
        load_chip(path)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


def test_a_limit_that_placing_needs_cannot_be_absent(tmp_path: Path) -> None:
    start, _, rest = TEXT.partition("[limit.neurons_per_core]")
    rest = rest[rest.index("[limit.memory_per_core]") :]
    text = (start + rest).replace("[absent]", "[absent]\nneurons_per_core = 'unknown'")
    (tmp_path / "mine.toml").write_text(text)
    with pytest.raises(ConfigError, match="neurons_per_core is needed"):
        load_chip(tmp_path / "mine.toml")


def test_an_unknown_chip_or_file() -> None:
    with pytest.raises(ConfigError, match=r"no chip 'loihi9'; choose one of loihi1, loihi2"):
        load_chip("loihi9")
    with pytest.raises(ConfigError, match="cannot read chip"):
        load_chip("/nowhere/mine.toml")
