"""From states that were drawn to a change of the weights that lowers their energy.

With O = ½·∂ln p/∂θ, weights ω of the distinct states and E = ⟨E_loc⟩, the energy's gradient is

    ∂E/∂θ = 2·⟨(E_loc − E)·O⟩

which Adam takes. Stochastic reconfiguration (Sorella, 1998), the natural gradient, takes the step
of imaginary time: δ = (S + λ)⁻¹·⟨(E_loc − E)·O⟩ with S = ⟨O·Oᵀ⟩ − ⟨O⟩⟨O⟩ᵀ.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from scipy.linalg import solve
from torch import Tensor

from snnvae.families.spins.amplitudes import local_energies, ratios
from snnvae.families.spins.hamiltonian import Bits, Numbers, codes

if TYPE_CHECKING:
    from snnvae.families.spins.model import SpinSampler

FIRST_SHIFT, LAST_SHIFT, SHIFT_FALLS = 0.1, 1e-4, 0.93
"""λ: at first, at last, and its factor from one iteration to the next."""
NEVER_DRAWN = 1e-6
"""Probability of a state that was not drawn, for amplitudes of the histogram (Klassert et al.)."""


class Descent:
    """The change of a model's parameters in one iteration."""

    def __init__(self, model: SpinSampler, iteration: int) -> None:
        self.model, self.config = model, model.config
        self.shift = max(LAST_SHIFT, FIRST_SHIFT * SHIFT_FALLS**iteration)

    def step(self, visible: Bits) -> tuple[float, list[Tensor]]:
        """The energy of drawn states (…, N), and a direction for each of the model's parameters."""
        return self.change(*distinct(visible))

    def change(self, v: Bits, weights: Numbers) -> tuple[float, list[Tensor]]:
        """The same of distinct states (S, N), each with the part (S,) that it is of all."""
        local = energies(self.model, v, weights)
        energy = float(weights @ local)
        log_p = self._derivatives(v)
        centred = np.sqrt(weights)[:, None] * 0.5 * (log_p - weights @ log_p)
        residual = np.sqrt(weights) * (local - energy)
        force = centred.T @ residual
        if self.config.descent == "reconfiguration":
            force = _solve(centred, residual, self.shift)
        else:
            force = 2 * force
        return energy, self._as_parameters(force)

    def _derivatives(self, v: Bits) -> Numbers:
        """∂ln p/∂θ of all parameters, (S, number of them)."""
        model, m = self.model, self.model.machine()
        w, b, c = m.derivatives(v)
        if model.turns_over:
            # b and c follow W: each W_ij moves b_i and c_j by −½.
            w = w - 0.5 * b[:, :, None] - 0.5 * c[:, None, :]
        if self.config.translation:
            n = self.config.n
            w = w.reshape(len(v), n, -1, n)
            shifts = np.arange(n)
            w = np.sum([w[..., s][:, (shifts + s) % n] for s in range(n)], 0)
            b, c = b.sum(1, keepdims=True), c.reshape(len(v), -1, n).sum(-1)
        parts = [w.reshape(len(v), -1)]
        if not model.turns_over:
            parts += [b, c]
        found: Numbers = np.concatenate(parts, 1)
        return found

    def _as_parameters(self, values: Numbers) -> list[Tensor]:
        found, at = [], 0
        for parameter in self.model.parameters():
            part = values[at : at + parameter.numel()]
            found.append(torch.from_numpy(part).to(parameter).view_as(parameter))
            at += parameter.numel()
        return found


def energies(model: SpinSampler, v: Bits, weights: Numbers) -> Numbers:
    """E_loc of distinct states, by the amplitudes of the model's settings."""
    system = model.config.system
    flips = tuple(flip.sites for flip in system.flips)
    if model.config.amplitudes == "model":
        return local_energies(system, v, ratios(model.machine(), v, flips))
    return local_energies(system, v, histogram_ratios(v, weights, flips))


def distinct(visible: Bits) -> tuple[Bits, Numbers]:
    """The distinct ones (S, N) of states (…, N), and the part that each is of all."""
    rows = visible.reshape(-1, visible.shape[-1])
    _, first, counts = np.unique(codes(rows), return_index=True, return_counts=True)
    return rows[first], counts / len(rows)


def histogram_ratios(v: Bits, weights: Numbers, flips: tuple[tuple[int, ...], ...]) -> Numbers:
    """√(p(v')/p(v)), p as often as each state was drawn; v: distinct, in the order of `codes`."""
    known = codes(v)
    found = np.empty((len(v), len(flips)))
    for k, sites in enumerate(flips):
        flipped = known ^ sum(1 << site for site in sites)
        at = np.minimum(np.searchsorted(known, flipped), len(known) - 1)
        p = np.where(known[at] == flipped, weights[at], 0.0)
        found[:, k] = np.sqrt((p + NEVER_DRAWN) / (weights + NEVER_DRAWN))
    return found


def _solve(centred: Numbers, residual: Numbers, shift: float) -> Numbers:
    """(AᵀA + λ)⁻¹Aᵀr, in the smaller of its two forms: Aᵀ(AAᵀ + λ)⁻¹r is the same."""
    states, parameters = centred.shape
    if states < parameters:
        gram = centred @ centred.T + shift * np.eye(states)
        small: Numbers = centred.T @ solve(gram, residual, assume_a="pos")
        return small
    gram = centred.T @ centred + shift * np.eye(parameters)
    found: Numbers = solve(gram, centred.T @ residual, assume_a="pos")
    return found
