"""One transposed convolution, written in three ways: the counts are those of its synapses.

As our node; as zero-insertion and a plain convolution with the flipped kernel, which the compiler
merges into one map; as a linear node of the full matrix. They are the same synapses with the same
weights, so what hardware would do is the same.

A linear node's own fan-out is every target, so `sop_dense` and `sop_event` of the full matrix count
its zeros too. What is priced of a linear map, `sop_effective`, does not.
"""

from __future__ import annotations

from math import prod
from typing import Any

import nir
import numpy as np
import pytest
from convolutions import Case, transposed_convolutions
from hypothesis import given

from snnvae.deploy.compile import compile_graph
from snnvae.export.builder import build_graph
from snnvae.hardware_sim import reference
from snnvae.hardware_sim.counter import count
from snnvae.hardware_sim.counts import ConnectionCounts, Counts
from snnvae.options import Options
from snnvae.primitives import NirConvTranspose2d, NirReshape
from snnvae.program import Program
from snnvae.stimulus import Stimulus

Nodes = dict[str, nir.NIRNode]
SAMPLES, STEPS = 2, 4


def shapes(node: NirConvTranspose2d) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Of its input and its output."""
    ports = node.input_type["input"], node.output_type["output"]
    before, after = (tuple(int(n) for n in port) for port in ports)
    return before, after


def reshape(name: str, before: tuple[int, ...], after: tuple[int, ...]) -> Nodes:
    return {name: NirReshape(before, after)}


def as_our_node(node: NirConvTranspose2d) -> Nodes:
    return {"up": node}


def as_insertion_and_convolution(node: NirConvTranspose2d) -> Nodes:
    """Inputs spread by the stride among zeros, d·(k − 1) − p of them before the first."""
    before, after = shapes(node)
    span = [d * (k - 1) for d, k in zip(node.dilation, node.weight.shape[2:])]
    wide = (before[0], *(n + s for n, s in zip(after[1:], span)))
    spread = np.zeros((*wide, prod(before)))
    for column, (c, y, x) in enumerate(np.ndindex(*before)):
        at = [
            i * s + m - p
            for i, s, m, p in zip((y, x), node.stride, span, node.padding, strict=True)
        ]
        if all(0 <= i < n for i, n in zip(at, wide[1:])):  # else the padding cuts all of its taps
            spread[(c, *at, column)] = 1
    convolution = nir.Conv2d(
        wide[1:], flipped(node), (1, 1), (0, 0), node.dilation, node.groups, np.zeros(after[0])
    )
    return {
        **reshape("flat", before, (prod(before),)),
        "insert": nir.Linear(spread.reshape(prod(wide), prod(before))),
        **reshape("map", (prod(wide),), wide),
        "conv": convolution,
    }


def flipped(node: NirConvTranspose2d) -> np.ndarray:
    """Its kernel as a plain convolution has it: (C_out, C_in/groups, …), last tap first."""
    c_in, c_group, *kernel = node.weight.shape
    by_group = node.weight.reshape(node.groups, c_in // node.groups, c_group, *kernel)
    weight = by_group.swapaxes(1, 2).reshape(-1, c_in // node.groups, *kernel)
    return np.flip(weight, (2, 3)).copy()


def full_matrix(node: NirConvTranspose2d) -> np.ndarray:
    """(outputs, inputs), by a loop over inputs and taps."""
    before, after = shapes(node)
    matrix = np.zeros((*after, *before))
    (c_in, c_group), group = node.weight.shape[:2], before[0] // node.groups
    for i, o, *tap in np.ndindex(c_in, c_group, *node.weight.shape[2:]):
        for y, x in np.ndindex(*before[1:]):
            steps = zip((y, x), tap, node.stride, node.padding, node.dilation, strict=True)
            at = [n * s - p + d * j for n, j, s, p, d in steps]
            if all(0 <= n < size for n, size in zip(at, after[1:])):
                matrix[(i // group * c_group + o, *at, i, y, x)] = node.weight[(i, o, *tap)]
    return matrix.reshape(prod(after), prod(before))


def as_matrix(node: NirConvTranspose2d) -> Nodes:
    before, after = shapes(node)
    return {
        **reshape("flat", before, (prod(before),)),
        "matrix": nir.Affine(full_matrix(node), np.zeros(prod(after))),
        **reshape("map", (prod(after),), after),
    }


def compiled(node: NirConvTranspose2d, middle: Nodes) -> Program:
    before, after = shapes(node)
    nodes = {
        "in": nir.Input({"input": np.array(before)}),
        **middle,
        "neurons": nir.Threshold(np.full(after, 0.5)),
        "out": nir.Output({"output": np.array(after)}),
    }
    graph = build_graph(nodes, list(zip(nodes, list(nodes)[1:])), {})
    return compile_graph(graph, "float", Options(dt=1e-3)).program


def counted(node: NirConvTranspose2d, middle: Nodes) -> tuple[np.ndarray, Counts]:
    """The neurons' spikes (B, T, N) and the counts of a run."""
    program = compiled(node, middle)
    stream = np.random.default_rng(0).random((SAMPLES, STEPS, *shapes(node)[0])) < 0.2
    recording = reference.run(program, Stimulus({"in": stream}, tuple(range(SAMPLES))))
    return recording.spikes["neurons"].reshape(SAMPLES, STEPS, -1), count(program, recording)


def only(counts: Counts) -> ConnectionCounts:
    (connection,) = counts.connections
    return connection


def rounded(node: NirConvTranspose2d, *, zeros: bool) -> NirConvTranspose2d:
    """Eighths as weights, so that sums are exact in any order; some of them 0, or none."""
    weight = np.rint(node.weight * 8) / 8
    node.weight = weight if zeros else np.where(weight == 0, 0.125, weight)
    return node


def assert_the_same(one: Any, other: Any, *names: str) -> None:
    for name in names:
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)


def assert_the_network_does_the_same(node: NirConvTranspose2d, one: Nodes, other: Nodes) -> None:
    """Spikes, operations over weights that are not zero, updates that they drive."""
    (spikes, ours), (same, theirs) = counted(node, one), counted(node, other)
    np.testing.assert_array_equal(spikes, same)
    assert_the_same(only(ours), only(theirs), "spikes", "sop_effective", "nonzero")
    assert_the_same(ours.layers[0], theirs.layers[0], "spikes", "driven", "idle", "neurons")


@given(transposed_convolutions())
def test_kernels_with_zeros_do_the_same_in_all_three_ways(case: Case) -> None:
    node = rounded(case[1], zeros=True)
    assert_the_network_does_the_same(node, as_our_node(node), as_insertion_and_convolution(node))
    assert_the_network_does_the_same(node, as_our_node(node), as_matrix(node))


@given(transposed_convolutions())
def test_kernels_without_zeros_count_the_same_by_zero_insertion(case: Case) -> None:
    """Everything: fan-out, and operations dense, event and effective."""
    node = rounded(case[1], zeros=False)
    assert_the_network_does_the_same(node, as_our_node(node), as_insertion_and_convolution(node))
    ours = only(counted(node, as_our_node(node))[1])
    merged = only(counted(node, as_insertion_and_convolution(node))[1])
    everything = ("synapses", "fan_out", "sop_dense", "sop_event", "sop_effective", "sop")
    assert_the_same(ours, merged, *everything)


@given(transposed_convolutions())
def test_kernels_without_zeros_cost_the_same_as_a_full_matrix(case: Case) -> None:
    """What is priced; the matrix's fan-out is every target, its zeros included."""
    node = rounded(case[1], zeros=False)
    assert_the_network_does_the_same(node, as_our_node(node), as_matrix(node))
    ours, matrix = (only(counted(node, way(node))[1]) for way in (as_our_node, as_matrix))
    assert_the_same(ours, matrix, "sop", "priced_synapses")
    n_out = prod(shapes(node)[1])
    assert matrix.fan_out == (n_out, n_out, n_out)
    np.testing.assert_array_equal(matrix.sop_event, n_out * matrix.spikes)


def test_zero_insertion_and_convolution_become_one_connection() -> None:
    node = NirConvTranspose2d((3, 3), np.ones((2, 3, 3, 3)), 2, 1, 1, 1, 1, np.zeros(3))
    (connection,) = compiled(node, as_insertion_and_convolution(node)).connections
    assert connection.name == "insert+conv"
    assert connection.synapse.macs() == 3 * 2 * 8 * 8


@pytest.mark.parametrize("zero", [0.0, 0.5])
def test_only_a_kernel_is_priced_with_its_zeros(zero: float) -> None:
    """Hardware walks a kernel in full and stores the synapses of a map one by one."""
    weight = np.full((1, 2, 3, 3), 0.5)
    weight[0, 0, 1, 1] = zero
    node = NirConvTranspose2d((3, 3), weight, 2, 1, 1, 1, 1, np.zeros(2))
    ways = as_our_node, as_insertion_and_convolution, as_matrix
    kernel, merged, matrix = (only(counted(node, way(node))[1]) for way in ways)
    np.testing.assert_array_equal(merged.sop, matrix.sop)
    assert (kernel.sop - merged.sop).tolist() == [kernel.spikes[b] * (zero == 0) for b in (0, 1)]
