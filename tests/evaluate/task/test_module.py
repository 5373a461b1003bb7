"""The row of the torch module: its own forward pass, called by plain torch."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
import torch
from small_classifier import INPUTS, OUTPUTS, STEPS, samples
from torch import nn

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Norse scripts functions at import, which torch calls outdated
    import norse.torch as norse

import snnvae as sv
from snnvae.errors import DataError, SnnvaeError

X = samples(20)
Y = np.arange(20) % OUTPUTS


def module(last: nn.Module) -> nn.Module:
    torch.manual_seed(0)
    found = norse.SequentialState(
        nn.Linear(INPUTS, 9), norse.LIFBoxCell(), nn.Linear(9, OUTPUTS), last
    )
    with torch.no_grad():
        for layer in (found[0], found[2]):
            layer.weight *= 12
    return found.eval()


def by_torch(found: nn.Module) -> np.ndarray:
    """(B, T, n)."""
    state, out = None, []
    with torch.no_grad():
        for step in torch.from_numpy(X).float().unbind(1):
            y, state = found(step, state)
            out.append(y.numpy())
    return np.stack(out, axis=1)


def test_spikes_are_counted_and_ties_go_to_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("snnvae.evaluate.task.assess.CHUNK", 6)
    mine = module(norse.LIFBoxCell())
    found = sv.assess(sv.from_norse(mine, (INPUTS,), steps=STEPS), X, Y, module=mine)
    counts = by_torch(mine).sum(1)
    trained, exact, _ = found.classified
    assert trained.name == "torch"
    np.testing.assert_array_equal(trained.outcome.scores, counts)
    assert trained.answers.tolist() == counts.argmax(1).tolist()
    np.testing.assert_array_equal(exact.outcome.scores, counts)
    assert exact.answers.tolist() == counts.argmax(1).tolist()
    assert trained.outcome.tied.any(), "the test shows nothing"
    assert "decided by the lower number" in found.text
    assert "torch beside float: no answer differs" in found.text
    assert trained.outcome.spikes is None


@pytest.mark.parametrize("readout", ["last", "mean", "max"])
def test_membranes_are_read_as_the_programs(readout: Any) -> None:
    mine = module(norse.LIBoxCell())
    graph = sv.from_norse(mine, (INPUTS,), steps=STEPS)
    found = sv.assess(graph, X, Y, module=mine, readout=readout)
    series = by_torch(mine)
    expected = {"last": series[:, -1], "mean": series.mean(1), "max": series.max(1)}[readout]
    np.testing.assert_allclose(found.classified[0].outcome.scores, expected, atol=1e-6)
    np.testing.assert_allclose(found.classified[1].outcome.scores, expected, atol=1e-5)


class Summed(nn.Module):
    """Takes (time, batch, …) and sums its spikes up itself."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = norse.Lift(module(norse.LIFBoxCell()))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out, _ = self.inner(x)
        return out.sum(0)


def test_what_a_module_sums_up_itself_is_taken_as_it_is() -> None:
    mine = Summed().eval()
    graph = sv.from_norse(mine, (INPUTS,), steps=STEPS)
    found = sv.assess(graph, X, Y, module=mine)
    with torch.no_grad():
        counts = mine(torch.from_numpy(X).float().swapaxes(0, 1)).numpy()
    assert found.readout == "last"
    np.testing.assert_array_equal(found.classified[0].outcome.scores, counts)
    np.testing.assert_array_equal(found.classified[1].outcome.scores, counts)


def test_another_module_is_refused() -> None:
    graph = sv.from_norse(module(norse.LIFBoxCell()), (INPUTS,), steps=STEPS)
    other = norse.SequentialState(nn.Linear(INPUTS, 3), norse.LIFBoxCell())
    with pytest.raises(DataError, match="give the module that the file came from"):
        sv.assess(graph, X, Y, module=other)
    with pytest.raises(SnnvaeError, match="does not fit its input"):
        sv.assess(graph, X, Y, module=norse.SequentialState(nn.Linear(7, 4), norse.LIFBoxCell()))
