"""The extended autoregressive model as a spiking network: any variables from any others.

Variables are decided one after another, on the chip, in a loop of one step:

    evidence ─────────────────────────────────────────────┐
    value[t−1] ─┬─▶ LIF stack ─┬▶ u ─▶ noise neurons ─▶ pick ─▶ value (latches), the output
    clock ──────┘  value[t−1] ─┘       (K_i − 1 each)   ▲ clock, value[t−1]

    pick_k(i) = [noise_k(i) − Σ_{j<k} noise_j(i) + clock(i) − Σ_v value_v(i)[t−1] > 3/2]
    pick_last(i) = [2·clock(i) − Σ_j noise_j(i) − 2·Σ_v value_v(i)[t−1] > 3/2]

At a variable's turn the first of its noise neurons that fires picks the value, the last value is
picked where none fires, and nothing is where the variable is known or decided. What only the turn's
variable needs is shared: the k-th noise neurons of all variables see the same random spikes. Their
weights are trained as they are rounded in fixed point, where they fire with probability σ(u).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils import skip_init

from snnvae.draws.clock import Clock
from snnvae.draws.draw import Draw
from snnvae.draws.evidence import Evidence
from snnvae.families.tables.adversary import Adversary
from snnvae.families.tables.config import Config
from snnvae.families.tables.turns import Turns, thinned
from snnvae.layers.grid_noise import LIMIT, SCALE, GridNoise, OnGrid
from snnvae.layers.latch import latch_cells
from snnvae.layers.model import Batch, Losses, SpikingModel
from snnvae.layers.noise import THETA
from snnvae.layers.spiking import SpikingLayer
from snnvae.layers.wiring import Cell, Delay, Link, Port, Threshold, Wiring, layer

EVIDENCE, CLOCK, VALUE = "evidence", "clock", "value"
HELD = f"{VALUE}.held"
FIRST_SUBSTREAM = 4
"""Of the noise: the first that no other draw has."""
NOISE = GridNoise((False,))
"""One row for all noise neurons of a stage, whose biases are even numbers of units."""
SPREAD = 5.0
"""tdBN's first γ: of the currents, so that the surrogate gradient's window takes in a part of them.

At 1, nearly all neurons pass all gradients, spike or not, and asia's divergence comes out twice as
large."""


class EAR(SpikingModel):
    """Loss: −ln p(x_i | what is known or decided before), the mean over the unknown variables, and
    what currents have beyond the noise's range, squared."""

    parts = ("sampler",)

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.turns = Turns(config.counts, config.pace)
        widths = (sum(config.counts) + len(config.counts), *config.stack)
        self.hidden = nn.ModuleList(_layer(fan_in, fan_out) for fan_in, fan_out in pairwise(widths))
        seen = widths[-1] + len(self.turns.owner)
        self.currents = nn.ModuleList(nn.Linear(seen, len(stage)) for stage in self.turns.stages)
        self.scales = {f"noise.{k}": SCALE for k in range(len(self.turns.stages))}
        self.adversary = Adversary(self.turns) if config.adversary else None

    def forward(self, batch: Batch, generator: torch.Generator, done: float) -> Losses:
        """The losses of rows (B, N), −1 where a value is missing; some are known (B, N)."""
        rows, known = batch
        assert rows is not None
        assert known is not None
        u = self.turn_currents(rows, known, generator if self.training else None)
        found = self.turns.log_likelihood(u, rows)
        asked = (~known & (rows >= 0)).T
        nll = -(found * asked).sum() / asked.sum().clamp(min=1)
        # Beyond LIMIT the noise makes a probability of 0 or 1, whatever the loss says.
        total = nll + torch.cat([F.relu(x.abs() - LIMIT).square().flatten() for x in u]).mean()
        if self.adversary is None:
            return Losses(total, nll, torch.zeros_like(nll))
        told = self.adversary(u, rows, known, asked, generator)
        return Losses(total + self.config.adversary * told, nll, told)

    def turn_currents(
        self, rows: Tensor, known: Tensor, generator: torch.Generator | None = None
    ) -> list[Tensor]:
        """u of each stage at its variables' turns (variables of the stage, B), teacher-forced; in
        training with some hidden spikes left out, which the generator chooses."""
        spikes = self.spikes(rows, known)
        if self.tally is not None:
            self._count(rows, known, spikes)
        at = list(self.turns.decided_at)
        held = self.turns.held(rows, known)[at]
        seen = torch.cat([thinned(spikes[at], self.config.dropout, generator), held.to(spikes)], -1)
        return [
            torch.einsum("nbh,nh->nb", seen[list(stage)], weight) + bias[:, None]
            for stage, (weight, bias) in zip(self.turns.stages, self._rounded())
        ]

    def spikes(self, rows: Tensor, known: Tensor) -> Tensor:
        """Spikes of the last hidden layer (T, B, H), teacher-forced."""
        x = self.turns.shown(rows, known)
        x = x.to(next(self.parameters()).dtype)
        for neurons in self.hidden:
            x = neurons(x)
        return x

    def _rounded(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Weights and biases of each stage, as fixed point has them."""
        for current in self._currents():
            yield OnGrid.apply(current.weight), OnGrid.apply(current.bias, torch.inf)

    def folded(self) -> EAR:
        """As of every model, with the noise neurons' weights rounded."""
        found = super().folded()
        for current, (weight, bias) in zip(found._currents(), found._rounded()):
            current.weight.copy_(weight)
            current.bias.copy_(bias)
        return found

    def _currents(self) -> Iterator[nn.Linear]:
        for current in self.currents:
            assert isinstance(current, nn.Linear)
            yield current

    def _count(self, rows: Tensor, known: Tensor, spikes: Tensor) -> None:
        """Shows what is no layer's own; of noise neurons the mean of their spikes."""
        assert self.tally is not None
        turns = self.turns
        told = turns.one_hot(rows.where(known, -1))
        none = torch.zeros_like(told)
        first = torch.arange(turns.steps, device=rows.device) == 0
        held = turns.held(rows, known)
        value = torch.cat([held[1:], turns.one_hot(rows)[None]])
        evidence = torch.where(first[:, None, None], told, none)
        self.tally(EVIDENCE, evidence)
        self.tally(CLOCK, turns.clock(held)[:, None].expand(-1, len(rows), -1))
        self.tally("pick", value - held - evidence)
        self.tally(VALUE, value)
        seen = torch.cat([spikes, held.to(spikes)], -1)
        random = torch.from_numpy(NOISE.rates()).to(spikes).expand(turns.steps, 1, -1)
        for k, (weight, bias) in enumerate(self._rounded()):
            self.tally(f"noise.{k}", torch.sigmoid(seen @ weight.T + bias))
            self.tally(f"random.{k}", random)

    def wiring(self, part: str) -> Wiring:
        """The sampler; KeyError for any other part."""
        if part != "sampler":
            raise KeyError(part)
        turns, last = self.turns, f"hidden.{len(self.hidden) - 1}.lif"
        variables, values = (len(turns.counts), 1, 1), (len(turns.owner), 1, 1)
        randoms = [NOISE.port(f"random.{k}") for k in range(len(turns.stages))]
        ports = sorted(
            (Port(EVIDENCE, values), Port(CLOCK, variables), *randoms), key=lambda port: port.name
        )
        held, value = latch_cells(VALUE, values, [Link("", None, ("pick", EVIDENCE))])
        sources: tuple[str, ...] = (HELD, CLOCK)
        cells = [held]
        for i, neurons in enumerate(self.hidden):
            assert isinstance(neurons, SpikingLayer)
            shape = (self.config.stack[i], 1, 1)
            both = ("value", "clock") if len(sources) > 1 else ()
            cells.append(layer(f"hidden.{i}", neurons, sources, shape, labels=both))
            sources = (cells[-1].name,)
        for k, (random, current) in enumerate(zip(randoms, self._currents())):
            size = current.out_features
            links = (
                Link(f"currents.{k}", current, (last, HELD), ("hidden", "value")),
                Link(f"random.{k}.levels", NOISE.synapse(size, current.weight), (random.name,)),
            )
            cells.append(Cell(f"noise.{k}", (size, 1, 1), Threshold(THETA), links))
        turn = CLOCK
        if turns.pace > 1:  # fires at the last step of a turn alone
            turn, late = "turn", "clock.late"
            delay = Cell(late, variables, Delay(turns.pace - 1), (Link("", None, (CLOCK,)),))
            now = Link("", None, (CLOCK, late))
            cells = [delay, Cell(turn, variables, Threshold(1.5), (now,)), *cells]
        noises = [f"noise.{k}" for k in range(len(randoms))]
        labels = (*(name.replace(".", "") for name in noises), "turn", "value")
        gate = Link("gate", self._gate(), (*noises, turn, HELD), labels)
        pick = Cell("pick", values, Threshold(1.5), (gate,))
        return Wiring(tuple(ports), (*cells, pick, value), VALUE, twin_passes="each step")

    def _gate(self) -> nn.Linear:
        """The weights of `pick`: of the noise neurons stage by stage, the turn, and the values."""
        turns = self.turns
        variables, values = len(turns.counts), len(turns.owner)
        noise = torch.zeros(values, sum(map(len, turns.stages)))
        column = 0
        for k, stage in enumerate(turns.stages):
            for i in stage:
                first = turns.first[i]
                noise[first + k, column] = 1.0
                noise[first + k + 1 : first + turns.counts[i], column] = -1.0
                column += 1
        turn, held = torch.zeros(values, variables), torch.zeros(values, values)
        for i, (first, count) in enumerate(zip(turns.first, turns.counts)):
            once = torch.tensor([1.0] * (count - 1) + [2.0])
            turn[first : first + count, i] = once
            held[first : first + count, first : first + count] = -once[:, None]
        found = skip_init(nn.Linear, noise.shape[1] + variables + values, values)
        like = next(self.parameters())
        found.weight = nn.Parameter(torch.cat([noise, turn, held], 1).to(like))
        found.bias = nn.Parameter(torch.zeros(values).to(like))
        return found.requires_grad_(False)

    def draws(self, part: str) -> tuple[Draw, ...]:
        """What is known (nothing, unless it is told), the clock, and the random spikes; by name, as
        a file has them."""
        stages = range(len(self.turns.stages))
        found = (
            Evidence(EVIDENCE, self.config.named),
            Clock(CLOCK, len(self.turns.counts), self.turns.pace),
            *(NOISE.draw(f"random.{k}", FIRST_SUBSTREAM + k) for k in stages),
        )
        return tuple(sorted(found, key=lambda draw: draw.port))

    def resized(self, sizes: Mapping[str, int]) -> Config:
        """With as many hidden neurons."""
        stack = [sizes[f"hidden.{i}"] for i in range(len(self.hidden))]
        changed: Config = self.config.changed(stack=stack)
        return changed


def _layer(fan_in: int, fan_out: int) -> SpikingLayer:
    """A hidden layer whose currents are spread as `SPREAD` says."""
    return SpikingLayer(nn.Linear(fan_in, fan_out), spread=SPREAD)
