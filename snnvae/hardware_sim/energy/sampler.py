"""The host's part of a spiking VAE: what it draws for the network, counted and never priced.

For L latents and T steps, per sample:

    FSVAE            T·L draws (which of the k spikes each latent takes)
    ESVAE posterior  T·L draws (after the encoder, from its rates)
    ESVAE prior      L normal draws n, L·L multiply-accumulates and L sigmoids for
                     sigmoid(W n + b), then T·L draws; a conditional one's b is its class's
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from snnvae.program import Program


@dataclass(frozen=True)
class SamplerWork:
    """Operations of the host's sampler for one sample."""

    kind: str
    draws: int
    macs: int = 0
    sigmoids: int = 0

    @property
    def operations(self) -> int:
        """All of them."""
        return self.draws + self.macs + self.sigmoids

    def __str__(self) -> str:
        counts = {"random draws": self.draws, "MACs": self.macs, "sigmoids": self.sigmoids}
        return ", ".join(f"{n:,} {name}" for name, n in counts.items() if n)


def sampler_work(program: Program, steps: int) -> SamplerWork | None:
    """What the sampler that the graph names does in `steps` steps; None if there is none."""
    sampler = program.sampler
    if sampler is None:
        return None
    if sampler.kind == "fsvae":
        return SamplerWork("FSVAE", draws=steps * sampler.latents)
    if sampler.kind == "esvae-posterior":
        rated = {name for name in program.outputs.values() if program.layer(name).neuron.spiking}
        latents = sum(program.layer(name).size for name in rated)
        return SamplerWork("ESVAE posterior", draws=steps * latents) if latents else None
    if sampler.kind == "esvae-prior" and sampler.weight is not None:
        rates, latents = np.shape(sampler.weight)
        draws = latents + steps * rates
        return SamplerWork("ESVAE prior", draws, macs=rates * latents, sigmoids=rates)
    return None
