"""Placement: every neuron once, no limit passed unsaid, and memory as the format counts it."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import nir
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnvae.deploy.chips.chip import Chip, load_chip
from snnvae.deploy.chips.placement import Placement, place
from snnvae.program import Program

GOLDEN = {
    "loihi1": [
        ("first", 48, 1, 600, 1536, 32),
        ("second", 128, 1, 726, 1944, 48),
        ("readout", 64, 1, 968, 2624, 128),
    ],
    "loihi2": [
        ("first", 48, 1, 54, 54, 32),
        ("second", 128, 1, 726, 1906, 48),
        ("readout", 64, 1, 968, 2541, 128),
    ],
}
"""Of the small network: layer, neurons, cores, stored synapses, bytes, axons into it."""
LOADS = ("neurons_per_core", "memory_per_core", "in_axons_per_core", "out_axons_per_core")


def smaller(name: str = "loihi1", **limits: int) -> Chip:
    """A chip with other limits."""
    chip = load_chip(name)
    changed = {
        key: replace(chip.limits["weight_bits"], value=value, unit="")
        for key, value in limits.items()
    }
    absent = {key: reason for key, reason in chip.absent.items() if key not in limits}
    return replace(chip, limits={**chip.limits, **changed}, absent=absent)


def mlp(nets: Any, *sizes: int, density: float = 1.0, seed: int = 0) -> Program:
    rng = np.random.default_rng(seed)
    nodes: dict[str, nir.NIRNode] = {"in": nets.source(sizes[0])}
    for i, (n_in, n_out) in enumerate(pairwise(sizes)):
        kept = (rng.random((n_out, n_in)) < density) * rng.choice([-1, 1], (n_out, n_in))
        weight = rng.uniform(0.5, 1, (n_out, n_in)) * kept
        weight[0, 0] = 1.0
        nodes |= {f"w{i}": nets.affine(weight), f"lif{i}": nets.lif(n_out)}
    return nets.compiled(nets.chain({**nodes, "out": nets.sink(sizes[-1])}), "fixed")


def conv(nets: Any, channels: int = 4, size: int = 8) -> Program:
    rng = np.random.default_rng(1)
    weight = rng.normal(0, 1, (channels, 2, 3, 3))
    nodes = {
        "in": nets.source(2, size, size),
        "c": nir.Conv2d((size, size), weight, 1, 1, 1, 1, np.zeros(channels)),
        "a": nets.lif(channels, size, size),
        "out": nets.sink(channels, size, size),
    }
    return nets.compiled(nets.chain(nodes), "fixed")


def brute(program: Program, chip: Chip, placement: Placement) -> list[dict[str, int]]:
    """What each core carries, from the matrices alone."""
    loads = []
    of = {p.layer: [] for p in placement.pieces}
    for piece in placement.pieces:
        of[piece.layer].append(piece)
    for core in range(placement.cores):
        load = dict.fromkeys(LOADS, 0)
        for piece in (p for p in placement.pieces if p.core == core):
            load["neurons_per_core"] += len(piece.neurons)
            bits = 0
            for c in program.into(piece.layer):
                dense = c.synapse.matrix().toarray()
                rows = dense[piece.neurons] != 0
                load["in_axons_per_core"] += int(rows.any(axis=0).sum())
                width = (
                    8
                    if (dense != 0).all()
                    else 8 + chip.synapse.index_width(chip.limit("neurons_per_core") or 0)
                )
                for n in rows.sum(axis=0).tolist():
                    blocks = [64] * (n // 64) + ([n % 64] if n % 64 else [])
                    bits += sum(-(-(k * width + 10) // 64) * 64 for k in blocks)
            load["memory_per_core"] += -(-bits // 8)
            for c in program.out_of(piece.layer):
                dense = c.synapse.matrix().toarray()
                for target in of[c.target]:
                    heard = (dense[target.neurons] != 0).any(axis=0)
                    load["out_axons_per_core"] += int(heard[piece.neurons].sum())
        loads.append(load)
    return loads


@given(
    st.lists(st.integers(1, 40), min_size=2, max_size=4),
    st.floats(0.05, 1),
    st.integers(2, 60),
    st.integers(64, 4000),
    st.integers(4, 80),
    st.integers(2, 200),
    st.integers(0, 100),
)
def test_every_neuron_is_placed_once_and_no_limit_is_passed_unsaid(
    nets: Any,
    sizes: list[int],
    density: float,
    neurons: int,
    memory: int,
    fan_in: int,
    fan_out: int,
    seed: int,
) -> None:
    program = mlp(nets, *sizes, density=density, seed=seed)
    chip = smaller(
        neurons_per_core=neurons,
        memory_per_core=memory,
        in_axons_per_core=fan_in,
        out_axons_per_core=fan_out,
    )
    placement = place(program, chip)
    for layer in program.layers:
        own = [p.neurons for p in placement.pieces if p.layer == layer.name]
        assert sorted(np.concatenate(own).tolist()) == list(range(layer.size))
    broken = {str(v.rule) for v in placement.violations}
    rules = dict(zip(LOADS, ("L1-NEURONS", "L1-MEMORY", "L1-FANIN", "L1-FANOUT")))
    for load in brute(program, chip, placement):
        for name in LOADS:
            assert load[name] <= (chip.limit(name) or 0) or rules[name] in broken
    for row in placement.rows:
        assert row.utilisation <= 1 or broken
    assert placement.cores == 1 + max(p.core for p in placement.pieces)


@given(st.floats(0.1, 1), st.integers(0, 100))
def test_pieces_need_what_the_matrices_say(nets: Any, density: float, seed: int) -> None:
    program = mlp(nets, 30, 90, 20, density=density, seed=seed)
    chip = smaller(neurons_per_core=32)
    placement = place(program, chip)
    for core, load in enumerate(brute(program, chip, placement)):
        own = [p for p in placement.pieces if p.core == core]
        assert sum(p.need.in_axons for p in own) == load["in_axons_per_core"]
        assert sum(p.out_axons for p in own) == load["out_axons_per_core"]
        assert sum(-(-p.need.memory_bits // 8) for p in own) == load["memory_per_core"]
    for row, c in zip(placement.rows, program.connections):
        assert row.synapses == c.synapse.matrix().nnz


def test_a_small_program_on_loihi_1(nets: Any) -> None:
    """2,000 neurons at 1,024 per core; both layers' rests share the second core.

    Dense axons carry no indices: 976 synapses are 15 blocks of 64·8 + 10 bits, 9 words each, and
    one of 16·8 + 10 bits, 3 words: 138 words.
    """
    placement = place(mlp(nets, 3, 2000, 40), load_chip("loihi1"))
    assert [(p.layer, len(p.neurons), p.core) for p in placement.pieces] == [
        ("lif0", 1024, 0),
        ("lif0", 976, 1),
        ("lif1", 40, 1),
    ]
    assert placement.pieces[1].need.memory_bits == 3 * 138 * 64
    assert (placement.cores, placement.chips, placement.violations) == (2, 1, ())
    first, second = placement.rows
    assert (first.cores, first.neurons_per_core, first.out_axons) == (2, 1024, 1024)
    assert first.synapses == 6000
    assert second.in_axons == 2000
    assert first.utilisation == 1.0
    assert placement.unchecked == ("max_delay: " + load_chip("loihi1").absent["max_delay"],)


def test_loihi_2_stores_a_kernel_once_per_core(nets: Any) -> None:
    program = conv(nets)
    one = place(program, load_chip("loihi1")).rows[0]
    assert one.synapses == program.connections[0].synapse.matrix().nnz
    (two,) = place(program, load_chip("loihi2")).rows
    kernel = np.count_nonzero(program.connections[0].synapse.weight)
    assert (two.synapses, two.memory) == (kernel, kernel)
    halves = place(program, smaller("loihi2", neurons_per_core=128))
    assert (halves.rows[0].synapses, halves.rows[0].cores) == (kernel, 2)


def test_a_convolution_is_cut_the_way_that_takes_fewer_cores(nets: Any) -> None:
    """32 channels hear the same axons: position by position they go together."""
    program = conv(nets, channels=32)
    placement = place(program, smaller(in_axons_per_core=40))
    channels = [len(set((p.neurons // 64).tolist())) for p in placement.pieces]
    assert max(channels) == 32
    assert not placement.violations


def test_a_neuron_that_hears_too_much_is_named(nets: Any) -> None:
    placement = place(mlp(nets, 50, 4), smaller(in_axons_per_core=40))
    assert [str(v) for v in placement.violations] == [
        "L1-FANIN: layer lif0 needs 50 axons on a core, which has 40; "
        "split the layer's input or use groups"
    ]


def test_more_cores_than_a_chip_has(nets: Any) -> None:
    placement = place(mlp(nets, 4, 50), smaller(neurons_per_core=5, cores_per_chip=3))
    assert (placement.cores, placement.chips) == (10, 4)
    (violation,) = placement.violations
    assert violation.rule == "L1-CORES"
    assert "use 4 chips" in violation.text


def test_delays_and_values_that_the_chip_has_not(nets: Any) -> None:
    nodes = {
        "in": nets.source(2),
        "w": nets.affine(np.eye(2)),
        "a": nets.lif(2),
        "d": nets.delay(2, steps=9),
        "v": nets.affine(np.eye(2)),
        "b": nets.lif(2),
        "out": nets.sink(2),
    }
    program = nets.compiled(nets.chain(nodes), "fixed", analog=("in",))
    rules = {v.rule: v for v in place(program, smaller(max_delay=8)).violations}
    assert set(rules) == {"L1-DELAY", "L1-PAYLOAD"}
    assert "delay of 9 steps" in rules["L1-DELAY"].text
    assert "connection w" in str(rules["L1-PAYLOAD"])
    assert not place(program, load_chip("loihi2")).violations


@pytest.mark.parametrize("name", ["loihi1", "loihi2"])
def test_the_small_network_fits(name: str, nets: Any) -> None:
    """Transposed convolutions and a readout, golden."""
    placement = place(nets.compiled(nets.small(), "fixed"), load_chip(name))
    rows = [(r.layer, r.neurons, r.cores, r.synapses, r.memory, r.in_axons) for r in placement.rows]
    assert rows == GOLDEN[name]
    assert placement.violations == ()
    assert placement.cores == 1
