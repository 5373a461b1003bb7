"""Readouts beside loops over the reference engine's spikes and membranes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from small_classifier import STEPS, classifier, samples

from snnvae.errors import ConfigError
from snnvae.evaluate.task.readout import Readout, chosen, of_recording
from snnvae.hardware_sim import reference
from snnvae.stimulus import Stimulus


@pytest.mark.parametrize("precision", ["float", "fixed"])
@pytest.mark.parametrize("spiking", [True, False])
def test_readouts_are_what_a_loop_finds(nets: Any, spiking: bool, precision: str) -> None:
    graph = classifier(nets, spiking=spiking)
    program = nets.compiled(graph, precision, steps=STEPS)
    stimulus = Stimulus({"in": samples(9)}, tuple(range(9)))
    recording = reference.run(program, stimulus, membranes=True)
    layer = program.layer("last")
    for n in range(9):
        for k in range(4):
            if spiking:
                fired = [t for t in range(STEPS) if recording.spikes["last"][n, t, k]]
                first = fired[0] if fired else STEPS
                expected = {"count": len(fired), "rate": len(fired) / STEPS, "first-spike": -first}
            else:
                v = [layer.to_real(recording.membranes["last"][n, t, k]) for t in range(STEPS)]
                expected = {"last": v[-1], "mean": sum(v) / STEPS, "max": max(v)}
            for readout, value in expected.items():
                found = of_recording(readout, program, "out", recording)  # type: ignore[arg-type]
                assert found.shape == (9, 4)
                assert found[n, k] == pytest.approx(value, rel=1e-12)


def test_a_files_tanh_is_part_of_its_values(nets: Any) -> None:
    graph = classifier(nets, spiking=False)
    graph.metadata["snnvae"]["readouts"] = {"out": {"tanh": True}}
    program = nets.compiled(graph, steps=STEPS)
    recording = reference.run(program, Stimulus({"in": samples(3)}, (0, 1, 2)), membranes=True)
    np.testing.assert_allclose(
        of_recording("mean", program, "out", recording),
        np.tanh(recording.membranes["last"]).mean(1),
    )
    np.testing.assert_allclose(
        of_recording("last", program, "out", recording),
        np.tanh(recording.membranes["last"][:, -1]),
    )


@pytest.mark.parametrize(
    ("spiking", "regression", "default", "wrong"),
    [
        (True, False, "count", "last"),
        (True, True, "rate", "count"),
        (False, False, "last", "first-spike"),
        (False, True, "last", "rate"),
    ],
)
def test_the_default_follows_and_an_impossible_one_is_refused(
    spiking: bool, regression: bool, default: Readout, wrong: Readout
) -> None:
    assert chosen(None, spiking=spiking, regression=regression) == default
    with pytest.raises(ConfigError, match=f"`readout` {wrong}: the output layer .*; choose"):
        chosen(wrong, spiking=spiking, regression=regression)
