"""Which edges of a loop carry a step, and the order in which one step runs."""

from __future__ import annotations

from itertools import permutations

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnvae.deploy.loops import Edge, implicit_delays, step_order
from snnvae.errors import ConfigError

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


@pytest.mark.parametrize(
    ("edges", "names", "disputed"),
    [
        ("ia ib ab ba", "'a', 'b'", "a,b or b,a"),
        ("ia ib ic ab bc ca", "'a', 'b', 'c'", "a,b or b,c or c,a"),
        ("id da db ab ba", "'a', 'b'", "a,b or b,a"),
        ("ia ib ac cb ba", "'a', 'b'", "b,a or c,b"),
        ("ia ib ac ca bc cb ab", "'a', 'b'", "a,b"),
        ("bc cb", "'b', 'c'", "b,c or c,b"),
    ],
)
def test_what_only_names_could_decide_is_a_question(edges: str, names: str, disputed: str) -> None:
    """Two or three that inhibit each other, a hub between them, a ring that no input reaches."""
    with pytest.raises(ConfigError, match="nothing says which edge") as error:
        late(edges)
    assert f"the populations {names} are in one loop" in str(error.value)
    assert f"pass `delay_edges` {disputed} (or several" in str(error.value)


def test_a_tie_that_decides_nothing_is_none() -> None:
    """c ⇄ a and c ⇄ b: whichever comes first, both ways back from c are late."""
    assert late("ia ib ac ca bc cb") == {"ca", "cb"}
    assert late("ia ib aa bb ab") == {"aa", "bb"}


def test_an_inner_loop_remains_and_is_opened_too() -> None:
    """a → b → c → a, and b ⇄ c within: the header a opens the outer one only."""
    assert late("ia ab bc ca cb") == {"ca", "cb"}


def by_one_order(names: list[str], edges: list[Edge]) -> set[Edge]:
    """As the docstring says it, taking the headers of a component in the order of the names."""
    graph = nx.DiGraph([("i", "a"), *edges])
    distance = nx.single_source_shortest_path_length(graph, "i")
    found: set[Edge] = set()
    while loops := list(nx.simple_cycles(graph)):
        inside = next(c for c in nx.strongly_connected_components(graph) if loops[0][0] in c)
        header = min(inside, key=lambda n: (distance.get(n, 99), names.index(n)))
        back = [(a, header) for a in list(graph.predecessors(header)) if a in inside]
        graph.remove_edges_from(back)
        found.update(back)
    return found


@given(edge_lists)
def test_what_is_late_is_so_by_any_name_or_is_a_question(edges: list[Edge]) -> None:
    orders = [list(order) for order in permutations("abc")]
    found = [by_one_order([*order, *"def"], edges) for order in orders]
    found += [by_one_order([*"fed", *order], edges) for order in orders]
    try:
        carried = implicit_delays("iabcdef", ["i"], [("i", "a"), *edges])
    except ConfigError:
        every = [by_one_order(list(order), edges) for order in permutations(NAMES)]
        assert any(one != every[0] for one in every)
    else:
        assert all(one == carried for one in found)


@given(edge_lists, st.permutations(NAMES))
def test_what_is_not_late_has_an_order(edges: list[Edge], names: list[str]) -> None:
    """No cycle is left, nothing outside of loops is late, and the listing order has no say."""

    def asked(order: list[str], pairs: list[Edge]) -> set[Edge] | str:
        try:
            return implicit_delays(["i", *order], ["i"], pairs)
        except ConfigError as error:
            return str(error)

    carried = asked(names, [("i", "a"), *edges])
    assert carried == asked(names[::-1], [*edges[::-1], ("i", "a")])
    if isinstance(carried, str):
        return
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
