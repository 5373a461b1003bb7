"""The distances against their definitions, written out."""

from __future__ import annotations

import math

import pytest
import torch

from snnvae.families.images.losses import bernoulli_kl, mmd, psp, psp_distance


def rates(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_psp_halves_the_distance_to_its_input_each_step() -> None:
    trace = psp(torch.tensor([1.0, 1.0, 0.0, 1.0]))
    assert trace.tolist() == [0.5, 0.75, 0.375, 0.6875]


def test_psp_distance_is_the_mean_square_of_filtered_differences() -> None:
    q, p = torch.tensor([[[1.0]], [[0.0]]]), torch.tensor([[[0.0]], [[0.0]]])
    assert psp_distance(q, p).item() == pytest.approx((0.5**2 + 0.25**2) / 2)
    assert psp_distance(q, q).item() == 0


def test_kl_sums_over_time_and_latents_and_averages_over_the_batch() -> None:
    q, p = rates(3, 2, 4), rates(3, 2, 4, seed=1)
    expected = sum(
        a * math.log((a + 0.01) / (b + 0.01)) + (1 - a) * math.log((1.01 - a) / (1.01 - b))
        for a, b in zip(q.flatten().tolist(), p.flatten().tolist())
    )
    assert bernoulli_kl(q, p).item() == pytest.approx(expected / 2)
    assert bernoulli_kl(q, q).item() == pytest.approx(0)


def test_mmd_is_the_biased_estimate_with_five_kernels() -> None:
    q, p = rates(4, 3), rates(4, 3, seed=1) + 0.5
    both = [*q, *p]
    d2 = [[float(((a - b) ** 2).sum()) for b in both] for a in both]
    bandwidth = sum(map(sum, d2)) / (8 * 7) / 4

    def kernel(i: int, j: int) -> float:
        return sum(math.exp(-d2[i][j] / (bandwidth * 2**n)) for n in range(5))

    def mean(rows: range, columns: range) -> float:
        return sum(kernel(i, j) for i in rows for j in columns) / 16

    first, second = range(4), range(4, 8)
    expected = mean(first, first) + mean(second, second) - 2 * mean(first, second)
    assert mmd(q, p).item() == pytest.approx(expected)


def test_mmd_of_a_set_with_itself_is_zero_and_grows_with_distance() -> None:
    q = rates(16, 3)
    assert mmd(q, q).item() == pytest.approx(0, abs=1e-12)
    assert mmd(q, q + 0.1) < mmd(q, q + 0.5)


def test_mmd_survives_a_collapsed_batch() -> None:
    q = torch.zeros(4, 3, requires_grad=True)
    mmd(q, torch.zeros(4, 3)).backward()
    assert q.grad is not None
    assert torch.isfinite(q.grad).all()


def test_mmd_by_class_is_unbiased_within_each_class() -> None:
    """Σ_c (n_c/B)²·MMD²_c over classes of several rates; a class's only rate says nothing."""
    q, p, label = rates(7, 3), rates(7, 3, seed=1) + 0.2, torch.tensor([0, 0, 0, 1, 1, 2, 1])
    both, classes = [*q, *p], [*label, *label]
    pairs = [(i, j) for i in range(14) for j in range(14) if classes[i] == classes[j]]
    d2 = {(i, j): float(((both[i] - both[j]) ** 2).sum()) for i, j in pairs}
    bandwidth = sum(d2.values()) / (len(pairs) - 14) / 4

    def mean(rows: list[int], columns: list[int]) -> float:
        chosen = [d2[i, j] for i in rows for j in columns if i != j]
        return sum(math.exp(-d / (bandwidth * 2**n)) for n in range(5) for d in chosen) / len(
            chosen
        )

    expected = 0.0
    for c in (0, 1):
        of_q = [i for i in range(7) if label[i] == c]
        of_p = [i + 7 for i in of_q]
        distance = mean(of_q, of_q) + mean(of_p, of_p) - 2 * mean(of_q, of_p)
        expected += (len(of_q) / 7) ** 2 * distance
    assert mmd(q, p, label=label).item() == pytest.approx(expected, rel=1e-4)


def test_mmd_by_class_is_zero_on_average_where_nothing_differs() -> None:
    label = torch.arange(12) % 4  # three of a class, where a biased estimate is far from 0
    found = [mmd(rates(12, 3, seed=i), rates(12, 3, seed=500 + i), label=label) for i in range(400)]
    mean, spread = torch.stack(found).mean(), torch.stack(found).std() / 20
    assert abs(mean) < 4 * spread


def test_mmd_sees_classes_that_are_swapped() -> None:
    q = torch.cat([rates(4, 3), rates(4, 3, seed=1) + 2])
    swapped, label = torch.cat([q[4:], q[:4]]), torch.tensor([0] * 4 + [1] * 4)
    assert mmd(q, swapped).item() == pytest.approx(0, abs=1e-6)
    assert mmd(q, swapped, label=label) > 0.1
    assert mmd(q, q, label=label) < 0  # unbiased: its kernel with itself does not count
