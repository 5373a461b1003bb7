"""When two recordings agree."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from snnvae.evaluate.parity import FLOAT_TOLERANCE, all_agree, compare, compare_arrays
from snnvae.hardware_sim import reference
from snnvae.program import Precision, Program
from snnvae.recording import Recording


def run(nets: Any, precision: Precision = "float") -> tuple[Program, Recording]:
    program = nets.compiled(nets.small(), precision)
    return program, reference.run(program, nets.spikes(program), membranes=True)


@pytest.mark.parametrize("precision", ["float", "fixed"])
def test_a_recording_agrees_with_itself(nets: Any, precision: Precision) -> None:
    program, recording = run(nets, precision)
    rows = compare(program, recording, "twin", recording)
    assert [row.layer for row in rows] == ["first", "second", "readout"]
    assert all(row.mismatches == 0 and row.membrane == 0 for row in rows)
    assert rows[0].spikes == recording.spikes["first"].sum()
    assert all_agree(rows)


def test_one_spike_is_enough_to_differ(nets: Any) -> None:
    program, recording = run(nets)
    spikes = {name: s.copy() for name, s in recording.spikes.items()}
    spikes["second"].flat[7] ^= True
    rows = compare(program, recording, "peer", replace(recording, spikes=spikes))
    assert [row.mismatches for row in rows] == [0, 1, 0]
    assert [row.agrees() for row in rows] == [True, False, True]


def test_a_layer_that_a_peer_lacks_is_all_mismatch(nets: Any) -> None:
    program, recording = run(nets)
    spikes = {name: s for name, s in recording.spikes.items() if name != "first"}
    row = compare(program, recording, "peer", replace(recording, spikes=spikes))[0]
    assert row.mismatches == recording.spikes["first"].size


@pytest.mark.parametrize(
    ("precision", "change", "agrees"),
    [
        ("float", 0.5 * FLOAT_TOLERANCE, True),
        ("float", 100 * FLOAT_TOLERANCE, False),
        ("fixed", 1, False),
    ],
)
def test_membranes_agree_to_the_last_bits_or_exactly(
    nets: Any, precision: Precision, change: float, agrees: bool
) -> None:
    program, recording = run(nets, precision)
    membranes = {name: v.copy() for name, v in recording.membranes.items()}
    membranes["first"].flat[3] += change
    rows = compare(program, recording, "peer", replace(recording, membranes=membranes))
    assert all_agree(rows) is agrees


def test_a_silent_layer_without_any_membrane_cannot_agree(nets: Any) -> None:
    """A readout has no spikes: without its membrane nothing of it was compared."""
    program, recording = run(nets)
    rows = compare(program, recording, "peer", Recording(recording.spikes))
    assert [row.agrees() for row in rows] == [True, True, False]


def test_trailing_axes_of_one_may_be_missing(nets: Any) -> None:
    nodes = {
        "in": nets.source(3, 1, 1),
        "a": nets.threshold(3, 1, 1),
        "out": nets.sink(3, 1, 1),
    }
    program = nets.compiled(nets.chain(nodes))
    recording = reference.run(program, nets.spikes(program), membranes=True)
    flat = {"a": recording.spikes["a"][..., 0, 0]}
    assert all_agree(compare_arrays(program, recording, "norse", flat, {}))
    flat["a"] = ~flat["a"]
    assert not all_agree(compare_arrays(program, recording, "norse", flat, {}))


def test_a_membrane_that_is_not_a_number_never_agrees(nets: Any) -> None:
    program, recording = run(nets)
    membranes = {**recording.membranes, "first": recording.membranes["first"] * np.nan}
    rows = compare(program, recording, "peer", replace(recording, membranes=membranes))
    assert not rows[0].agrees()


def test_nothing_compared_is_no_agreement() -> None:
    assert not all_agree([])


def test_the_last_membrane_is_compared_beside_the_trace(nets: Any) -> None:
    """Backends read the two apart, so either may be wrong alone."""
    program, recording = run(nets)
    final = {name: v + 1.0 for name, v in recording.final.items()}
    rows = compare(program, recording, "peer", replace(recording, final=final))
    assert [row.agrees() for row in rows] == [True, True, False]
