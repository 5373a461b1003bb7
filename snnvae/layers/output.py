"""The last synapse before a readout."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn


class Output(nn.ConvTranspose2d):
    """The decoder's last synapse, k3 s1 p1: no tdBN, no spikes."""

    def __init__(self, fan_in: int, channels: int) -> None:
        super().__init__(fan_in, channels, 3, stride=1, padding=1)

    def weighted(self, total: Tensor, weights: Sequence[float]) -> Tensor:
        """Σ_t weights[t]·self(x[t]) from total = Σ_t weights[t]·x[t], (B, C, H, W) both."""
        assert self.bias is not None
        y: Tensor = self(total)
        return y + (sum(weights) - 1) * self.bias.view(-1, 1, 1)

    def deployed(self) -> Output:
        """Itself: nothing is to be folded."""
        return self
