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
    are pairs (rate, class), and only pairs of one class count for bw.
    """
    both = torch.cat([q, p])
    d2 = ((both[:, None] - both[None]) ** 2).sum(-1)
    n = len(both)
    pairs, same = n * (n - 1), None
    distances = d2.detach()
    if label is not None:
        of_both = torch.cat([label, label])
        same = (of_both[:, None] == of_both[None]).to(d2.dtype)
        pairs, distances = int(same.sum()) - n, distances * same
    bandwidth = distances.sum() / pairs / 2 ** (kernels // 2)
    bandwidth = bandwidth.clamp_min(torch.finfo(d2.dtype).tiny)
    kernel = torch.stack([torch.exp(-d2 / (bandwidth * 2**i)) for i in range(kernels)]).sum(0)
    if same is not None:
        kernel = kernel * same
    b = len(q)
    return kernel[:b, :b].mean() + kernel[b:, b:].mean() - 2 * kernel[:b, b:].mean()
