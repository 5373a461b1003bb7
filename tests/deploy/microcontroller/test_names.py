"""Names of nodes are anybody's text: in code they are safe identifiers and comments, no more."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from in_code import RUST, C, Language, assert_same, in_each, summed

from snnvae.deploy.microcontroller.names import Names, in_comment
from snnvae.deploy.microcontroller.network import Network
from snnvae.primitives import Linear
from snnvae.program import Program
from snnvae.stimulus import Stimulus

HOSTILE = (
    "*/ int main(void){return 1;} /*",
    "a *??/\n/ b",
    "ends in a backslash \\",
    "ends in a trigraph ??/",
    "// /* nested",
    "int",
    "uint32_t",
    "linux",
    "0 begins with a digit",
    "a.b",
    "a_b",
    "a b",
    "ä ö 漢字 \u202e turned",
    '"quoted" %s %n @{title} ${x} $(HOME)',
    "\n#include \"/etc/passwd\"\n",
    "\x00\x1b[2J",
    "",
    "l" * 5000,
    "l" * 5000 + "m",
    "_Static",
    "S",
    "sum",
    "net_step",
)  # fmt: skip


@given(names=st.lists(st.text(max_size=30), unique=True, max_size=20))
def test_identifiers_are_valid_and_each_is_one_s_own(names: list[str]) -> None:
    made = Names(names)
    found = [made[name] for name in names]
    assert len(set(found)) == len(names)
    assert all(re.fullmatch("[A-Za-z0-9][A-Za-z0-9_]*", each) for each in found)
    assert all(len(each) <= 46 for each in found)
    assert [Names(names)[name] for name in names] == found


@given(name=st.text(max_size=50))
def test_a_comment_stays_one(name: str) -> None:
    text = in_comment(name)
    assert not set(text) & set("*\\?\n\r")
    assert text.isprintable()


def hostile_program() -> Program:
    """A layer for each name, whose input, connection and output have such names too."""
    rng = np.random.default_rng(0)
    weights = {name: Linear((3,), (3,), rng.integers(-8, 9, (3, 3))) for name in HOSTILE}
    return summed(weights)


@in_each
def test_hostile_names_compile_to_what_they_name(language: Language) -> None:
    program = hostile_program()
    streams = {i.name: rng_spikes(i.shape) for i in program.inputs}
    assert_same(program, Stimulus(streams, (0, 1)), language=language)


def test_no_comment_of_c_is_ended_by_a_name() -> None:
    for name, text in C.code(Network.of(hostile_program()), draws_itself=True).items():
        assert "??" not in text, name
        assert not re.search(r"\\\s*$", text, re.MULTILINE), name
        body = text.replace("*/", "") if name == "main.c" else text
        for inside in re.findall(r"/\*(.*?)\*/", body, re.DOTALL):
            assert "/*" not in inside


def rng_spikes(shape: tuple[int, ...]) -> np.ndarray:
    return np.random.default_rng(0).random((2, 5, *shape)) < 0.5


@pytest.mark.parametrize("language", [C, RUST], ids=str)
def test_a_readme_shows_them_as_text(language: Language) -> None:
    sizes = language.dialect.sizes(Network.of(hostile_program()))
    made = language.dialect.texts(sizes, {}, "nothing")["README.md"]
    assert all(line.isprintable() for line in made.split("\n"))
    assert len([line for line in made.split("\n") if line.startswith("| ")]) < 40
