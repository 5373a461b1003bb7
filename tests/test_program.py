"""The compiled network: what can be asked of it."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace
from typing import Any

import numpy as np
import pytest

from snnvae.origin import Origin
from snnvae.program import Program


def loop(nets: Any) -> Program:
    nodes = {
        "in": nets.source(2),
        "a": nets.threshold(2),
        "late": nets.delay(2),
        "b": nets.threshold(2),
        "v": nets.li(2),
        "out": nets.sink(2),
    }
    return nets.compiled(nets.graph(nodes, "in a b late a", "b v out"))


def test_layers_and_inputs_by_name(nets: Any) -> None:
    program = loop(nets)
    assert [layer.name for layer in program.layers] == ["a", "b", "v"]
    assert program.layer("b").size == 2
    assert program.input("in").shape == program.shape_of("in") == program.shape_of("v") == (2,)
    with pytest.raises(KeyError):
        program.layer("in")
    with pytest.raises(KeyError):
        program.input("a")


def test_what_goes_in_and_out(nets: Any) -> None:
    program = loop(nets)
    assert [c.source for c in program.into("a")] == ["in", "b"]
    assert [c.target for c in program.out_of("b")] == ["a", "v"]
    assert program.group_of("a") == program.group_of("b") == ("a", "b")
    assert program.group_of("v") is None


def test_it_is_frozen(nets: Any) -> None:
    with pytest.raises(FrozenInstanceError):
        loop(nets).dt = 1.0  # type: ignore[misc]


def test_the_digest_is_over_what_decides_a_result(nets: Any) -> None:
    program = nets.compiled(nets.small())
    digest = program.digest()
    assert len(digest) == 64
    same = [replace(program, origin=Origin(dataset="x")), replace(program, steps=99)]
    assert {p.digest() for p in same} == {digest}
    first = program.connections[0]
    other = [
        replace(program, dt=2e-3),
        replace(program, precision="fixed"),
        replace(program, connections=program.connections[1:]),
        replace(program, connections=(replace(first, delay=1), *program.connections[1:])),
        replace(program, connections=(replace(first, on_host=True), *program.connections[1:])),
        replace(program, inputs=(replace(program.inputs[0], analog=True),)),
        replace(program, layers=(replace(program.layers[0], scale=2.0), *program.layers[1:])),
        replace(program, outputs={"other": "readout"}),
        replace(program, readouts={}),
    ]
    assert len({digest, *(p.digest() for p in other)}) == len(other) + 1


def test_the_digest_is_that_of_recordings_made_before(nets: Any) -> None:
    """Whatever its fields are called now: a recording that holds it still matches."""
    assert loop(nets).digest() == "e952ef96133d0c8adee27525f6f227b6804bdf542b9cd9fe4cf543fdbbbdc2a0"


def test_the_digest_sees_kind_and_shape_of_an_array(nets: Any) -> None:
    """The same bytes in another shape or type are another weight."""
    program = nets.compiled(nets.small())
    first = program.connections[0]
    weight = first.synapse.weight

    def with_weight(array: np.ndarray) -> str:
        changed = replace(first, synapse=first.synapse.with_weight(array))
        return replace(program, connections=(changed, *program.connections[1:])).digest()

    seen = {with_weight(w) for w in (weight, weight.reshape(-1), weight.view(np.int64))}
    assert len(seen) == 3
    assert with_weight(np.asfortranarray(weight)) == program.digest()
