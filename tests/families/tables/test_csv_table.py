"""Tables in CSV files: gaps, kinds of values, and what each mistake is told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from snnvae.draws.evidence import Variable
from snnvae.errors import ConfigError, DataError
from snnvae.families.tables.csv_table import CsvTable
from snnvae.families.tables.data import load

TEXT = "dose,colour\n10,red\n2,?\n,blue\n 2 ,red\n\n"


def table(folder: Path, text: str) -> CsvTable:
    path = folder / "t.csv"
    path.write_bytes(text.encode())
    return CsvTable.read(path)


def test_numbers_are_sorted_by_size_and_gaps_are_no_values(tmp_path: Path) -> None:
    found = table(tmp_path, TEXT)
    variables = found.variables()
    assert variables == (Variable("dose", ("2", "10")), Variable("colour", ("blue", "red")))
    np.testing.assert_array_equal(found.places(variables), [[1, 1], [0, -1], [-1, 0], [0, 1]])


def test_words_that_python_takes_for_numbers_have_their_place(tmp_path: Path) -> None:
    cells = "".join(f"{word},x\n" for word in ("nan", "1", "2", "NaN", "inf", "-3"))
    found = table(tmp_path, f"a,b\n{cells}?,y\n").variables()[0]
    assert found == Variable("a", ("-3", "1", "2", "NaN", "inf", "nan"))


def test_rows_without_any_value_are_no_rows(tmp_path: Path) -> None:
    table(tmp_path, "a,b\n" + "?,?\n" * 20 + "x,y\nz,y\nx,w\n")
    source = load(str(tmp_path / "t.csv"))
    assert sum(map(len, source.split(10, 0))) == 3
    table(tmp_path, "a,b\n" + "?,?\n" * 20 + "x,y\nz,w\n")
    with pytest.raises(DataError, match="has 2 rows with any value; give three or more"):
        load(str(tmp_path / "t.csv"))


def test_columns_may_stand_in_another_order(tmp_path: Path) -> None:
    variables = table(tmp_path, TEXT).variables()
    other = table(tmp_path, "colour,dose\nred,2\n")
    np.testing.assert_array_equal(other.places(variables), [[0, 1]])


def test_what_is_filled_in_changes_nothing_else(tmp_path: Path) -> None:
    text = '\ufeff"a""b",dose,,"no, te"\r\n x, ?,"","=1+1"\r\n\r\n"y, z",2 , ,last'
    found = table(tmp_path, text)
    assert found.columns == ('a"b', "dose", "", "no, te")
    assert found.cells == [["x", "", "", "=1+1"], ["y, z", "2", "", "last"]]
    assert found.filled({}) == text
    filled = found.filled({(0, 1): "=2", (0, 2): "a", (1, 2): "b,c"})
    lines = ['"a""b",dose,,"no, te"', ' x, =2,"a","=1+1"', "", '"y, z",2 ,"b,c",last']
    assert filled == "\ufeff" + "\r\n".join(lines)


def test_further_columns_say_nothing(tmp_path: Path) -> None:
    variables = table(tmp_path, TEXT).variables()
    other = table(tmp_path, ",dose,note,colour,note\n1,2,?,red,x\n")
    np.testing.assert_array_equal(other.places(variables), [[0, 1]])
    assert other.filled({}) == ",dose,note,colour,note\n1,2,?,red,x\n"


def test_more_columns_than_a_network_has_variables_are_no_table_to_learn(tmp_path: Path) -> None:
    names = ",".join(f"v{i}" for i in range(501))
    row = ",".join("1" * 501)
    (tmp_path / "wide.csv").write_text(f"{names}\n{row}\n")
    with pytest.raises(DataError, match="has 501 variables; give 2 to 500 of them"):
        load(str(tmp_path / "wide.csv"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "has 0 columns; give a header"),
        ("a\n1\n", "has 1 columns"),
        ("a,b\n", "has a header and no rows"),
        ("a,a\n1,2\n2,1\n", "column 'a' a second time"),
        ("a,\n1,2\n2,1\n", "column 2 has no name"),
        ("a,b\n1,2\n1\n", "row 2: 1 cells for 2 columns"),
        ('a,b\n"1,2\n', "line 2: a quote that is not closed"),
        ('a,b\n"1"2,2\n', "line 2: more behind a quoted cell"),
        ('a,b\n1,"2\n3\n', "line 2: a quote that is not closed"),
    ],
)
def test_what_is_no_table_is_told_in_one_line(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(DataError) as error:
        table(tmp_path, text).variables()
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_a_column_of_one_value_or_of_too_many_is_no_variable(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="column 'b' has 1 values"):
        table(tmp_path, "a,b\n1,2\n2,2\n").variables()
    many = "a,b\n" + "\n".join(f"{i % 2},{i}" for i in range(65))
    with pytest.raises(DataError, match="column 'b' has 65 values, where 2 to 64 are"):
        table(tmp_path, many).variables()


def test_an_unseen_value_is_named_with_its_place_and_what_is_known(tmp_path: Path) -> None:
    variables = table(tmp_path, TEXT).variables()
    other = table(tmp_path, "dose,colour\n2,red\n2,green\n")
    with pytest.raises(DataError) as error:
        other.places(variables)
    assert str(error.value) == (
        f"{tmp_path / 't.csv'}, row 2, column 'colour': the value 'green' is none of blue, red; "
        "mend it, or leave it empty"
    )
    with pytest.raises(DataError, match="lacks the column 'dose'; add it, empty where"):
        table(tmp_path, "colour,x\nred,2\n").places(variables)


def test_a_source_holds_out_rows_that_are_not_trained_on(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n" + "".join(f"{i},{i}\n" for i in range(40)))
    source = load("t.csv", tmp_path)
    train, held_out = source.split(0, 3)
    assert len(train) == 36
    assert {*train[:, 0]} | {*held_out[:, 0]} == {*range(40)}
    with pytest.raises(ConfigError, match=r"use asia, sachs, child, FILE.bif or FILE.csv"):
        load("asja")
