"""The layout: nothing overlaps, no line crosses a node, loops close where the compiler says."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import nir
import numpy as np
import pytest
from random_graphs import random_graph

from snnvae import zoo
from snnvae.deploy.graph import build_graph
from snnvae.errors import UnsupportedError
from snnvae.evaluate.picture.route import Curve
from snnvae.evaluate.picture.scene import MOST_NODES, Box, Scene, scene
from snnvae.export.nir_file import read_nir


def scenes(whole: Scene) -> Iterator[Scene]:
    yield whole
    for box in whole.boxes:
        if box.inner is not None:
            yield from scenes(box.inner)


def along(curve: Curve) -> list[tuple[float, float]]:
    t = np.linspace(0, 1, 25)
    weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3)
    points = sum(w[:, None] * np.array(p) for w, p in zip(weights, curve))
    return [(float(x), float(y)) for x, y in points]


def inside(box: Box, x: float, y: float, by: float = 0.5) -> bool:
    return box.x + by < x < box.x + box.width - by and box.y + by < y < box.y + box.height - by


def check(whole: Scene, graph: nir.NIRGraph) -> None:
    assert {box.path[-1] for box in whole.boxes} == set(graph.nodes)
    assert sorted(line.edge for line in whole.lines) == sorted(graph.edges)
    for box in whole.boxes:
        assert box.x >= -0.01
        assert box.y >= -0.01
        assert box.x + box.width <= whole.width + 0.01
        assert box.y + box.height <= whole.height + 0.01
        if box.inner is not None:
            assert box.inner.width <= box.width
            assert box.inner.height <= box.height
            check(box.inner, graph.nodes[box.path[-1]])
    for a, b in combinations(whole.boxes, 2):
        apart_x = a.x + a.width <= b.x or b.x + b.width <= a.x
        apart_y = a.y + a.height <= b.y or b.y + b.height <= a.y
        assert apart_x or apart_y, (a.path, b.path)
    boxes = {box.path[-1]: box for box in whole.boxes}
    for line in whole.lines:
        points = [point for curve in line.curves for point in along(curve)]
        for x, y in points:
            assert -0.01 <= x <= whole.width + 0.01, line.edge
            assert -0.01 <= y <= whole.height + 0.01, line.edge
            assert not any(inside(box, x, y) for box in whole.boxes), line.edge
        for end, box, y in (
            (points[0], boxes[line.edge[0]], boxes[line.edge[0]].height),
            (points[-1], boxes[line.edge[1]], 0.0),
        ):
            assert box.x < end[0] < box.x + box.width
            assert end[1] == pytest.approx(box.y + y)
        for before, after in zip(line.curves, line.curves[1:]):
            assert before[-1] == after[0]


def test_nothing_overlaps(drawn_graph: nir.NIRGraph) -> None:
    check(scene(drawn_graph), drawn_graph)


@pytest.mark.parametrize("seed", range(60))
def test_nothing_overlaps_in_any_graph(seed: int) -> None:
    graph = random_graph(seed).graph
    check(scene(graph), graph)


@pytest.mark.parametrize("name", ["digits-esvae", "digits-fsvae"])
def test_nothing_overlaps_in_the_zoo(name: str) -> None:
    graph = read_nir(zoo.path(name))
    check(scene(graph, dt=1e-3), graph)


def crossings(drawn: Scene) -> int:
    """How often two lines cross."""
    lines = [np.array([p for curve in line.curves for p in along(curve)]) for line in drawn.lines]

    def side(a: np.ndarray, b: np.ndarray, p: np.ndarray) -> np.ndarray:
        (ux, uy), (vx, vy) = np.moveaxis(b - a, -1, 0), np.moveaxis(p - a, -1, 0)
        return ux * vy - uy * vx

    count = 0
    for one, other in combinations(lines, 2):
        a, b, c, d = one[:-1, None], one[1:, None], other[None, :-1], other[None, 1:]
        apart = (side(a, b, c) * side(a, b, d) < 0) & (side(c, d, a) * side(c, d, b) < 0)
        count += int(apart.sum())
    return count


def test_what_need_not_cross_does_not(nets: Any) -> None:
    """Chains whose nodes are named in another order at each depth, one of them with a loop."""
    nodes = {"in": nets.source(2)}
    for depth, order in enumerate(("0123", "3120", "1302")):
        nodes |= {f"n{i}{depth}": nets.lif(2) for i in order}
    nodes["out"] = nets.sink(2)
    chains = [f"in n{i}0 n{i}1 n{i}2 out" for i in range(4)]
    assert crossings(scene(nets.graph(nodes, *chains))) == 0
    assert crossings(scene(nets.graph(nodes, *chains, "n12 n10"))) <= 1


def test_few_lines_cross() -> None:
    assert sum(crossings(scene(random_graph(seed).graph)) for seed in range(30)) < 20


def test_a_long_chain_is_folded(nets: Any) -> None:
    drawn = []
    for count in (3, 38):
        nodes = {"in": nets.source(2)}
        nodes |= {f"n{i}": nets.lif(2) for i in range(count)}
        drawn.append(scene(nets.chain({**nodes, "out": nets.sink(2)})))
    short, long = drawn
    assert len({box.x + box.width / 2 for box in short.boxes}) == 1
    assert 0.7 < long.width / long.height < 2.5


def edges_that_close(graph: nir.NIRGraph) -> set[tuple[str, str]]:
    return {line.edge for line in scene(graph).lines if line.closes}


def test_a_loop_closes_behind_its_delay(nets: Any) -> None:
    nodes = {
        "in": nets.source(2),
        "a": nets.lif(2),
        "late": nets.delay(2),
        "w": nets.affine(np.eye(2)),
        "out": nets.sink(2),
    }
    graph = nets.graph(nodes, "in a out", "a late w a")
    assert edges_that_close(graph) == {("late", "w")}


def test_a_loop_without_a_delay_closes_at_its_first_node(nets: Any) -> None:
    nodes = {
        "in": nets.source(2),
        "a": nets.lif(2),
        "w": nets.affine(np.eye(2)),
        "out": nets.sink(2),
    }
    graph = nets.graph(nodes, "in a w a", "a out")
    assert edges_that_close(graph) == {("w", "a")}
    boxes = {box.path[-1]: box for box in scene(graph).boxes}
    assert boxes["a"].y < boxes["w"].y


def test_a_delay_outside_a_loop_closes_none(nets: Any) -> None:
    nodes = {
        "in": nets.source(2),
        "late": nets.delay(2),
        "a": nets.lif(2),
        "out": nets.sink(2),
    }
    assert edges_that_close(nets.chain(nodes)) == set()


def test_a_self_loop_is_drawn(nets: Any) -> None:
    nodes = {"in": nets.source(2), "a": nets.lif(2), "out": nets.sink(2)}
    graph = nets.graph(nodes, "in a out", "a a")
    assert edges_that_close(graph) == {("a", "a")}
    check(scene(graph), graph)


def test_a_small_loop_stays_beside_its_nodes(nets: Any) -> None:
    """Its way up is next to them, not past the branches beside."""
    nodes = {"in": nets.source(2), "sum": nets.lif(2), "out": nets.sink(2)}
    edges = [("sum", "out")]
    for i in range(5):
        nodes |= {f"n{i}": nets.lif(2), f"w{i}": nets.affine(np.eye(2))}
        edges += [("in", f"n{i}"), (f"n{i}", f"w{i}"), (f"w{i}", f"n{i}"), (f"n{i}", "sum")]
    drawn = scene(build_graph(nodes, edges))
    widths = {box.path[-1]: box.width for box in drawn.boxes}
    loops = [line for line in drawn.lines if line.closes]
    assert len(loops) == 5
    for line in loops:
        xs = [x for curve in line.curves for x, _ in curve]
        assert max(xs) - min(xs) < 2 * widths[line.edge[1]], line.edge


def test_too_large_a_graph_is_refused(nets: Any) -> None:
    nodes = {"in": nets.source(2)}
    nodes |= {f"n{i}": nets.threshold(2) for i in range(MOST_NODES)}
    nodes["out"] = nets.sink(2)
    graph = build_graph(nodes, list(zip(nodes, list(nodes)[1:])))
    with pytest.raises(UnsupportedError, match="402 nodes and 401 edges are too many") as caught:
        scene(graph)
    assert "\n" not in str(caught.value)


def test_the_same_graph_gives_the_same_picture() -> None:
    assert scene(random_graph(48).graph) == scene(random_graph(48).graph)
