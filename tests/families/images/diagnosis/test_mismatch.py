"""Prior against posterior, on crowds whose difference is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from snnvae.families.images.diagnosis.latents import Latents, draw_latents
from snnvae.families.images.diagnosis.mismatch import compare, prior_classes
from snnvae.families.images.inference import generate

N, T, L = 800, 8, 4


def spikes(rates: Any, seed: int, n: int = N) -> np.ndarray:
    """Mean over T of Bernoulli spikes, (N, L)."""
    rng = np.random.default_rng(seed)
    return rng.binomial(T, np.broadcast_to(rates, (n, L))) / T


def crowds(q: Any, p: Any) -> Latents:
    return Latents(spikes(q, 0), spikes(q, 1), spikes(p, 2))


def test_equal_crowds_are_not_told_apart() -> None:
    fit = compare(crowds(0.4, 0.4), 0)
    assert 0.44 < fit.auc < 0.56
    assert 0.44 < fit.accuracy < 0.56
    assert fit.kl_nats < 0.05
    assert fit.mmd2 < 2 * fit.mmd2_if_same


def test_a_shifted_prior_is_told_apart() -> None:
    fit = compare(crowds([0.1, 0.9, 0.1, 0.9], [0.9, 0.1, 0.5, 0.9]), 0)
    assert fit.auc > 0.99
    assert fit.accuracy > 0.97
    assert fit.mmd2 > 20 * fit.mmd2_if_same
    assert [d.latent for d in fit.differences[:3]] in ([0, 1, 2], [1, 0, 2])
    assert fit.differences[0].posterior == pytest.approx(0.1, abs=0.03) or fit.differences[
        0
    ].posterior == pytest.approx(0.9, abs=0.03)


def test_the_divergence_is_estimated_from_below() -> None:
    q, p = 0.35, 0.5
    exact = L * T * (q * np.log(q / p) + (1 - q) * np.log((1 - q) / (1 - p)))
    assert 0.5 * exact < compare(crowds(q, p), 0).kl_nats < 1.1 * exact


def test_latents_are_active_if_they_follow_the_image() -> None:
    """One follows the image, one never fires, one always does, one is mere noise."""
    rates = np.full((N, L), (0.5, 0.0, 1.0, 0.5))
    rates[:, 0] = np.random.default_rng(5).uniform(0, 1, N)
    fit = compare(crowds(rates, 0.5), 0)
    assert (fit.latents, fit.active, fit.silent, fit.always_on) == (4, 1, 1, 1)


def test_the_seed_fixes_all_figures() -> None:
    latents = crowds(0.4, 0.5)
    assert compare(latents, 3) == compare(latents, 3)
    assert compare(latents, 3) != compare(latents, 4)


def test_classes_of_the_prior_are_found_in_the_latents() -> None:
    labels = np.arange(N) % 2 * 3
    rates = np.where(labels[:, None] == 0, 0.2, 0.8)
    three_in_four = np.where(np.arange(N)[:, None] % 4 == 0, 0.2, 0.8)
    latents = crowds(rates, three_in_four)
    shares, accuracy = prior_classes(latents, labels, latents.again, labels)
    assert shares.keys() == {0, 3}
    assert shares[3] == pytest.approx(0.75, abs=0.03)
    assert accuracy > 0.95


@pytest.mark.parametrize("kind", ["esvae", "fsvae"])
def test_the_priors_latents_are_those_that_generate(
    kind: str, digits: Any, subject_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Decoded, they are the model's generated images of that key."""
    from snnvae.families.images.diagnosis import latents as module

    subject = subject_of(digits(kind))
    z = module.prior_draw(subject)
    expected = generate(subject.net, len(subject.images), subject.key(module.PRIOR))
    np.testing.assert_allclose(subject.net.decode(z), expected, atol=1e-4)
    whole = draw_latents(subject)
    np.testing.assert_allclose(whole.prior, z.mean(0), atol=1e-7)
    monkeypatch.setattr(module, "CHUNK", 3)
    for name in ("posterior", "again", "prior"):
        np.testing.assert_array_equal(getattr(draw_latents(subject), name), getattr(whole, name))
    assert not np.array_equal(whole.posterior, whole.again)
