from __future__ import annotations

import pytest

from snnvae.evaluate.picture.text import (
    cells,
    number,
    packed,
    printable,
    seconds,
    shortened,
    span,
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain name", "plain name"),
        ("two\nlines", "two\\nlines"),
        ("bell\x07", "bell\\x07"),
        ("turned \u202e round", "turned \\u202e round"),
        ("lone \ud800", "lone \\ud800"),
        ("層 é", "層 é"),
    ],
)
def test_what_cannot_be_seen_is_written_out(text: str, shown: str) -> None:
    assert printable(text) == shown
    shown.encode("utf-8")


def test_wide_characters_take_two_cells() -> None:
    assert cells("ab") == 2
    assert cells("層a") == 3
    assert cells("e\u0301") == 1


@pytest.mark.parametrize("text", ["W" * 300, "層" * 100, "a" * 11])
@pytest.mark.parametrize("most", [10, 11])
def test_long_text_loses_its_middle(text: str, most: int) -> None:
    shown = shortened(text, most)
    assert cells(shown) <= most
    assert shown[0] == shown[-1] == text[0]
    assert ("…" in shown) == (cells(text) > most)


def test_words_fill_lines_in_their_order() -> None:
    assert packed(["ab", "cd", "ef"], 7) == ["ab · cd", "ef"]
    assert packed(["x" * 9, "y"], 5) == ["xx…xx", "y"]
    assert packed([], 5) == []


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0 s"),
        (1e-3, "1 ms"),
        (0.00025, "250 µs"),
        (2, "2 s"),
        (1e-12, "0.001 ns"),
        (-2, "−2 s"),
    ],
)
def test_times_have_their_unit(value: float, text: str) -> None:
    assert seconds(value) == text


def test_ranges() -> None:
    assert span([1, 1], number) == "1"
    assert span([0.5, -2, 1], number) == "−2 … 1"
    assert span([], number) == "none"
