"""A latch keeps what was decided."""

from __future__ import annotations

import torch

from snnvae.layers.activity import activity
from snnvae.layers.latch import latch_cells
from snnvae.layers.wiring import Cell, Link, Port, Threshold, Wiring

SHAPE = (2, 1, 1)


def test_a_latch_fires_from_the_step_on_in_which_it_is_set() -> None:
    held, kept = latch_cells("kept", SHAPE, [Link("", None, ("set",))])
    # A cell between the two sees what was held a step ago.
    ago = Cell("ago", SHAPE, Threshold(0.5), (Link("", None, (held.name,)),))
    wiring = Wiring((Port("set", SHAPE),), (held, ago, kept), "kept")
    stream = torch.tensor([[0, 0], [0, 1], [1, 0], [1, 0], [0, 0]], dtype=torch.float32)
    found = activity(wiring, {"set": stream.view(5, 1, 2, 1, 1)}).spikes
    expected = torch.tensor([[0, 0], [0, 1], [1, 1], [1, 1], [1, 1]], dtype=torch.float32)
    torch.testing.assert_close(found["kept"].view(5, 2), expected)
    torch.testing.assert_close(found["ago"].view(5, 2)[1:], expected[:-1])
    assert not found["ago"][0].any()
