"""The ANN beside the spiking model: a masked multi-layer perceptron of the same topology."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from snnvae.families.tables.config import Config
from snnvae.families.tables.turns import UNKNOWN, Turns, thinned
from snnvae.layers.model import Batch, Losses, Trainable


class AnnEAR(Trainable):
    """[what is known or decided ; whose turn it is] → BatchNorm and ReLU layers → u.

    u also reads at once what is known or decided.
    Trained on the same rows, masks and loss as the spiking model.
    """

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.turns = Turns(config.counts)
        widths = (sum(config.counts) + len(config.counts), *config.stack)
        layers: list[nn.Module] = []
        for fan_in, fan_out in pairwise(widths):
            layers += [nn.Linear(fan_in, fan_out), nn.BatchNorm1d(fan_out), nn.ReLU()]
        self.hidden = nn.Sequential(*layers)
        seen = widths[-1] + len(self.turns.owner)
        self.currents = nn.ModuleList(nn.Linear(seen, len(stage)) for stage in self.turns.stages)

    def forward(self, batch: Batch, generator: torch.Generator, done: float) -> Losses:
        """The mean of −ln p over the unknown variables."""
        rows, known = batch
        assert rows is not None
        assert known is not None
        u = self.turn_currents(rows, known, generator if self.training else None)
        found = self.turns.log_likelihood(u, rows)
        asked = (~known & (rows >= 0)).T
        nll = -(found * asked).sum() / asked.sum().clamp(min=1)
        return Losses(nll, nll, torch.zeros_like(nll))

    def turn_currents(
        self, rows: Tensor, known: Tensor, generator: torch.Generator | None = None
    ) -> list[Tensor]:
        """u of each stage at its variables' turns (variables of the stage, B); in training with
        some hidden values left out, which the generator chooses."""
        shown = self.turns.shown(rows, known)[list(self.turns.decided_at)]
        seen = self._seen(shown.flatten(0, 1), generator).view(*shown.shape[:2], -1)
        return [
            torch.stack([current(seen[i])[:, n] for n, i in enumerate(stage)])
            for stage, current in zip(self.turns.stages, self.currents)
        ]

    def _seen(self, shown: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """[hidden ; what is known or decided] (B, H + Σ K)."""
        hidden = thinned(self.hidden(shown), self.config.dropout, generator)
        return torch.cat([hidden, shown[:, : len(self.turns.owner)]], -1)

    @torch.no_grad()
    def drawn(self, rows: Tensor, generator: torch.Generator) -> Tensor:
        """Rows (B, N) in which what is unknown is drawn, variable after variable."""
        rows, turns = rows.clone(), self.turns
        clock = turns.clock(torch.zeros(1, device=rows.device))
        for i, count in enumerate(turns.counts):
            shown = torch.cat([turns.one_hot(rows), clock[i + 1].expand(len(rows), -1)], -1)
            seen = self._seen(shown)
            value = torch.full((len(rows),), count - 1)
            for k in reversed(range(count - 1)):
                u = self.currents[k](seen)[:, turns.stages[k].index(i)]
                fires = torch.rand(len(rows), generator=generator) < torch.sigmoid(u)
                value = torch.where(fires, k, value)
            rows[:, i] = torch.where(rows[:, i] == UNKNOWN, value, rows[:, i])
        return rows
