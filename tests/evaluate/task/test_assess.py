"""All forms of a network on the same samples: the reference's answers, whatever runs them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from small_classifier import OUTPUTS, STEPS, classifier

from snnvae.deploy.backends import RunResources
from snnvae.errors import ConfigError
from snnvae.evaluate.task.assess import Question, assess, usual_top_k
from snnvae.evaluate.task.assessment import Assessment
from snnvae.evaluate.task.classification import Classified
from snnvae.hardware_sim import reference
from snnvae.inputs.pairs import from_arrays
from snnvae.recording import Recording
from snnvae.stimulus import Stimulus

Asks = Callable[..., Assessment]


def recorded(nets: Any, x: np.ndarray, precision: str, *, spiking: bool) -> tuple[Any, Recording]:
    program = nets.compiled(classifier(nets, spiking=spiking), precision, steps=STEPS)
    stimulus = Stimulus({"in": x}, tuple(range(len(x))))
    return program, reference.run(program, stimulus, membranes=True)


def test_answers_are_those_of_the_reference(nets: Any, asks: Asks, x: np.ndarray) -> None:
    found = asks(spiking=True, traces=2)
    both = {}
    for form in found.classified:
        program, recording = recorded(nets, x, form.name, spiking=True)
        counts = recording.spikes["last"].sum(1)
        last = program.layer("last").to_real(recording.membranes["last"][:, -1])
        expected = [
            max(range(OUTPUTS), key=lambda k: (counts[n, k], last[n, k], -k)) for n in range(len(x))
        ]
        assert form.answers.tolist() == expected
        assert form.outcome.silent == sum(not counts[n].any() for n in range(len(x)))
        assert form.outcome.spikes == sum(
            recording.spikes[name].sum() for name in ("hidden", "last")
        ) / len(x)
        both[form.name] = form.answers
    assert found.flips == tuple(np.flatnonzero(both["float"] != both["fixed"]))
    assert len(found.flips) > 0, "the test shows nothing"
    assert 0 < found.classified[0].outcome.tied.sum() < len(x)


def test_any_block_and_any_backend_gives_the_same(asks: Asks, monkeypatch: Any) -> None:
    whole = asks(spiking=True)
    monkeypatch.setattr("snnvae.evaluate.task.assess.CHUNK", 7)
    parts = asks(spiking=True)
    bounded = asks(spiking=True, resources=RunResources(max_memory=60_000))
    other = asks(spiking=True, backend="reference")
    for found in (parts, bounded, other):
        assert found.data["forms"] == whole.data["forms"]
        assert found.data["change"] == whole.data["change"]
        assert found.first == whole.first
        assert [(r.rates, r.differing, r.first) for r in found.layers] == [
            (r.rates, r.differing, r.first) for r in whole.layers
        ]


def test_rows_of_other_backends_stand_beside(asks: Asks) -> None:
    found = asks(spiking=False, precisions=("fixed",), beside=("reference",))
    fixed, again = found.classified
    assert (fixed.name, again.name) == ("fixed", "fixed, reference")
    np.testing.assert_array_equal(fixed.outcome.scores, again.outcome.scores)
    assert "recall fixed, reference" not in found.text
    assert "fixed, reference beside fixed: no answer differs" in found.text


def test_where_fixed_point_goes_another_way(nets: Any, asks: Asks, x: np.ndarray) -> None:
    """By plain loops over both references."""
    found = asks(spiking=True, traces=3)
    exact, one = recorded(nets, x, "float", spiking=True)
    fixed, other = recorded(nets, x, "fixed", spiking=True)
    for n in range(len(x)):
        places = [
            (t, place, k, name)
            for place, name in enumerate(("hidden", "last"))
            for t, k in np.argwhere(one.spikes[name][n] != other.spikes[name][n])
        ]
        first = found.first[n]
        if not places:
            assert first is None
            continue
        assert first is not None
        assert (first.step, first.neuron, first.layer) == (
            min(places)[0],
            min(places)[2],
            min(places)[3],
        )
    for row in found.layers:
        a, b = one.spikes[row.layer], other.spikes[row.layer]
        assert row.differing == (a != b).mean()
        assert row.rates == (a.mean(), b.mean())
        gap = fixed.layer(row.layer).to_real(other.membranes[row.layer]) - one.membranes[row.layer]
        assert row.error == pytest.approx(np.sqrt(np.square(gap).mean()))  # the threshold is 1
        assert row.saturated == other.info["saturated"][row.layer]
        assert row.first == sum(f is not None and f.layer == row.layer for f in found.first)
    assert tuple(trace.sample for trace in found.traces) == found.flips[:3]
    for trace in found.traces:
        assert trace.first == found.first[trace.sample]
        for neuron in trace.layers:
            for recording, program, values, spikes in zip(
                (one, other), (exact, fixed), neuron.membranes, neuron.spikes or ()
            ):
                n, k = trace.sample, neuron.neuron
                real = program.layer(neuron.layer).to_real(recording.membranes[neuron.layer])
                np.testing.assert_allclose(values, real[n, :, k])
                np.testing.assert_array_equal(spikes, recording.spikes[neuron.layer][n, :, k])


def test_membranes_are_compared_only_where_that_is_asked(asks: Asks) -> None:
    """Those that decide between equal counts are the same, recorded at once or afterwards."""
    bare, traced = asks(spiking=True), asks(spiking=True, traces=0)
    assert all(row.error is None for row in bare.layers)
    assert bare.data["forms"] == traced.data["forms"]
    for one, other in zip(bare.classified, traced.classified):
        assert one.outcome.tied.any()
        np.testing.assert_array_equal(one.outcome.second, other.outcome.second)
    errors = [row.error for row in asks(spiking=False, traces=0).layers]
    assert all(error is not None and error > 0 for error in errors)


def test_values_of_a_regression(nets: Any, asks: Asks, x: np.ndarray) -> None:
    targets = np.random.default_rng(3).normal(size=(60, OUTPUTS))
    found = asks(spiking=False, targets=targets, traces=2)
    for form in found.regressed:
        program, recording = recorded(nets, x, form.name, spiking=False)
        values = program.layer("last").to_real(recording.membranes["last"][:, -1])
        np.testing.assert_allclose(form.outcome.scores, values)
        assert form.mse == pytest.approx(np.square(values - targets).mean())
    moved = np.abs(found.regressed[0].outcome.scores - found.regressed[1].outcome.scores).max(1)
    assert [trace.sample for trace in found.traces] == np.argsort(-moved)[:2].tolist()
    assert found.accuracy == {}
    assert "RMS" in found.text


def test_a_rate_times_a_scale_is_a_value(nets: Any, asks: Asks, x: np.ndarray) -> None:
    found = asks(spiking=True, targets=np.ones((60, OUTPUTS)), scale=2.5, precisions=("float",))
    _, recording = recorded(nets, x, "float", spiking=True)
    np.testing.assert_allclose(
        found.regressed[0].outcome.scores, 2.5 * recording.spikes["last"].mean(1)
    )
    assert found.regressed[0].r2 is None


def test_so_many_best_answers_count_that_one_may_miss() -> None:
    assert [usual_top_k(classes) for classes in (0, 1, 2, 3, 4, 10)] == [1, 1, 1, 2, 3, 3]


def test_what_is_asked_must_fit_the_network(asks: Asks, nets: Any) -> None:
    for how, message in (
        ({"scale": 2.0}, "`scale` is for values"),
        ({"targets": np.ones((60, OUTPUTS)), "scale": np.inf}, "`scale` inf is not within"),
        ({"top_k": 5}, "`top_k` 5 is not for 4 outputs"),
        ({"output": "x"}, "`output` x: the network's outputs are out"),
        ({"readout": "last"}, "`readout` last: the output layer spikes"),
        ({"targets": np.ones((60, OUTPUTS)), "top_k": 1}, "`top_k` 1 is not for targets"),
    ):
        with pytest.raises(ConfigError, match=message):
            asks(**how)
    one = nets.chain({"in": nets.source(2), "w": nets.affine([[1.0, 1.0]]), "a": nets.lif(1),
                      "out": nets.sink(1)}, initial="v_leak")  # fmt: skip
    given = np.ones((3, 5, 2), bool)
    with pytest.raises(ConfigError, match="one output, whose class is always the same"):
        assess(one, lambda p: from_arrays(p, given, np.zeros(3, int), regression=False))


def test_one_of_several_outputs_answers(nets: Any) -> None:
    nodes = {
        "in": nets.source(3), "a": nets.lif(3), "w": nets.affine(np.eye(2, 3)), "b": nets.li(2),
        "one": nets.sink(3), "two": nets.sink(2),
    }  # fmt: skip
    graph = nets.graph(nodes, "in a one", "a w b two", initial="v_leak")
    given, labels = np.ones((4, 6, 3), bool), np.array([0, 1, 0, 1])

    def ask(output: str | None) -> Assessment:
        question = Question(output=output)
        pairs = lambda p: from_arrays(p, given, labels, regression=False)  # noqa: E731
        return assess(graph, pairs, question)

    assert ask("one").readout == "count"
    assert ask("two").readout == "last"
    with pytest.raises(ConfigError, match="say which one answers by `output`"):
        ask(None)


def test_it_shows_itself(asks: Asks) -> None:
    found = asks(spiking=True, class_names=("a", "b", "<c>", "d"), traces=1)
    assert repr(found).startswith("<Assessment: 60 samples, accuracy float 0.")
    columns = found.columns()
    assert columns["form"] == ["float", "fixed"]
    assert columns["accuracy"] == [form.accuracy for form in found.classified]
    assert "<table>" in found._repr_html_()
    text = found.text
    assert "60 samples × 14 steps on emulator; 'out' read as the spikes' count" in text
    assert "McNemar's exact test" in text
    data = json.loads(json.dumps(found.data))
    assert data["change"]["flips"] == list(found.flips)
    assert data["forms"]["fixed"]["recall"].keys() == {"a", "b", "<c>", "d"}
    page = found.page("a <net>")
    assert "<c>" not in page
    assert "a &lt;net&gt;" in page
    assert page.count("<svg") == len(found.traces) == 1
    assert "prefers-color-scheme: dark" in page


def test_many_classes_are_listed_from_the_least_known_on() -> None:
    from snnvae.evaluate.task import words
    from snnvae.evaluate.task.outcome import Outcome

    labels = np.repeat(np.arange(30), 2)
    scores = np.eye(30)[np.where(labels == 17, 4, labels)]
    form = Classified.of(Outcome("fixed", scores), labels, tuple(f"n{k}" for k in range(30)))
    found = Assessment((form,), form.classes, "emulator", 3, "out", "count")
    table = words.classes(found, form)
    assert len(table.rows) == words.MOST_CLASSES
    assert table.rows[0] == ("n17", 2, "n4 (2)", "0.00 %")
