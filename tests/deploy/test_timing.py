"""How late each layer runs on hardware, where a synapse takes a step."""

from __future__ import annotations

from typing import Any

import nir
import numpy as np
import pytest

from snnvae.deploy.timing import depths, latency, units
from snnvae.errors import UnsupportedError


def layers(nets: Any, names: str) -> dict[str, nir.NIRNode]:
    """One-neuron layers, a weight for each pair (named 'ab'), an input and an output."""
    found: dict[str, nir.NIRNode] = {"in": nets.source(1)}
    for name in names:
        found[name] = nets.threshold(1)
    return {**found, "out": nets.sink(1)}


def test_a_chain_is_one_step_later_at_each_synapse(nets: Any) -> None:
    nodes = {**layers(nets, "abc"), "w": nets.affine([[1.0]])}
    program = nets.compiled(nets.graph(nodes, "in w a b c out"))
    assert depths(program) == {"a": 1, "b": 2, "c": 3}
    assert latency(program) == 3


def test_host_currents_enter_without_a_synapse(nets: Any) -> None:
    nodes = {**layers(nets, "ab"), "w": nets.affine([[1.0]])}
    program = nets.compiled(nets.graph(nodes, "in w a b out"), analog=("in",))
    assert depths(program) == {"a": 0, "b": 1}


def test_branches_of_equal_depth_may_meet(nets: Any) -> None:
    program = nets.compiled(nets.graph(layers(nets, "abcd"), "in a b d out", "a c d"))
    assert depths(program) == {"a": 1, "b": 2, "c": 2, "d": 3}


def test_branches_of_unequal_depth_are_refused_by_name(nets: Any) -> None:
    program = nets.compiled(nets.graph(layers(nets, "abc"), "in a b c out", "a c"))
    with pytest.raises(UnsupportedError, match=r"branches .* meet at 'c'") as caught:
        depths(program)
    for part in ("'a' after 2", "'b' after 3", "--mode batched"):
        assert part in str(caught.value)


def test_an_input_that_skips_a_layer_is_shifted_by_its_stream(nets: Any) -> None:
    """A stream can be sent later, so an input meets a deeper branch without trouble."""
    program = nets.compiled(nets.graph(layers(nets, "ab"), "in a b out", "in b"))
    assert depths(program) == {"a": 1, "b": 2}


def test_a_loop_is_one_unit_of_one_depth(nets: Any) -> None:
    nodes = {**layers(nets, "abcd"), "late": nets.delay(1)}
    program = nets.compiled(nets.graph(nodes, "in a b c d out", "c late b"))
    assert units(program) == [("a",), ("b", "c"), ("d",)]
    assert program.groups == (("b", "c"),)
    # Our process for the loop reads its input at once; a stock synapse follows it.
    assert depths(program) == {"a": 1, "b": 1, "c": 1, "d": 2}


def test_a_delay_outside_of_a_loop_is_refused_by_name(nets: Any) -> None:
    nodes = {**layers(nets, "ab"), "late": nets.delay(1)}
    program = nets.compiled(nets.graph(nodes, "in a late b out"))
    with pytest.raises(UnsupportedError, match="delay between 'a' and 'b' lies outside a loop"):
        depths(program)


def test_the_readout_of_a_convolutional_net(nets: Any) -> None:
    program = nets.compiled(nets.small(), "fixed")
    assert depths(program) == {"first": 1, "second": 2, "readout": 3}
    assert np.all([layer.name in depths(program) for layer in program.layers])
