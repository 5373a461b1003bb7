"""Which edges of a loop carry a step, and the order in which one step runs."""

from __future__ import annotations

import networkx as nx
from hypothesis import given
from hypothesis import strategies as st

from snnvae.deploy.loops import implicit_delays, step_order

NAMES = "abcdef"
edge_lists = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), max_size=14)


def late(edges: str, inputs: str = "i", names: str = "iabcdef") -> set[str]:
    pairs = [(edge[0], edge[1]) for edge in edges.split()]
    return {"".join(edge) for edge in implicit_delays(names, list(inputs), pairs)}


def test_a_chain_carries_nothing() -> None:
    assert late("ia ab bc") == set()


def test_the_way_back_into_the_first_that_the_input_reaches() -> None:
    assert late("ia ab bc ca") == {"ca"}
    assert late("ib ab bc ca") == {"ab"}


def test_every_edge_from_inside_into_the_header() -> None:
    assert late("ia ab bc ca ba") == {"ca", "ba"}


def test_a_self_loop() -> None:
    assert late("ia aa ab bb") == {"aa", "bb"}


def test_ties_go_by_name() -> None:
    assert late("ia ib ab ba") == {"ba"}


def test_a_loop_that_no_input_reaches() -> None:
    assert late("bc cb", inputs="i") == {"cb"}
    assert late("bc cb", inputs="") == {"cb"}


def test_an_inner_loop_remains_and_is_opened_too() -> None:
    """a → b → c → a, and b ⇄ c within: the header a opens the outer one only."""
    assert late("ia ab bc ca cb") == {"ca", "cb"}


@given(edge_lists, st.permutations(NAMES))
def test_what_is_not_late_has_an_order(edges: list[tuple[str, str]], names: list[str]) -> None:
    """No cycle is left, nothing outside of loops is late, and the listing order has no say."""
    carried = implicit_delays(["i", *names], ["i"], [("i", "a"), *edges])
    assert carried == implicit_delays(
        ["i", *reversed(names)], ["i"], [*reversed(edges), ("i", "a")]
    )
    graph = nx.DiGraph()
    graph.add_edges_from(edges)
    for a, b in carried:
        assert nx.has_path(graph, b, a)
    now = [edge for edge in edges if edge not in carried]
    position = {name: i for i, name in enumerate(step_order(names, now))}
    assert set(position) == set(names)
    assert all(position[a] < position[b] for a, b in now)


def test_the_order_keeps_the_listing_where_it_may() -> None:
    assert step_order("cab", []) == list("cab")
    assert step_order("cab", [("a", "c")]) == list("acb")
