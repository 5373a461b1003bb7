from __future__ import annotations

import pytest

from snnvae.evaluate.picture.text import number, packed, seconds, span


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
