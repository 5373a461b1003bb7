"""The random choices of the spiking VAEs, drawn on the host and given to the network as input.

Every backend reads the same streams, so the same seed gives the same spikes everywhere. The
generator is NumPy's Philox with key = seed and one sub-stream per (sample index, purpose): sample n
is the same for any batch, order or number of samples. All draws are float64 uniforms in a fixed
order, (latent) or (step, latent), C order.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, ndtri

# One sub-stream per purpose, so that adding a draw to one never shifts another.
_CHOICE, _PRIOR_NOISE, _PRIOR_SPIKES, _POSTERIOR_SPIKES = range(4)


def _uniforms(seed: int, sample: int, purpose: int, shape: tuple[int, ...]) -> NDArray[np.float64]:
    philox = np.random.Philox(key=seed, counter=[0, 0, purpose, sample])
    return np.random.Generator(philox).random(shape)


def bernoulli_choice(
    samples: Sequence[int], steps: int, latents: int, k: int, seed: int
) -> NDArray[np.int64]:
    """FSVAE: which of the k spikes each latent takes at each step, uniform on [0, k).

    Returns (B, T, L) for the given sample indices.
    """
    draws = [_uniforms(seed, n, _CHOICE, (steps, latents)) for n in samples]
    return np.floor(np.stack(draws) * k).astype(np.int64)


def one_hot(index: NDArray[np.int64], k: int) -> NDArray[np.bool_]:
    """(…, L) indices in [0, k) → (…, L·k) with one true per latent; latent-major, as view(L, k)."""
    hot = index[..., None] == np.arange(k)
    return hot.reshape(*index.shape[:-1], -1)


def bernoulli_spikes(
    rate: NDArray[np.float64], samples: Sequence[int], steps: int, seed: int
) -> NDArray[np.bool_]:
    """ESVAE posterior: z[b, t, l] = rate[b, l] > U, a fresh U per latent and step. → (B, T, L)."""
    shape = (steps, rate.shape[1])
    draws = np.stack([_uniforms(seed, n, _POSTERIOR_SPIKES, shape) for n in samples])
    return rate[:, None, :] > draws


def gaussian_latents(samples: Sequence[int], latents: int, seed: int) -> NDArray[np.float64]:
    """n ~ N(0, I) by inverting uniforms. → (B, L)."""
    noise: NDArray[np.float64] = ndtri(
        np.stack([_uniforms(seed, n, _PRIOR_NOISE, (latents,)) for n in samples])
    )
    return noise


def esvae_prior_rate(
    weight: NDArray[np.floating], bias: NDArray[np.floating], samples: Sequence[int], seed: int
) -> NDArray[np.float64]:
    """ESVAE prior: r_p = sigmoid(W n + b), n ~ N(0, I). → (B, L). b (L,), or (B, L) by class."""
    noise = gaussian_latents(samples, weight.shape[1], seed)
    w, b = np.asarray(weight, np.float64), np.asarray(bias, np.float64)
    # einsum sums each row alone: the same bits for any batch, which BLAS does not promise.
    rate: NDArray[np.float64] = expit(np.einsum("ij,bj->bi", w, noise) + b)
    return rate


def classes_in_turn(samples: Sequence[int], classes: int) -> tuple[int, ...]:
    """Sample n is of class n mod `classes`, so that any number of samples shows all."""
    return tuple(n % classes for n in samples)


def class_spikes(label: Sequence[int], classes: int, steps: int) -> NDArray[np.bool_]:
    """The neuron of each sample's class fires at every step, no other does. → (B, T, classes)."""
    hot = np.asarray(label, np.int64)[:, None] == np.arange(classes)
    return np.repeat(hot[:, None], steps, axis=1)


def class_bias(
    bias: NDArray[np.floating], class_weight: NDArray[np.floating], label: Sequence[int]
) -> NDArray[np.float64]:
    """Conditional ESVAE prior: b + V·onehot(c), V (L, classes). → (B, L)."""
    columns = np.asarray(class_weight, np.float64).T[np.asarray(label, np.int64)]
    return np.asarray(bias, np.float64) + columns


def esvae_prior_spikes(
    weight: NDArray[np.floating],
    bias: NDArray[np.floating],
    samples: Sequence[int],
    steps: int,
    seed: int,
) -> NDArray[np.bool_]:
    """ESVAE generation: z[b, t, l] = r_p[b, l] > U. → (B, T, L)."""
    rate = esvae_prior_rate(weight, bias, samples, seed)
    shape = (steps, rate.shape[1])
    draws = np.stack([_uniforms(seed, n, _PRIOR_SPIKES, shape) for n in samples])
    return rate[:, None, :] > draws
