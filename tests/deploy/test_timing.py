"""How late each layer runs on hardware, where a synapse takes a step."""

from __future__ import annotations

from typing import Any

import nir
import numpy as np
import pytest

from snnvae.deploy.timing import MAX_WAIT, schedule, units
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
    assert schedule(program).depths == {"a": 1, "b": 2, "c": 3}
    assert schedule(program).latency == 3


def test_host_currents_enter_without_a_synapse(nets: Any) -> None:
    nodes = {**layers(nets, "ab"), "w": nets.affine([[1.0]])}
    program = nets.compiled(nets.graph(nodes, "in w a b out"), analog=("in",))
    assert schedule(program).depths == {"a": 0, "b": 1}


def test_branches_of_equal_depth_may_meet(nets: Any) -> None:
    program = nets.compiled(nets.graph(layers(nets, "abcd"), "in a b d out", "a c d"))
    assert schedule(program).depths == {"a": 1, "b": 2, "c": 2, "d": 3}


def test_the_shorter_of_two_branches_waits(nets: Any) -> None:
    """a → c takes a step less than a → b → c."""
    found = schedule(nets.compiled(nets.graph(layers(nets, "abc"), "in a b c out", "a c")))
    assert found.depths == {"a": 1, "b": 2, "c": 3}
    assert found.waits == {"a->b": 0, "b->c": 0, "a->c": 1}


def test_an_input_that_skips_a_layer_is_shifted_by_its_stream(nets: Any) -> None:
    """A stream can be sent later, so an input meets a deeper branch without trouble."""
    program = nets.compiled(nets.graph(layers(nets, "ab"), "in a b out", "in b"))
    assert schedule(program).depths == {"a": 1, "b": 2}


def test_a_loop_is_one_unit_of_one_depth(nets: Any) -> None:
    nodes = {**layers(nets, "abcd"), "late": nets.delay(1)}
    program = nets.compiled(nets.graph(nodes, "in a b c d out", "c late b"))
    assert units(program) == [("a",), ("b", "c"), ("d",)]
    assert program.groups == (("b", "c"),)
    # Our process for the loop reads its input at once; a stock synapse follows it.
    assert schedule(program).depths == {"a": 1, "b": 1, "c": 1, "d": 2}


def test_what_enters_a_loop_early_waits_in_its_inbox(nets: Any) -> None:
    nodes = {**layers(nets, "abcd"), "late": nets.delay(1)}
    found = schedule(nets.compiled(nets.graph(nodes, "in a b c d out", "c late c", "a c")))
    assert found.depths == {"a": 1, "b": 2, "c": 2, "d": 3}
    assert found.waits == {"a->b": 0, "b->c": 0, "a->c": 1, "c->d": 0}


@pytest.mark.parametrize(("steps", "depth", "wait"), [(1, 2, 0), (2, 1, 0), (3, 1, 1)])
def test_a_delay_takes_a_synapse_and_a_relay(nets: Any, steps: int, depth: int, wait: int) -> None:
    """Two steps of hardware; a longer delay needs no depth and waits for the rest."""
    nodes = {**layers(nets, "ab"), "late": nets.delay(1, steps=steps), "w": nets.affine([[1.0]])}
    found = schedule(nets.compiled(nets.graph(nodes, "in a late b out", "in w b")))
    assert found.depths == {"a": 1, "b": depth}
    assert found.waits == {"a->b": wait}


def test_a_wait_beyond_six_bits_is_refused_by_name(nets: Any) -> None:
    """6 bits hold a delay of 63 steps, one of which is the synapse's own (Loihi 2)."""
    assert MAX_WAIT == 2**6 - 1 - 1
    nodes = {**layers(nets, "ab"), "w": nets.affine([[1.0]])}
    for spare, fits in ((MAX_WAIT, True), (MAX_WAIT + 1, False)):
        nodes["late"] = nets.delay(1, steps=spare + 2)
        program = nets.compiled(nets.graph(nodes, "in a late b out", "in w b"))
        if fits:
            assert schedule(program).waits == {"a->b": MAX_WAIT}
        else:
            with pytest.raises(UnsupportedError, match=f"'a' → 'b' would have to wait {spare}"):
                schedule(program)


def test_a_layer_s_own_past_waits_too(nets: Any) -> None:
    nodes = {**layers(nets, "a"), "late": nets.delay(1, steps=5)}
    found = schedule(nets.compiled(nets.graph(nodes, "in a late a", "a out")))
    assert found.depths == {"a": 1}
    assert found.waits == {"a->a": 3}


def test_a_loop_that_is_long_enough_needs_no_process_of_its_own(nets: Any) -> None:
    """Two synapses and a relay: three steps."""
    for steps, groups in ((2, (("b", "c"),)), (3, ())):
        nodes = {**layers(nets, "abcd"), "late": nets.delay(1, steps=steps)}
        program = nets.compiled(nets.graph(nodes, "in a b c d out", "c late b"))
        assert program.groups == groups
    assert schedule(program).depths == {"a": 1, "b": 2, "c": 3, "d": 4}


def test_the_readout_of_a_convolutional_net(nets: Any) -> None:
    program = nets.compiled(nets.small(), "fixed")
    assert schedule(program).depths == {"first": 1, "second": 2, "readout": 3}
    assert np.all([layer.name in schedule(program).depths for layer in program.layers])
