"""Messages and hops: by hand on cores that are known, and against a loop over every synapse."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from snnvae.deploy.chips.chip import Chip, load_chip
from snnvae.deploy.chips.cutting import Piece
from snnvae.deploy.chips.demand import Need
from snnvae.deploy.chips.placement import Placement, place
from snnvae.deploy.chips.routing import summary_of
from snnvae.hardware_sim.counter import count
from snnvae.hardware_sim.placement_summary import PlacementSummary
from snnvae.primitives import LIF, LeakyIntegrator, Linear
from snnvae.program import Connection, Input, Layer, Program
from snnvae.recording import Recording

ZERO, ONE = np.zeros(()), np.ones(())
NONE = Need(0, 0, 0, 0)


def network() -> Program:
    """in (2) → a (4) → b (4) → a one step later; membranes of c go to d."""
    lif = LIF(dv=0.5 * ONE, threshold=ONE)
    rng = np.random.default_rng(0)
    ab = np.zeros((4, 4))
    ab[0, 0] = ab[1, 0] = ab[3, 0] = ab[2, 1] = 1.0  # neuron 2 and 3 of a reach nothing
    return Program(
        precision="float",
        dt=1e-3,
        steps=3,
        inputs=(Input("in", (2,)), Input("image", (2,), analog=True)),
        layers=(
            Layer("a", (4,), lif),
            Layer("b", (4,), lif),
            Layer("c", (2,), LeakyIntegrator(ZERO, ZERO, 0.2 * ONE)),
            Layer("d", (2,), lif),
        ),
        connections=(
            Connection("in-a", "in", "a", Linear((2,), (4,), np.ones((4, 2)))),
            Connection("a-b", "a", "b", Linear((4,), (4,), ab)),
            Connection("b-a", "b", "a", Linear((4,), (4,), rng.normal(size=(4, 4))), delay=1),
            Connection("image-c", "image", "c", Linear((2,), (2,), np.eye(2)), on_host=True),
            Connection("c-d", "c", "d", Linear((2,), (2,), np.eye(2))),
        ),
        outputs={"y": "d"},
        readouts={},
    )


def placed(cores: dict[str, list[int]], chip: Chip | None = None, chips: int = 1) -> Placement:
    """Each neuron a piece of its own, on a core that is given."""
    pieces = tuple(
        Piece(layer, np.array([n]), NONE, core=core)
        for layer, where in cores.items()
        for n, core in enumerate(where)
    )
    used = 1 + max(max(where) for where in cores.values())
    return Placement(chip or load_chip("loihi1"), (), pieces, used, chips, (), ())


# Loihi's tiles: 4 cores each, 8 in a row. Core 0 is on tile (0, 0), 4 on (1, 0), 36 on (1, 1).
CORES = {"a": [0, 4, 0, 0], "b": [0, 1, 36, 36], "c": [2, 2], "d": [2, 2]}


def found(placement: Placement) -> PlacementSummary:
    return summary_of(network(), placement)


def test_a_spike_goes_once_to_each_core_with_a_target_of_it() -> None:
    routes = found(placed(CORES)).routes
    # Neuron 0 of a (core 0) reaches b's 0, 1 and 3 on cores 0, 1 and 36; neuron 1 reaches b's 2.
    np.testing.assert_array_equal(routes["a-b"].cores, [3, 1, 0, 0])
    np.testing.assert_array_equal(routes["in-a"].cores, [2, 2])
    # b's neurons reach all of a, whose three on core 0 are one message.
    np.testing.assert_array_equal(routes["b-a"].cores, [2, 2, 2, 2])


def test_messages_go_along_the_row_and_then_the_column() -> None:
    route = found(placed(CORES)).routes["a-b"]
    # From (0, 0) to (0, 0), (0, 0) and (1, 1); from (1, 0) to (1, 1).
    np.testing.assert_array_equal(route.hops_x, [1, 0, 0, 0])
    np.testing.assert_array_equal(route.hops_y, [1, 1, 0, 0])


def test_where_the_hosts_spikes_enter_is_not_known() -> None:
    route = found(placed(CORES)).routes["in-a"]
    assert route.hops_x is route.hops_y is None


def test_values_are_no_spikes_and_have_no_route() -> None:
    assert set(found(placed(CORES)).routes) == {"in-a", "a-b", "b-a"}


@pytest.mark.parametrize(
    ("placement", "why"),
    [
        (placed(CORES, load_chip("loihi2")), "mesh of Loihi 2 (2021) is not published"),
        (placed(CORES, chips=2), "spreads over 2 chips"),
    ],
)
def test_without_a_known_way_there_are_messages_but_no_hops(placement: Placement, why: str) -> None:
    where = found(placement)
    assert why in where.hops_unknown
    assert all(route.hops_x is route.hops_y is None for route in where.routes.values())
    np.testing.assert_array_equal(where.routes["a-b"].cores, [3, 1, 0, 0])


def test_counts_are_those_of_a_loop_over_spikes_and_cores() -> None:
    program, placement = network(), placed(CORES)
    rng = np.random.default_rng(1)
    spikes = {name: rng.random((2, 3, n)) < 0.4 for name, n in (("in", 2), ("a", 4), ("b", 4))}
    spikes["d"] = np.zeros((2, 3, 2), bool)
    recording = Recording(spikes, {"image": np.zeros((2, 3, 2))})
    counts = count(program, recording, routes=summary_of(program, placement).routes)
    mesh = placement.chip.mesh
    assert mesh is not None
    for c, counted in zip(program.connections, counts.connections, strict=True):
        if c.name not in ("a-b", "b-a"):
            continue
        messages, hops = np.zeros(2, int), np.zeros((2, 2), int)
        for b, t, n in np.argwhere(spikes[c.source][:, : 3 - c.delay]):
            weights = c.synapse.weight[:, n]
            for core in {CORES[c.target][target] for target in np.flatnonzero(weights)}:
                messages[b] += 1
                x, y = mesh.tile(np.array(core))
                own_x, own_y = mesh.tile(np.array(CORES[c.source][n]))
                hops[b] += abs(x - own_x), abs(y - own_y)
            assert t < 3
        np.testing.assert_array_equal(counted.messages, messages)
        np.testing.assert_array_equal(counted.hops_x, hops[:, 0])
        np.testing.assert_array_equal(counted.hops_y, hops[:, 1])


def test_a_whole_network_on_a_chip_says_how_many_cores_and_which_rules(nets: Any) -> None:
    program = nets.compiled(nets.small(), "fixed")
    chip = load_chip("loihi1")
    where = summary_of(program, place(program, chip))
    assert (where.chip, where.cores, where.chips, where.broken) == (chip.title, 1, 1, 0)
    assert all((r.hops_x == 0).all() for r in where.routes.values() if r.hops_x is not None)
    few = replace(chip.limits["cores_per_chip"], value=1)
    tiny = replace(chip.limits["neurons_per_core"], value=100)
    small = replace(chip, limits={**chip.limits, "cores_per_chip": few, "neurons_per_core": tiny})
    crowded = summary_of(program, place(program, small))
    assert crowded.chips > 1
    assert crowded.broken >= 1
