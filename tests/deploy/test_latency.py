"""Loops that hardware takes longer for than the graph says."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnvae.deploy.latency import accept_latency, needed_steps, short_loops, shortest_loop
from snnvae.deploy.timing import schedule
from snnvae.primitives import OneToOne
from snnvae.program import Connection

NAMES = "abcde"


def connection(source: str, target: str, delay: int) -> Connection:
    name = f"{source}{target}{delay}"
    return Connection(name, source, target, OneToOne.plain((1,)), delay)


def connections(text: str) -> tuple[Connection, ...]:
    """ "ab0 ba1": from a to b at once, and back a step later."""
    return tuple(connection(word[0], word[1], int(word[2])) for word in text.split())


@pytest.mark.parametrize(
    ("text", "groups"),
    [
        ("ab0 bc0", ()),
        ("aa1", (("a",),)),
        ("aa2", ()),  # a synapse and the relay that ends a sample's past
        ("ab0 ba2", (("a", "b"),)),
        ("ab0 ba3", ()),
        ("ab0 bc0 cb2 cd0", (("b", "c"),)),
        ("ab0 ba1 cd0 dc1", (("a", "b"), ("c", "d"))),
    ],
)
def test_a_loop_is_short_if_it_has_fewer_steps_than_its_synapses_take(
    text: str, groups: tuple[tuple[str, ...], ...]
) -> None:
    assert short_loops(NAMES, connections(text)) == groups


def test_the_loop_is_named_with_what_it_has_and_needs() -> None:
    loop = shortest_loop("abc", connections("ab0 bc0 ca1"))
    assert (set(loop.layers), loop.steps, loop.needed) == (set("abc"), 1, 4)


def test_accepting_lengthens_only_what_carries_the_past() -> None:
    found = accept_latency(NAMES, connections("ab0 bc0 ca1 cd0"))
    assert [(c.name, c.delay) for c in found] == [("ab0", 0), ("bc0", 0), ("ca1", 4), ("cd0", 0)]


@given(
    st.lists(
        st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES), st.integers(0, 4)), max_size=12
    )
)
def test_what_was_accepted_always_fits(edges: list[tuple[str, str, int]]) -> None:
    # Within a step the order a … e holds, so what leads back is delayed.
    valid = {(a, b, max(d, int(a >= b))) for a, b, d in edges}
    given_ = tuple(connection(*edge) for edge in sorted(valid))
    found = accept_latency(NAMES, given_)
    assert short_loops(NAMES, found) == ()
    assert all(new.delay >= old.delay for old, new in zip(given_, found))
    if not short_loops(NAMES, given_):
        assert found == given_
    assert all(needed_steps(c) == (2 if c.delay else 1) for c in found)


def test_the_option_makes_a_program_of_stock_processes(nets: Any) -> None:
    """in → a → b → a: the spike that came round after one step comes after three."""
    nodes = {
        "in": nets.source(1),
        "a": nets.threshold(1),
        "b": nets.threshold(1),
        "out": nets.sink(1),
    }
    graph = nets.graph(nodes, "in a b a", "b out")
    as_it_is = nets.compiled(graph)
    assert as_it_is.groups == (("a", "b"),)
    accepted = nets.compiled(graph, loop_latency="accept")
    assert accepted.groups == ()
    assert accepted.lengthened == {"b->a": (1, 3)}
    assert schedule(accepted).depths == {"a": 1, "b": 2}
    fired = nets.run(graph, [[1]] + [[0]] * 6, loop_latency="accept").spikes["a"].ravel()
    assert fired.tolist() == [True, False, False, True, False, False, True]
