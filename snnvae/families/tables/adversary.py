"""A discriminator beside the loss, in training alone: the adversarial form of the model.

It sees what was shown at a variable's turn and that variable's value, and tells a row's own value
from one that the model draws. So a model whose every conditional is right cannot be told from the
data. Values are drawn by the Gumbel-max rule, one-hot, with the gradient of the softmax; on the way
back to the model the gradient changes its sign, so that one optimizer trains both.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from snnvae.families.tables.turns import Turns

WIDTH = 64
TINY = 1e-10


class Reversed(torch.autograd.Function):
    """Itself; its gradient is −1 times."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        """x."""
        return x.view_as(x)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Tensor:
        """−grad."""
        return -grads[0]


class Adversary(nn.Module):
    """[held ; clock ; the variable's value] → whether it is the row's own."""

    def __init__(self, turns: Turns) -> None:
        super().__init__()
        self.turns = turns
        values, variables = len(turns.owner), len(turns.counts)
        self.net = nn.Sequential(
            nn.Linear(2 * values + variables, WIDTH), nn.LeakyReLU(0.2), nn.Linear(WIDTH, 1)
        )

    def forward(
        self,
        u: Sequence[Tensor],
        rows: Tensor,
        known: Tensor,
        asked: Tensor,
        generator: torch.Generator,
    ) -> Tensor:
        """The discriminator's cross-entropy over the variables that are asked for (N, B)."""
        turns = self.turns
        shown = turns.shown(rows, known)[list(turns.decided_at)]
        own = torch.stack([turns.one_hot(self._only(rows, i)) for i in range(len(turns.counts))])
        drawn = Reversed.apply(self._drawn(u, len(rows), generator))
        real = self.net(torch.cat([shown, own], -1)).squeeze(-1)
        fake = self.net(torch.cat([shown, drawn], -1)).squeeze(-1)
        told = F.softplus(-real) + F.softplus(fake)
        return (told * asked).sum() / (2 * asked.sum().clamp(min=1))

    @staticmethod
    def _only(rows: Tensor, i: int) -> Tensor:
        found = torch.full_like(rows, -1)
        found[:, i] = rows[:, i]
        return found

    def _drawn(self, u: Sequence[Tensor], batch: int, generator: torch.Generator) -> Tensor:
        """(N, B, Σ K): at each turn a value of its variable, one-hot."""
        turns = self.turns
        found = []
        for i, count in enumerate(turns.counts):
            logits, passed = [], torch.zeros(batch, device=u[0].device)
            for k in range(count - 1):
                current = u[k][turns.stages[k].index(i)]
                logits.append(passed + F.logsigmoid(current))
                passed = passed + F.logsigmoid(-current)
            p = torch.stack([*logits, passed], -1)
            uniform = torch.rand(p.shape, generator=generator).to(p).clamp(TINY, 1 - 1e-7)
            soft = (p - torch.log(-torch.log(uniform))).softmax(-1)
            hard = F.one_hot(soft.argmax(-1), count).to(soft)
            value = hard + soft - soft.detach()
            before = turns.first[i]
            found.append(F.pad(value, (before, len(turns.owner) - before - count)))
        return torch.stack(found)
