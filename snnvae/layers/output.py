"""The last synapse before a readout: no tdBN, no spikes."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn


class Output(nn.ConvTranspose2d):
    """The output of a map: k3 s1 p1."""

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


class LinearOutput(nn.Linear):
    """The output of a vector."""

    def weighted(self, total: Tensor, weights: Sequence[float]) -> Tensor:
        """Σ_t weights[t]·self(x[t]) from total = Σ_t weights[t]·x[t], (B, N) both."""
        y: Tensor = self(total)
        return y + (sum(weights) - 1) * self.bias

    def deployed(self) -> LinearOutput:
        """Itself: nothing is to be folded."""
        return self
