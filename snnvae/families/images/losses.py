"""The distances that pull prior and posterior together."""

from __future__ import annotations

import torch
from torch import Tensor


def psp(x: Tensor) -> Tensor:
    """Post-synaptic potential over the first axis: s[t] = s[t−1] + (x[t] − s[t−1])/2, s[−1] = 0."""
    s, trace = torch.zeros_like(x[0]), []
    for value in x:
        s = s + (value - s) / 2
        trace.append(s)
    return torch.stack(trace)


def psp_distance(q: Tensor, p: Tensor) -> Tensor:
    """FSVAE's distance of two firing-rate sequences (T, B, L): mean[(PSP(q) − PSP(p))²]."""
    return ((psp(q) - psp(p)) ** 2).mean()


def bernoulli_kl(q: Tensor, p: Tensor, epsilon: float = 1e-2) -> Tensor:
    """FSVAE's other distance, KL of Bernoulli rates (T, B, L), summed over T and L, mean over B."""
    on = q * torch.log((q + epsilon) / (p + epsilon))
    off = (1 - q) * torch.log((1 - q + epsilon) / (1 - p + epsilon))
    return (on + off).sum(dim=(0, 2)).mean()


def mmd(q: Tensor, p: Tensor, kernels: int = 5, label: Tensor | None = None) -> Tensor:
    """ESVAE's biased squared maximum mean discrepancy of two sets of rates (B, L).

    Sum of RBF kernels exp(−d²/(bw·2^i)), i = 0 … 4; bw = (mean d² of the pairs)/4, no gradient.

    label: the classes (B,) of both sets. Kernels are then times [c = c'], so that what is compared
    are pairs (rate, class); only pairs of one class count for bw. Of n_c rates of a class, none is
    compared with itself: Σ_c (n_c/B)²·MMD²_c, each unbiased. The bias, in 1/n_c, would draw all
    rates of a class to one point where a batch has but a few.
    """
    both = torch.cat([q, p])
    d2 = ((both[:, None] - both[None]) ** 2).sum(-1)
    n, b = len(both), len(q)
    if label is None:
        kernel = _kernel(d2, d2.detach().sum() / (n * (n - 1)), kernels)
        return kernel[:b, :b].mean() + kernel[b:, b:].mean() - 2 * kernel[:b, b:].mean()
    same = (label[:, None] == label[None]).to(d2.dtype)
    mean = (d2.detach() * same.repeat(2, 2)).sum() / (4 * same.sum() - n)
    kernel = _kernel(d2, mean, kernels)
    count = same.sum(1)
    same = same * (count > 1)  # of a class's only rate nothing can be said
    others = (same - torch.diag(same.diag())) * count / (count - 1).clamp_min(1)
    within, across = kernel[:b, :b] + kernel[b:, b:], kernel[:b, b:]
    return (others * within - 2 * same * across).sum() / b**2


def _kernel(d2: Tensor, mean: Tensor, kernels: int) -> Tensor:
    """Σ_i exp(−d²/(bw·2^i)), bw = mean/2^(kernels//2)."""
    bandwidth = (mean / 2 ** (kernels // 2)).clamp_min(torch.finfo(d2.dtype).tiny)
    return torch.stack([torch.exp(-d2 / (bandwidth * 2**i)) for i in range(kernels)]).sum(0)
