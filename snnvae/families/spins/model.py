"""A restricted Boltzmann machine as two populations of noise neurons in a loop, and its training.

    h_j[t] ~ σ(Σ_i W_ij·v_i[t−2] + c_j),   v_i[t] ~ σ(Σ_j W_ij·h_j[t−2] + b_i)

Neurons of one population are not wired among each other, so that each step is exact block Gibbs
sampling. Both ways take two steps: the loop is four steps long, as Loihi's synapses need it, and
holds four independent chains, which take turns; every step shows a state of one of them.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils import skip_init
from torch.optim import SGD, Adam, Optimizer

from snnvae.draws.draw import Draw
from snnvae.draws.first_steps import FirstSteps
from snnvae.families.spins.amplitudes import Machine
from snnvae.families.spins.config import LOOP, WAY, Config
from snnvae.families.spins.descent import Descent
from snnvae.families.spins.sampler import Chains, State
from snnvae.layers.grid_noise import SCALE, GridNoise, OnGrid
from snnvae.layers.model import Batch, Losses, SpikingModel
from snnvae.layers.noise import noise_cell
from snnvae.layers.wiring import Cell, Delay, Link, Port, Wiring

SAMPLER = "sampler"
SPREAD = 0.1
"""Deviation of the first weights."""
SUBSTREAMS = 4
"""The first of four sub-streams of random numbers."""


class SpinSampler(SpikingModel):
    """ψ(v) = √p(v), p the visible distribution of W, b, c.

    What is trained is rounded as it is deployed: gradients are those of the rounded weights, and
    move the real numbers behind them.

    Where H stays the same when all spins turn over, so does p: b = −½·Σ_j W_ij, c = −½·Σ_i W_ij.
    With translation, W holds a row of N weights for each N hidden neurons, shifted by a site each.
    """

    parts = (SAMPLER,)
    iteration: Tensor
    last_v: Tensor
    last_h: Tensor

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        n, m = config.n, config.units
        free = m // n if config.translation else m
        self.weight = nn.Parameter(SPREAD * torch.randn(n, free))
        self.turns_over = config.system.turns_over
        if not self.turns_over:
            self.visible_bias = nn.Parameter(torch.zeros(1 if config.translation else n))
            self.hidden_bias = nn.Parameter(torch.zeros(free))
        self.scales = dict.fromkeys(
            ("h", "v"), SCALE
        )  # at which fixed point has them all as they are
        self.register_buffer("iteration", torch.zeros((), dtype=torch.int64))
        for population, size in (("v", n), ("h", m)):
            at = torch.zeros(config.batch, WAY, size, dtype=torch.bool)
            self.register_buffer(f"last_{population}", at)

    def tensors(self) -> tuple[Tensor, Tensor, Tensor]:
        """W (N, M), b (N), c (M), rounded as they are deployed: W to 8 bits, biases to units."""
        n, m = self.config.n, self.config.units
        w: Tensor = OnGrid.apply(self.weight)
        if self.config.translation:
            shifts = torch.arange(n)
            w = torch.stack([w[(shifts - s) % n] for s in range(n)], -1).reshape(n, m)
        if self.turns_over:
            return w, -0.5 * w.sum(1), -0.5 * w.sum(0)
        repeats = n if self.config.translation else 1
        visible, hidden = (
            (SCALE * b).round() / SCALE for b in (self.visible_bias, self.hidden_bias)
        )
        return w, visible.expand(n), hidden.repeat_interleave(repeats)

    def machine(self) -> Machine:
        """The same in float64, for the host."""
        w, b, c = (each.detach().cpu().numpy().astype(np.float64) for each in self.tensors())
        return Machine(w, b, c)

    def wiring(self, part: str) -> Wiring:
        """Noise and first states → h ⇄ v."""
        if part != SAMPLER:
            raise KeyError(part)
        w, b, c = (each.detach().cpu() for each in self.tensors())
        n, m = self.config.n, self.config.units
        noise = {"h": GridNoise.of_bias(c.numpy()), "v": GridNoise.of_bias(b.numpy())}
        ports = (  # in the order that files have
            *(own.port(f"noise.{x}") for x, own in noise.items()),
            *(Port(f"start.{x}", (len(own.odd), 1, 1), in_twin=False) for x, own in noise.items()),
        )
        cells = (
            _delay("v", n),
            _delay("h", m),
            self._population("h", "v", w.T, c, noise["h"]),
            self._population("v", "h", w, b, noise["v"]),
        )
        return Wiring(ports, cells, "v", twin_passes="each step")

    def _population(
        self, name: str, other: str, weight: Tensor, bias: Tensor, noise: GridNoise
    ) -> Cell:
        """Noise neurons that read the other population, and its first states by the same
        weights."""
        size, others = weight.shape
        synapse = skip_init(nn.Linear, 2 * others, size)
        synapse.weight = nn.Parameter(torch.cat([weight, weight], 1))
        synapse.bias = nn.Parameter(bias.clone())
        sources = (f"{other}.delay", f"start.{other}")
        link = Link(f"{name}.{other}", synapse.requires_grad_(False), sources, ("loop", "start"))
        return noise_cell(name, size, [link], f"noise.{name}", noise, weight)

    def draws(self, part: str) -> tuple[Draw, ...]:
        """First states at random, and the noise."""
        _, *biases = (each.detach().cpu().numpy() for each in self.tensors())
        noise = [GridNoise.of_bias(each) for each in biases]
        return (
            FirstSteps("start.v", self.config.n, WAY, SUBSTREAMS),
            FirstSteps("start.h", self.config.units, WAY, SUBSTREAMS + 1),
            noise[0].draw("noise.v", SUBSTREAMS + 2),
            noise[1].draw("noise.h", SUBSTREAMS + 3),
        )

    def forward(self, batch: Batch, generator: torch.Generator, done: float) -> Losses:
        """The energy, with the gradient that lowers it: of states that the deployed program draws
        from where its chains stood."""
        seed = int(torch.randint(1 << 62, (), generator=generator))
        state = None
        if self.iteration and len(self.last_v) == self.config.batch:
            state = State(self.last_v.cpu().numpy(), self.last_h.cpu().numpy())
        steps = LOOP * self.config.sweeps
        drawn = Chains(self, "fixed").run(range(self.config.batch), steps, seed, state)
        self.last_v = torch.from_numpy(drawn.last.v).to(self.last_v.device)
        self.last_h = torch.from_numpy(drawn.last.h).to(self.last_h.device)
        descent = Descent(self, int(self.iteration))
        self.iteration += 1
        energy, direction = descent.step(drawn.visible)
        total = torch.stack([(p * g).sum() for p, g in zip(self.parameters(), direction)]).sum()
        per_site = torch.tensor(energy / self.config.n)
        loss = per_site + total - total.detach()
        return Losses(loss, per_site, torch.zeros(()))

    def optimizer(self) -> Optimizer:
        """Plain steps along what stochastic reconfiguration finds; or Adam's."""
        config = self.config
        if config.descent == "adam":
            return Adam(
                self.parameters(), config.lr, config.betas, weight_decay=config.weight_decay
            )
        return SGD(self.parameters(), config.lr, weight_decay=config.weight_decay)


def _delay(name: str, size: int) -> Cell:
    return Cell(f"{name}.delay", (size, 1, 1), Delay(WAY), (Link("", None, (name,)),))
