"""`--target loihi2`: the graph that a chip would get, and one line where there is no chip."""

from __future__ import annotations

import sys
import types
from dataclasses import replace

import numpy as np
import pytest

from snnvae.deploy import lava
from snnvae.deploy.chips.chip import Limit, load_chip
from snnvae.deploy.lava import loihi2
from snnvae.deploy.lava.importing import require_lava
from snnvae.errors import BackendError, ConfigError, UnsupportedError
from snnvae.hardware_sim import reference

pytestmark = pytest.mark.filterwarnings("ignore:pandas not found:ImportWarning")


def test_no_hardware_is_one_line(make_program, make_stimulus):
    program = make_program("analog")
    with pytest.raises(
        BackendError, match=r"^no Loihi 2: .* is valid\); run it on a CPU, or install"
    ) as caught:
        lava.run(program, make_stimulus(program), mode="stock", target="loihi2")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("precision", "mode", "remedy"),
    [("float", "stock", "`precision` fixed"), ("fixed", "batched", "`mode` stock")],
)
def test_what_no_loihi_can_run(precision, mode, remedy, make_program, make_stimulus):
    program = make_program("analog", precision)
    with pytest.raises(ConfigError, match=remedy):
        lava.run(program, make_stimulus(program), mode=mode, target="loihi2")


def test_a_loop_would_need_a_cpu(make_program, make_stimulus):
    program = make_program("looped", "fixed")
    with pytest.raises(UnsupportedError, match=r"^L2-LOOP: the loop of .* `loop_latency` accept"):
        lava.run(program, make_stimulus(program), mode="stock", target="loihi2")


def test_hardware_without_a_host(monkeypatch):
    monkeypatch.setattr(loihi2, "is_installed", lambda: True)
    with pytest.raises(BackendError, match=r"^no Loihi 2: no host is set"):
        loihi2.require_hardware()


def test_hardware_with_a_host(monkeypatch):
    monkeypatch.setattr(loihi2, "is_installed", lambda: True)
    monkeypatch.setattr(loihi2, "host", lambda: "ETHERNET")
    loihi2.require_hardware()


def test_the_stock_graph_meets_lavas_hardware_configuration(
    make_program, make_stimulus, monkeypatch
):
    """Past the check, Lava itself misses Intel's closed packages; that is one line, too."""
    monkeypatch.setattr(loihi2, "require_hardware", lambda checked: None)
    program = make_program("analog")
    with pytest.raises(BackendError, match=r"^no Loihi 2: Lava lacks its hardware packages"):
        lava.run(program, make_stimulus(program), mode="stock", target="loihi2")


@pytest.mark.parametrize("network", ["convolutional", "analog"])
def test_the_graph_for_a_chip_computes_the_same(network, make_program, make_stimulus, monkeypatch):
    """With adapters that pass on what they get, on the CPU: currents are graded spikes there."""
    require_lava()
    import pass_through.adapters as adapters
    from lava.magma.core.run_conditions import RunSteps

    from snnvae.deploy.lava import stock

    monkeypatch.setitem(sys.modules, "lava.proc.embedded_io", types.ModuleType("embedded_io"))
    monkeypatch.setitem(sys.modules, "lava.proc.embedded_io.spike", adapters)
    program = make_program(network, "fixed")
    stimulus = make_stimulus(program, samples=3)
    expected = reference.run(program, stimulus)
    graph = stock.build(program, stimulus, target="loihi2")
    assert {type(p).__name__ for p in graph.adapters.made} == {"PyToNxAdapter", "NxToPyAdapter"}
    # Host currents pass a synapse, so that everything is one step later than on the CPU.
    assert graph.timetable.latency == 3
    try:
        for part in graph.parts():
            part.run(RunSteps(num_steps=graph.total), graph.run_config)
        for layer in ("first", "second"):
            np.testing.assert_array_equal(graph.spikes(layer), expected.spikes[layer])
        np.testing.assert_array_equal(graph.final("readout"), expected.final["readout"])
    finally:
        graph.stop()


def test_decays_and_thresholds_that_differ_are_refused_on_a_chip(make_program, make_stimulus):
    program = make_program("convolutional", "fixed", scale_per="channel")
    with pytest.raises(UnsupportedError, match=r"^L2-UNIFORM: layer 'first' has decays or"):
        lava.run(program, make_stimulus(program), mode="stock", target="loihi2")


def test_what_exceeds_a_chip_is_refused_by_rule(make_program, make_stimulus, monkeypatch):
    chip = load_chip("loihi2")
    small = replace(chip, limits={**chip.limits, "memory_per_core": Limit(8, "bytes", "", "")})
    monkeypatch.setattr(loihi2, "load_chip", lambda name: small)
    program = make_program("convolutional")
    with pytest.raises(UnsupportedError, match="L2-MEMORY: layer readout needs"):
        lava.run(program, make_stimulus(program), mode="stock", target="loihi2")
