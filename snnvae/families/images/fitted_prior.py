"""A prior fitted after training: a mixture of normal distributions over an encoder's rates.

A prior that is learned beside the encoder has to hold its aggregate posterior while both move, and
pulls at it; one that is fitted when the encoder is done pulls at nothing (Ghosh et al., From
Variational to Deterministic Autoencoders, ICLR 2020, arXiv 1903.12436).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.linalg import block_diag

from snnvae.errors import ConfigError
from snnvae.families.images.config import MIXTURE
from snnvae.families.images.esvae import ESVAE
from snnvae.families.images.vae import IMAGE
from snnvae.layers.model import SpikingModel
from snnvae.progress import NoProgress, Progress
from snnvae.train.build import build
from snnvae.train.family import Samples
from snnvae.train.run_part import deployable

if TYPE_CHECKING:
    from sklearn.mixture import GaussianMixture

CHUNK = 250
"""Images at a time; any number gives the same rates."""
LEAST_VARIANCE = 1e-4
"""Added to each variance: a hundredth of a rate, below the step of any T ≤ 100."""
ITERATIONS, TOLERANCE = 100, 1e-2
"""Of expectation-maximisation; the rise of the log-likelihood per image at which it ends."""
PER_COMPONENT = 10
"""Images for each component, at least."""


def fit_prior(
    model: SpikingModel,
    data: Samples,
    components: int,
    seed: int = 0,
    progress: Progress | None = None,
    temperature: float = 1.0,
) -> ESVAE:
    """The same model with a prior of so many normal distributions, fitted to the rates that its
    deployed encoder gives the images; where it is conditional, each class has its share of them,
    fitted to its own images. Samples keep `temperature` times the standard deviations.

    ConfigError for a model that has no rates, and for more components than the images tell of.
    """
    if not isinstance(model, ESVAE):
        raise ConfigError(
            f"an {model.config.model} draws by a prior that is trained with it: give an esvae"
        )
    kinds = _kinds(model, data)
    shares = [len(share) for share in np.array_split(np.arange(components), len(kinds))]
    for kind, share in zip(kinds, shares):
        _check(share, components, int(kind.sum()), len(kinds))
    progress = progress or NoProgress()
    rates = _rates(model, np.asarray(data.inputs[IMAGE]), progress)
    fits = [_mixture(rates[kind], share, seed) for kind, share in zip(kinds, shares)]
    found = build(
        model.config.changed(prior=MIXTURE, components=components, temperature=temperature)
    )
    assert isinstance(found, ESVAE)
    covariances = np.concatenate([fit.covariances_ for fit in fits])
    own = {
        "mixture.p": torch.from_numpy(block_diag(*(fit.weights_[None] for fit in fits))),
        "mixture.mean": torch.from_numpy(np.concatenate([fit.means_ for fit in fits])).float(),
        "mixture.factor": torch.from_numpy(temperature * np.linalg.cholesky(covariances)).float(),
    }
    kept = {k: v for k, v in model.state_dict().items() if not k.startswith(("sample", "mixture"))}
    found.load_state_dict({**kept, **own})
    return found.eval()


def _kinds(model: ESVAE, data: Samples) -> list[NDArray[np.bool_]]:
    """Which images each row of p is fitted to: those of a class, or all."""
    if not model.config.conditional:
        return [np.ones(len(data), bool)]
    assert data.label is not None
    kinds = [data.label == c for c in range(model.config.classes)]
    absent = [str(c) for c, kind in enumerate(kinds) if not kind.any()]
    if absent:
        raise ConfigError(f"no training images of class {', '.join(absent)}: give some")
    return kinds


def _check(share: int, components: int, images: int, kinds: int) -> None:
    """ConfigError for a class without a component, and for more than its images tell of."""
    if share == 0:
        raise ConfigError(f"`components` {components} for {kinds} classes: give one for each")
    if share * PER_COMPONENT > images:
        of = f" of a class, {share} of them its own" if kinds > 1 else ""
        raise ConfigError(
            f"`components` {components} for {images:,} images{of}: give {PER_COMPONENT} images "
            "for each"
        )


def _mixture(rates: NDArray[np.float64], components: int, seed: int) -> GaussianMixture:
    """Expectation-maximisation, from k-means++."""
    from sklearn.mixture import GaussianMixture

    return GaussianMixture(
        components,
        reg_covar=LEAST_VARIANCE,
        max_iter=ITERATIONS,
        tol=TOLERANCE,
        init_params="k-means++",
        random_state=seed,
    ).fit(rates)


@torch.no_grad()
def _rates(model: ESVAE, images: NDArray[np.floating], progress: Progress) -> NDArray[np.float64]:
    """The rates (N, L) of the deployed encoder."""
    net = deployable(model)
    assert isinstance(net, ESVAE)
    kind = next(net.parameters()).dtype
    parts = []
    progress.start("rates", len(images))
    for start in range(0, len(images), CHUNK):
        some = torch.from_numpy(images[start : start + CHUNK]).to(kind)
        parts.append(net.encoder.constant(some, net.config.steps).mean(0).double().numpy())
        progress.advance(len(some))
    progress.finish()
    return np.concatenate(parts)
