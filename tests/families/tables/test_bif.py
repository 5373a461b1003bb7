"""Networks in .bif files: what is read, and what each mistake in a file is told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from bif_files import write_bif

from snnvae.errors import DataError
from snnvae.families.tables.bif import read_bif
from snnvae.families.tables.data import NETWORKS, load

RAIN = """// a comment
network weather { property "author; nobody"; }
variable road { type discrete [ 2 ] { wet, dry }; }
variable rain { type discrete [ 2 ] { yes, no }; property seen = often; }
variable <5cm { type discrete [ 3 ] { "0-1", 2/3, >4 }; } /* names
hold anything */
probability ( rain ) { table 0.3, 0.7; }
probability ( road | rain ) { (yes) 0.9, 0.1; default 0.2, 0.8; }
probability ( <5cm | road, rain ) {
  (wet, yes) 1, 0, 0; (wet, no) 0, 1, 0; (dry, yes) 0, 0, 1; (dry, no) 0.333, 0.333, 0.333;
}
"""


def read(folder: Path, text: str) -> object:
    path = folder / "weather.bif"
    path.write_text(text)
    return read_bif(path)


def test_parents_come_first_and_rows_are_found_by_their_values(tmp_path: Path) -> None:
    network = read(tmp_path, RAIN)
    assert [v.name for v in network.variables] == ["rain", "road", "<5cm"]
    assert network.variables[2].values == ("0-1", "2/3", ">4")
    assert network.parents == ((), (0,), (1, 0))
    np.testing.assert_allclose(network.tables[1], [[0.9, 0.1], [0.2, 0.8]])
    np.testing.assert_allclose(network.tables[2][1, 1], 1 / 3)
    np.testing.assert_allclose(network.tables[2][1, 0], [0, 0, 1])


def test_a_table_runs_through_its_own_values_slowest(tmp_path: Path) -> None:
    listed = RAIN.replace("(yes) 0.9, 0.1; default 0.2, 0.8;", "table 0.9, 0.2, 0.1, 0.8;")
    np.testing.assert_allclose(read(tmp_path, listed).tables[1], [[0.9, 0.1], [0.2, 0.8]])


@pytest.mark.parametrize("name", NETWORKS)
def test_what_is_written_is_read_as_the_same(name: str, tmp_path: Path) -> None:
    network = load(name).network
    again = read(tmp_path, write_bif(network, name, ["of nobody"]))
    assert again.variables == network.variables
    assert again.parents == network.parents
    for one, other in zip(again.tables, network.tables, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-15)


def test_the_networks_that_ship_are_those_of_the_literature() -> None:
    sizes = {name: load(name).network for name in NETWORKS}
    edges = {name: sum(map(len, network.parents)) for name, network in sizes.items()}
    assert edges == {"asia": 8, "sachs": 17, "child": 25}
    assert [len(network.variables) for network in sizes.values()] == [8, 11, 20]
    assert [sum(len(v.values) for v in n.variables) for n in sizes.values()] == [16, 33, 60]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("0.3, 0.7", "0.3, 0.6", "of 'rain' sum up to 0.9, not 1; mend them"),
        ("0.3, 0.7", "0.3, x", "'x' of 'rain' is no probability"),
        ("0.3, 0.7", "0.3, nan", "'nan' of 'rain' is no probability"),
        ("0.3, 0.7", "1.3, -0.3", "'1.3' of 'rain' is no probability"),
        ("0.3, 0.7", "0.3, 0.3, 0.4", "'rain' has 3 probabilities, needs 2"),
        ("(yes) 0.9, 0.1", "(yes) 0.9", "'road' has 1 probabilities in a row, needs 2"),
        ("(yes) 0.9", "(maybe) 0.9", "line 8: 'rain' has no value 'maybe'; it has yes, no"),
        ("(yes) 0.9", "(yes, no) 0.9", "2 values for 1 parents"),
        ("default 0.2, 0.8;", "", "'road' has no probabilities given rain=no; add them"),
        ("default 0.2", "(yes) 0.2", "a row of 'road' a second time"),
        ("( road | rain )", "( road | rain, rain )", "'road' has a parent twice, or itself"),
        ("( road | rain )", "( road | snow )", "'snow' is no variable of the file; state it"),
        ("( road | rain )", "( rain | road )", "probabilities of 'rain' a second time"),
        ("( rain ) { table 0.3, 0.7; }", "( rain | road ) { default 0.3, 0.7; }", "in a circle"),
        ("[ 2 ] { wet, dry }", "[ 3 ] { wet, dry }", "'road' has 2 values, not 3"),
        ("[ 2 ] { wet, dry }", "[ 2 ] { wet, wet }", "'road' has a value twice"),
        ("[ 2 ] { wet, dry }", "[ 1 ] { wet }", "'road' has 1 values; give two or more"),
        ("variable rain", "variable road", "variable 'road' a second time"),
        ("probability ( rain ) { table 0.3, 0.7; }", "", "'rain' has no probabilities; add them"),
        ("type discrete", "type continuous", "'continuous' where discrete is due"),
        ("0.8; }", "0.8;", "where table or default or property or ( or } is due"),
        (RAIN, RAIN[:-20], "the file ends too soon; give a whole one"),
        (RAIN, "", "no variable; give a file of a network"),
        (
            "discrete [ 2 ] { wet, dry }",
            'discrete [ 2 ] { "wet, dry }',
            "line 3: a quote that",
        ),
        ("anything */", "anything", "line 5: a comment that is not closed"),
        ("property seen = often;", 'property "seen = often;', "line 4: a quote that is not closed"),
        (RAIN, "\x00\x01", "where network or variable or probability is due"),
    ],
)
def test_a_mistake_is_told_in_one_line(old: str, new: str, said: str, tmp_path: Path) -> None:
    assert old in RAIN
    with pytest.raises(DataError) as error:
        read(tmp_path, RAIN.replace(old, new, 1))
    assert said in str(error.value)
    assert str(error.value).startswith(str(tmp_path / "weather.bif"))
    assert "\n" not in str(error.value)


def test_a_bomb_of_parents_is_refused_before_its_table_is_made(tmp_path: Path) -> None:
    names = [f"v{i}" for i in range(40)]
    lines = [f"variable {name} {{ type discrete [ 2 ] {{ a, b }}; }}" for name in names]
    lines.append(f"probability ( v0 | {', '.join(names[1:])} ) {{ default 0.5, 0.5; }}")
    with pytest.raises(DataError, match=r"more than 4,194,304 probabilities up to 'v0'"):
        read(tmp_path, "\n".join(lines))


def test_what_is_no_text_and_what_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "a.bif").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match="not UTF-8 text; give a BIF file"):
        read_bif(tmp_path / "a.bif")
    with pytest.raises(DataError, match="cannot read"):
        read_bif(tmp_path / "b.bif")
