"""A prior fitted after training: a mixture of normal distributions over an encoder's rates.

A prior that is learned beside the encoder has to hold its aggregate posterior while both move, and
pulls at it; one that is fitted when the encoder is done pulls at nothing (Ghosh et al., From
Variational to Deterministic Autoencoders, ICLR 2020, arXiv 1903.12436).
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from snnvae.errors import ConfigError
from snnvae.families.images.config import MIXTURE
from snnvae.families.images.esvae import ESVAE
from snnvae.families.images.vae import IMAGE
from snnvae.layers.model import SpikingModel
from snnvae.progress import NoProgress, Progress
from snnvae.train.build import build
from snnvae.train.family import Samples
from snnvae.train.run_part import deployable

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
) -> ESVAE:
    """The same model with a prior of so many normal distributions, fitted to the rates that its
    deployed encoder gives the images; where it is conditional, each class draws from all of them
    by probabilities of its own.

    ConfigError for a model that has no rates, and for more components than the images tell of.
    """
    if not isinstance(model, ESVAE):
        raise ConfigError(
            f"an {model.config.model} draws by a prior that is trained with it: give an esvae"
        )
    if components * PER_COMPONENT > len(data):
        raise ConfigError(
            f"`components` {components} for {len(data):,} images: give {PER_COMPONENT} images for "
            "each"
        )
    from sklearn.mixture import GaussianMixture

    progress = progress or NoProgress()
    rates = _rates(model, np.asarray(data.inputs[IMAGE]), progress)
    mixture = GaussianMixture(
        components,
        reg_covar=LEAST_VARIANCE,
        max_iter=ITERATIONS,
        tol=TOLERANCE,
        init_params="k-means++",
        random_state=seed,
    ).fit(rates)
    p = mixture.weights_[None]
    if model.config.conditional:
        assert data.label is not None
        shares = mixture.predict_proba(rates)
        every = range(model.config.classes)
        absent = [str(c) for c in every if not (data.label == c).any()]
        if absent:
            raise ConfigError(f"no training images of class {', '.join(absent)}: give some")
        p = np.stack([shares[data.label == c].mean(0) for c in every])
    found = build(model.config.changed(prior=MIXTURE, components=components))
    assert isinstance(found, ESVAE)
    own = {
        "mixture.p": torch.from_numpy(p / p.sum(1, keepdims=True)),
        "mixture.mean": torch.from_numpy(mixture.means_).float(),
        "mixture.factor": torch.from_numpy(np.linalg.cholesky(mixture.covariances_)).float(),
    }
    kept = {k: v for k, v in model.state_dict().items() if not k.startswith(("sample", "mixture"))}
    found.load_state_dict({**kept, **own})
    return found.eval()


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
