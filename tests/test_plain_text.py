"""Names and titles are anybody's data."""

from __future__ import annotations

import pytest

from snnvae.plain_text import cells, counted, markdown_text, one_line, shortened, visible, words_of


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain name", "plain name"),
        ("two\nlines", "two\\nlines"),
        ("bell\x07", "bell\\x07"),
        ("turned \u202e round", "turned \\u202e round"),
        ("no\u200bwidth", "no\\u200bwidth"),
        ("lone \ud800", "lone \\ud800"),
        ("層 é", "層 é"),
    ],
)
def test_what_cannot_be_seen_is_written_out(text: str, shown: str) -> None:
    assert visible(text) == shown
    shown.encode("utf-8")


def test_one_is_no_plural() -> None:
    said = [counted(n, "step") for n in (0, 1, 2, 1200)]
    assert said == ["0 steps", "1 step", "2 steps", "1,200 steps"]


def test_prose_goes_on_one_line_that_has_an_end() -> None:
    assert one_line("two\n  lines\r\nand\x1b[2J") == "two lines and\\x1b[2J"
    assert cells(one_line("x" * 10**6)) == 1000
    assert one_line("層" * 50, 9) == "層層…層層"


def test_what_an_exception_says() -> None:
    assert words_of(ValueError("two\n   lines  of\x1b[2J\ttext")) == "two lines of\\x1b[2J\\ttext"
    assert words_of(KeyError()) == "KeyError"
    assert words_of(OSError("x" * 10**6)) == "x" * 100 + "…" + "x" * 99


def test_text_is_text_in_markdown() -> None:
    assert markdown_text("- a | b\n`c`") == "\\- a \\| b \\`c\\`"
    assert markdown_text("-1.5") == "-1.5"


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
