"""One table in each of its forms."""

from __future__ import annotations

import csv
from io import StringIO

import pytest

from snnvae import table
from snnvae.table import Table

SMALL = Table(("name", "n"), [("x", 1), ("y", 20)])


def test_a_terminal_has_numbers_to_the_right() -> None:
    assert SMALL.as_text() == " name    n\n ─────────\n x       1\n y      20"
    told = Table(("name", "n"), [("x", 1)], text={0, 1}, foot=("sum", 100))
    assert told.as_text(ruled=False) == "name  n\nx     1\nsum   100"
    assert Table(("a", "b"), []).as_text() == " a   b\n ─────"


def test_columns_are_as_wide_as_what_one_sees() -> None:
    lines = Table(("a", "b"), [("層", "x"), ("e\u0301", "y")]).as_text().splitlines()
    assert lines[2:] == [" 層   x", " e\u0301    y"]


def test_markdown() -> None:
    assert SMALL.as_markdown() == "| name | n |\n|---|---|\n| x | 1 |\n| y | 20 |"
    numbers = Table(("a", "b"), [], text={0}, foot=("sum", "2"))
    assert numbers.as_markdown() == "| a | b |\n|---|---:|\n| sum | 2 |"
    marked = Table(("a",), [("`x` | [y](z)",)])
    assert marked.as_markdown(marked=True).endswith("| `x` \\| [y](z) |")
    assert marked.as_markdown().endswith("| \\`x\\` \\| \\[y\\](z) |")


def test_html() -> None:
    table = Table(("a", "<b>"), [("x & y", 1)], text={0}, foot=("sum", 1), caption="c")
    assert table.as_html().splitlines() == [
        "<table>",
        "<caption>c</caption>",
        '<thead><tr><th scope="col" class="text">a</th><th scope="col">&lt;b&gt;</th></tr></thead>',
        "<tbody>",
        '<tr><th scope="row">x &amp; y</th><td>1</td></tr>',
        "</tbody>",
        '<tfoot><tr><th scope="row">sum</th><td>1</td></tr></tfoot>',
        "</table>",
    ]
    assert SMALL.as_html(bare=True).startswith(
        "<table><caption></caption><tr><th>name</th><th>n</th></tr><tr><td>x</td><td>1</td></tr>"
    )


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1;2", "-x", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "＝1"],
)
def test_a_spreadsheet_takes_no_text_for_a_formula(text: str) -> None:
    (_, (cell,)) = csv.reader(StringIO(Table(("a",), [(text,)]).as_csv()))
    assert not cell.lstrip().startswith(tuple("=+-@＝\t\r"))
    assert text.strip().lstrip("=+-@＝") in cell


def test_text_of_the_users_own_stays_as_it_is() -> None:
    assert Table(("a", "b"), [("=1", 2)]).as_csv(verbatim=True) == "a,b\n=1,2\n"


def test_numbers_of_a_spreadsheet_stay_numbers() -> None:
    row = (-1.5, 1e-300, 0.1 + 0.2, "-1.5", "+2e3", "", None)
    _, line = Table("abcdefg", [row]).as_csv().splitlines()
    assert line == f"-1.5,1e-300,{0.1 + 0.2!r},-1.5,+2e3,,"


HOSTILE = "a\x1b[31mb\x00|\u202ec\x85<i>\nd" + 9000 * "x"


def test_no_form_passes_on_what_cannot_be_seen() -> None:
    table = Table((HOSTILE, "b"), [(HOSTILE, HOSTILE)], foot=(HOSTILE, ""), caption=HOSTILE)
    forms = {
        "text": table.as_text(),
        "flat": table.as_text(ruled=False),
        "markdown": table.as_markdown(),
        "marked": table.as_markdown(marked=True),
        "html": table.as_html(),
        "bare": table.as_html(bare=True),
        "csv": table.as_csv(),
    }
    for name, form in forms.items():
        assert form.replace("\n", "").isprintable(), name
        assert len(form) < 7000, name
        assert "\\x1b" in form.replace("\\\\", "\\"), name
        assert "…" in form, name
    lines = {name: form.count("\n") for name, form in forms.items()}
    del lines["csv"], lines["html"]
    assert lines == {"text": 3, "flat": 2, "markdown": 3, "marked": 3, "bare": 0}
    assert len(list(csv.reader(StringIO(forms["csv"])))) == 3


def test_on_a_terminal_texts_give_way_and_numbers_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Table(("name", "n"), [("a" * 90, 123456), ("b", 1)])
    whole = made.as_text()
    monkeypatch.setattr(table, "_width", 40)
    fitted = made.as_text().splitlines()
    assert max(map(len, fitted)) == 40
    assert fitted[2].endswith("123456")
    assert "…" in fitted[2]
    monkeypatch.setattr(table, "_width", 10)
    assert max(map(len, made.as_text().splitlines())) > 10  # no narrower than can be read
    monkeypatch.setattr(table, "_width", None)
    assert made.as_text() == whole
