"""What a layer spends, item by item, and the same as published tables count it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from snnvae.energy import load_profile, measure, price, units
from snnvae.energy.conventions import Counting
from snnvae.energy.terms import Item, items
from snnvae.hardware_sim.counter import count
from snnvae.hardware_sim.counts import Counts
from snnvae.primitives import (
    IF,
    LIF,
    Conv2d,
    CubaLI,
    CubaLIF,
    Integrator,
    LeakyIntegrator,
    Linear,
    Relay,
    Threshold,
)
from snnvae.primitives.neuron import FloatNeuron
from snnvae.program import Connection, Input, Layer, Program
from snnvae.recording import Recording

Run = tuple[Program, Recording]
ZERO, ONE = np.zeros(()), np.ones(())


def totals(counts: Counts, counting: Counting = "exact") -> dict[str, float]:
    """Term → mean count per sample."""
    found: dict[str, float] = {}
    for item in items(counts, counting):
        found[item.term] = found.get(item.term, 0.0) + float(item.n.mean())
    return found


def convolution(steps: int = 3) -> Run:
    """One spike in the corner of a 4 × 4 map and one inside, onto 2 channels; kernel 3, pad 1."""
    one = (1, 1)
    conv = Conv2d((1, 4, 4), (2, 4, 4), np.ones((2, 1, 3, 3)), one, one, one, 1)
    program = Program(
        precision="fixed",
        dt=1e-3,
        steps=steps,
        inputs=(Input("in", (1, 4, 4)),),
        layers=(Layer("out", (2, 4, 4), LIF(dv=0.5 * ONE, threshold=ONE)),),
        connections=(Connection("conv", "in", "out", conv),),
        outputs={"y": "out"},
        readouts={},
    )
    spikes = np.zeros((1, steps, 1, 4, 4), bool)
    spikes[0, 0, 0, 0, 0] = spikes[0, 1, 0, 1, 1] = True
    fired = np.zeros((1, steps, 2, 4, 4), bool)
    fired[0, 0, 0, 0, 0] = True
    return program, Recording({"in": spikes, "out": fired})


def test_a_convolution_finds_its_targets_per_spike_and_per_operation() -> None:
    """Lemaire et al. 2022: 2 multiplications and 2 additions a spike, an addition an operation."""
    found = totals(count(*convolution()))
    sop = 2 * (4 + 9)  # a corner has 4 neighbours, an inner position 9
    assert found["sop"] == sop
    assert (found["address_mul"], found["address_add"]) == (2 * 2, 2 * 2 + sop)


def test_a_matrix_finds_its_targets_by_counting_on(by_hand: Run) -> None:
    found = totals(count(*by_hand))
    assert (found["address_mul"], found["address_add"]) == (0, found["sop"])


def test_an_item_knows_the_memory_that_it_reads() -> None:
    sizes = {(i.term, i.words) for i in items(count(*convolution())) if i.words}
    assert sizes == {("sop_weight", 18), ("sop_state", 32), ("update_state", 32)}


@pytest.mark.parametrize(
    ("neuron", "words"),
    [
        (LIF(dv=0.5 * ONE, threshold=ONE), 1),
        (CubaLIF(dv=0.5 * ONE, du=0.5 * ONE, threshold=ONE), 2),
        (Threshold(dv=ONE, threshold=ONE), 0),
    ],
)
def test_an_update_moves_what_the_neuron_remembers(by_hand: Run, neuron: LIF, words: int) -> None:
    program, recording = by_hand
    counts = count(replace(program, layers=(Layer("out", (3,), neuron),)), recording)
    (layer,) = counts.layers
    assert layer.state_words == words
    assert totals(counts)["update_state"] == 4 * 3 * words
    memory = counts.memory(layer)
    np.testing.assert_array_equal(memory.weights_read, [9, 15])
    np.testing.assert_array_equal(memory.states_read, np.array([9, 15]) + 4 * 3 * words)
    np.testing.assert_array_equal(memory.states_written, memory.states_read)


@pytest.mark.parametrize(
    ("neuron", "multiplications", "additions"),
    [
        # v·(1 − dv); + I, v > threshold
        (LIF(dv=0.5 * ONE, threshold=ONE), 1, 2),
        # nothing leaks; + I, v > threshold
        (IF(dv=ZERO, threshold=ONE), 0, 2),
        # u·(1 − du), v·(1 − dv); + I, + u, v > threshold
        (CubaLIF(dv=0.5 * ONE, du=0.5 * ONE, threshold=ONE), 2, 3),
        # v·(1 − dv); + I
        (LeakyIntegrator(0.5 * ONE, ZERO, ZERO), 1, 1),
        # u·(1 − du), v·(1 − dv); + I, + u
        (CubaLI(dv=0.5 * ONE, du=0.5 * ONE), 2, 2),
        # + I
        (Integrator(dv=ZERO), 0, 1),
        # I > threshold
        (Threshold(dv=ONE, threshold=ONE), 0, 1),
        # its sum is the synapses'
        (Relay(dv=ONE, threshold=0.5 * ONE), 0, 0),
    ],
)
def test_an_update_of_each_neuron_by_hand(
    by_hand: Run, neuron: FloatNeuron, multiplications: int, additions: int
) -> None:
    """3 neurons, 4 steps."""
    program, recording = by_hand
    found = totals(count(replace(program, layers=(Layer("out", (3,), neuron),)), recording))
    assert found["neuron_mul"] == 12 * multiplications
    assert found["neuron_add"] == 12 * additions


def test_what_a_spike_leaves_is_where_its_messages_count() -> None:
    program, recording = convolution()
    counts = count(program, recording)
    (c,) = counts.connections
    routed = replace(c, messages=np.array([7]), hops_x=np.array([3]))
    found = items(replace(counts, connections=(routed,)))
    assert {(i.where, i.term, int(i.n[0])) for i in found if i.term in ("message", "hop_x")} == {
        ("in", "message", 7),
        ("in", "hop_x", 3),
    }


def graded(steps: int = 4) -> Run:
    """A layer without spikes whose membranes drive the next one."""
    from snnvae.primitives import LeakyIntegrator

    program = Program(
        precision="float",
        dt=1e-3,
        steps=steps,
        inputs=(Input("in", (2,)),),
        layers=(
            Layer("sum", (3,), LeakyIntegrator(ZERO, ZERO, 0.2 * ONE)),
            Layer("out", (4,), LIF(dv=0.5 * ONE, threshold=ONE)),
        ),
        connections=(
            Connection("a", "in", "sum", Linear((2,), (3,), np.ones((3, 2)))),
            Connection("b", "sum", "out", Linear((3,), (4,), np.ones((4, 3)))),
        ),
        outputs={"y": "out"},
        readouts={},
    )
    spikes = {"in": np.ones((1, steps, 2), bool), "out": np.zeros((1, steps, 4), bool)}
    return program, Recording(spikes)


def test_membranes_that_are_sent_on_cost_multiplications_on_the_chip() -> None:
    found = totals(count(*graded()))
    assert (found["mac"], found["sop"]) == (4 * 12, 4 * 6)
    assert found["sop_weight"] == found["sop_state"] == 4 * 12 + 4 * 6
    assert "host_mac" not in found
    counts = count(*graded())
    np.testing.assert_array_equal(counts.memory(counts.layers[1]).weights_read, [4 * 12])
    reasons = {u.term for u in price(measure(*graded()), load_profile("loihi1")).unpriced}
    assert "mac" in reasons


# --- as others count


def test_by_the_mean_rate_a_corner_costs_as_much_as_the_middle() -> None:
    counts = count(*convolution())
    dense = 2 * (4 * 4 + 8 * 6 + 4 * 9)  # corners, edges, middle
    assert totals(counts, "mean_rate")["sop"] == pytest.approx(2 / 16 * dense)


def test_by_the_mean_rate_equal_fan_outs_are_counted_exactly(by_hand: Run) -> None:
    counts = count(*by_hand)
    assert totals(counts, "mean_rate")["sop"] == totals(counts)["sop"]


def test_fsvae_ignores_borders_and_multiplies_unless_a_neuron_fires() -> None:
    counts = count(*convolution())
    found = totals(counts, "fsvae")
    updates = 3 * 32
    assert found["sop"] == pytest.approx(2 * 2 * 9)
    assert found["neuron_mul"] == updates - 1
    assert found["neuron_add"] == found["bias"] == updates


def test_fsvae_works_an_image_out_at_every_step(run: Run) -> None:
    counts = count(*run)
    assert totals(counts)["host_mac"] == 200  # once, exact at the borders
    assert totals(counts, "fsvae")["host_mac"] == 5 * 2 * 9 * 16


def test_a_report_says_whose_way_of_counting_it_is(run: Run) -> None:
    measured = measure(*run)
    said = " ".join(price(measured, load_profile("ac-mac")).notes)
    assert "counted as the profile's authors do, not exactly: mean rate" in said
    assert "not exactly" not in " ".join(price(measured, load_profile("horowitz45")).notes)


def test_beside_a_convention_stands_what_exact_counts_give(run: Run) -> None:
    measured = measure(*run)
    theirs = price(measured, load_profile("fsvae-paper"))
    said = next(note for note in theirs.notes if note.startswith("Counted exactly"))
    exact = sum(
        float(i.n.mean()) * theirs.prices[i.term].energy.nominal
        for i in items(measured.counts)
        if i.term in theirs.prices
    )
    assert f"give {units.energy(exact)} for the spiking network" in said
    assert f"instead of {units.energy(theirs.total.nominal)}" in said
    # Linear layers of 32 × 6, 6 × 6 twice (an eye of 6) and 6 × 4; a kernel on 4 × 4.
    assert "458 multiply-accumulates instead of 1,420." in said


def test_items_without_a_placement_have_no_messages(by_hand: Run) -> None:
    found: list[Item] = items(count(*by_hand))
    assert not {"message", "hop_x", "hop_y", "static"} & {i.term for i in found}
