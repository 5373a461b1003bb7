"""NeuroBench's synaptic operations: ours for linear maps and convolutions, none for transposed.

It counts weights that are not zero, as our sop_effective does. A transposed convolution is not
among the layers that it knows, and it says nothing.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from counted import (
    CONVOLUTIONS,
    LINEAR,
    POOL,
    TRANSPOSED,
    VAE,
    Counted,
    each,
    library,
    our_counts,
    our_macs,
    rows,
    spikes,
)
from torch import nn

workload = library("neurobench.metrics.workload")
models = library("neurobench.models")
pytestmark = pytest.mark.filterwarnings("ignore")


def operations(layer: nn.Module, x: torch.Tensor) -> dict[str, float]:
    """Its metric for a batch of spikes, of which the whole batch is one sample."""
    model, metric = models.TorchModel(nn.Sequential(layer)), workload.SynapticOperations()
    model.register_hooks()
    prediction = model(x)
    found = metric(model, prediction, (x[:1], prediction[:1]))
    model.cleanup_hooks()
    return found


def per_sample(layer: nn.Module, stream: np.ndarray, quantity: str) -> list[float]:
    return [operations(layer, rows(sample))[quantity] for sample in stream]


@each([*LINEAR, *CONVOLUTIONS])
def test_operations_of_every_sample_are_ours(case: Counted) -> None:
    stream = spikes(case.shape)
    ours = our_counts(case, stream)
    assert per_sample(case.layer, stream, "Effective_ACs") == ours.sop_event.tolist()
    assert per_sample(case.layer, stream, "Dense") == ours.sop_dense.tolist()


@each([*LINEAR, *CONVOLUTIONS])
def test_operations_over_weights_that_are_not_zero_are_ours(case: Counted) -> None:
    sparse = case.with_weight(torch.relu)
    stream = spikes(case.shape)
    ours = our_counts(sparse, stream)
    assert per_sample(sparse.layer, stream, "Effective_ACs") == ours.sop_effective.tolist()
    assert (ours.sop_effective < ours.sop_event).all()


@each([*TRANSPOSED, POOL])
def test_a_transposed_convolution_or_a_pool_counts_as_nothing_without_a_word(
    case: Counted, capsys: pytest.CaptureFixture[str], recwarn: pytest.WarningsRecorder
) -> None:
    stream = spikes(case.shape)
    nothing = {"Effective_MACs": 0, "Effective_ACs": 0, "Dense": 0}
    for sample in stream:
        assert operations(case.layer, rows(sample)) == nothing
    assert capsys.readouterr() == ("", "")
    assert not len(recwarn)
    assert (our_counts(case, stream).sop_event > 0).all()


def test_of_the_vae_s_8_796_320_operations_it_misses_its_transposed_convolutions() -> None:
    found = {case.name: operations(case.layer, torch.ones(1, *case.shape)) for case in VAE}
    ours = {case.name: our_macs(case) for case in VAE}
    transposed = {case.name for case in VAE if isinstance(case.layer, nn.ConvTranspose2d)}
    for name, macs in ours.items():
        assert found[name]["Effective_ACs"] == (0 if name in transposed else macs)
    assert sum(ours.values()) == 8_796_320
    assert sum(f["Effective_ACs"] for f in found.values()) == 3_357_728
