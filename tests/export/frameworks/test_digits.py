"""Classifiers of digits in each tool: the deployed float program's scores are the tool's own."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch
from example import example
from frameworks import library

import snnvae as sv

codes = example("digits_codes")
EPOCHS = 8
"""Until networks fire that are silent as they are made."""
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.mark.parametrize("code", ["rate", "latency", "events"])
@pytest.mark.parametrize("tool_name", ["norse", "snntorch", "spikingjelly"])
def test_float_is_the_tools_own_forward_pass_sample_for_sample(tool_name: str, code: str) -> None:
    library(tool_name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tool = example(f"digits_{tool_name}")
    torch.manual_seed(0)
    pixels, labels = codes.digits()
    spikes = codes.CODES[code](pixels[:300])
    inputs, known = torch.from_numpy(spikes).float(), torch.from_numpy(labels[:300])
    module = tool.network(code)
    optimiser = torch.optim.Adam(module.parameters(), tool.LEARNING_RATES[code])
    for rows in torch.arange(200).repeat(EPOCHS).split(20):
        optimiser.zero_grad()
        scores = tool.scores(module, inputs[rows])
        torch.nn.functional.cross_entropy(scores, known[rows]).backward()
        optimiser.step()
    new = slice(200, 300)
    with torch.no_grad():
        own = tool.scores(module.eval(), inputs[new]).numpy()
    graph = tool.to_nir(module, inputs[new])
    found = sv.assess(
        graph, spikes[new], labels[new], precisions=["float"], conventions=tool.CONVENTIONS
    )
    assert len(set(own.argmax(1))) > 2, "the test shows nothing"
    theirs = found.classified[0].outcome.scores
    np.testing.assert_allclose(theirs, own, rtol=1e-5, atol=1e-5)  # exact where spikes are counted
    np.testing.assert_array_equal(theirs.argmax(1), own.argmax(1))
