"""Teacher forcing over the turns: what a network is shown of rows, and how likely it finds them.

u_k(i) = what the network says at variable i's turn, of each of its K_i values but the last
p(x_i = k) = σ(u_k)·Π_{j<k} (1 − σ(u_j)),  of the last value Π_j (1 − σ(u_j))
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

UNKNOWN = -1


@dataclass(frozen=True)
class Turns:
    """counts: of values, by variable in the order of their turns; pace: steps of a turn."""

    counts: tuple[int, ...]
    pace: int = 1

    @property
    def steps(self) -> int:
        """T: a step for the evidence, then the turns."""
        return 1 + len(self.counts) * self.pace

    @cached_property
    def decided_at(self) -> tuple[int, ...]:
        """The step at which each variable is decided: the last one of its turn."""
        return tuple((i + 1) * self.pace for i in range(len(self.counts)))

    @cached_property
    def stages(self) -> tuple[tuple[int, ...], ...]:
        """The variables that have a k-th noise neuron, for each k from 0 on: k < K_i − 1."""
        return tuple(
            tuple(i for i, count in enumerate(self.counts) if count - 1 > k)
            for k in range(max(self.counts) - 1)
        )

    @cached_property
    def owner(self) -> tuple[int, ...]:
        """The variable of each value."""
        return tuple(np.repeat(np.arange(len(self.counts)), self.counts).tolist())

    @cached_property
    def first(self) -> tuple[int, ...]:
        """The place of each variable's first value among all."""
        return tuple((np.cumsum(self.counts) - self.counts).tolist())

    def one_hot(self, rows: Tensor) -> Tensor:
        """Rows (B, N), −1 where unknown → (B, Σ K)."""
        owner = torch.tensor(self.owner, device=rows.device)
        place = torch.arange(len(owner), device=rows.device)
        place = place - torch.tensor(self.first, device=rows.device)[owner]
        return (rows[:, owner] == place).float()

    def clock(self, like: Tensor) -> Tensor:
        """(T, N): which variable's turn each step is; none at step 0."""
        turn = (torch.arange(self.steps, device=like.device) - 1).div(
            self.pace, rounding_mode="floor"
        )
        return (turn[:, None] == torch.arange(len(self.counts), device=like.device)).to(like)

    def held(self, rows: Tensor, known: Tensor) -> Tensor:
        """What the latches held a step before each step (T, B, Σ K): of rows (B, N) the values that
        are known (B, N) from step 1 on, the others from after their turn on."""
        steps = torch.arange(self.steps, device=rows.device)
        at = torch.tensor(self.decided_at, device=rows.device).where(~known, 0)
        owner = torch.tensor(self.owner, device=rows.device)
        return (steps[:, None, None] > at[:, owner]).float() * self.one_hot(rows)

    def shown(self, rows: Tensor, known: Tensor) -> Tensor:
        """What the network sees: [held ; clock] (T, B, Σ K + N)."""
        held = self.held(rows, known)
        clock = self.clock(held)[:, None].expand(-1, len(rows), -1)
        return torch.cat([held, clock], -1)

    def log_likelihood(self, u: Sequence[Tensor], rows: Tensor) -> Tensor:
        """ln p(x_i | what was shown) (N, B), 0 where x_i is unknown; u: of each stage the currents
        (variables of the stage, B)."""
        total = torch.zeros(len(self.counts), len(rows), dtype=u[0].dtype, device=rows.device)
        values = rows.T
        for k, (stage, current) in enumerate(zip(self.stages, u)):
            which = torch.tensor(stage, device=rows.device)
            value = values[which]
            taken = F.logsigmoid(current).where(value == k, 0)
            passed = F.logsigmoid(-current).where(value > k, 0)
            total = total.index_add(0, which, taken + passed)
        return total


def masks(shape: Sequence[int], coin: torch.Generator | None) -> Tensor:
    """Which variables are known (B, N): each with a probability that is uniform per row."""
    share = torch.rand(shape[0], 1, generator=coin)
    return torch.rand(*shape, generator=coin) < share


def thinned(x: Tensor, share: float, generator: torch.Generator | None) -> Tensor:
    """x without a random `share` of its values, the others larger by as much; x where there is no
    generator."""
    if generator is None or not share:
        return x
    kept = torch.rand(x.shape, generator=generator).to(x) >= share
    return x * kept / (1 - share)
