"""Tells whether generated images show the class that they were asked to show.

A classifier that never saw a generated image decides: scikit-learn's support vector machine with an
RBF kernel (C = 10, γ = 1/(numbers · variance)) on real training images: their pixels, or where
these are more than 64 their 64 principal components. How often it is right on real held-out images
stands beside its verdict, since it bounds what it can say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnvae.errors import ConfigError
from snnvae.families.images.data import Images

TRAINING = 60_000
"""Images that the classifier learns from at most: of MNIST's digits 10,000 let it know 0.965, all
0.986, in half a minute."""
COMPONENTS = 64
"""Numbers of an image that it sees at most."""
SUBSET_SEED = 0


@dataclass(frozen=True)
class Recogniser:
    """Learns when it is first asked, from real images (N, C, H, W) and their classes (N,)."""

    train: Images
    train_label: NDArray[np.int64]

    @cached_property
    def classifier(self) -> Any:
        """scikit-learn's SVC, from at most 60,000 images, chosen by a fixed permutation."""
        from sklearn.decomposition import PCA
        from sklearn.pipeline import make_pipeline
        from sklearn.svm import SVC

        order = np.random.Generator(np.random.Philox(key=SUBSET_SEED)).permutation(len(self.train))
        chosen = np.sort(order[:TRAINING])
        if len(np.unique(self.train_label[chosen])) < 2:
            raise ConfigError(
                "the training images are of one class, which tells nothing apart: give a data set "
                "with several classes"
            )
        pixels, label = _flat(self.train[chosen]), self.train_label[chosen]
        found = [SVC(C=10.0, gamma="scale")]
        if min(pixels.shape) > COMPONENTS:
            found.insert(0, PCA(COMPONENTS, random_state=SUBSET_SEED))
        return make_pipeline(*found).fit(pixels, label)

    def recognised(
        self, images: NDArray[np.floating], label: Sequence[int] | NDArray[np.int64]
    ) -> NDArray[np.bool_]:
        """Tells which of the images (N, C, H, W) are seen as their class (N,)."""
        seen: NDArray[np.bool_] = self.classifier.predict(_flat(images)) == np.asarray(label)
        return seen

    def figures(
        self,
        made: NDArray[np.floating],
        label: Sequence[int],
        real: NDArray[np.floating],
        real_label: NDArray[np.int64],
    ) -> dict[str, Any]:
        """Shares: of generated images, all and by class, and of real held-out ones."""
        right, classes = self.recognised(made, label), np.asarray(label)
        return {
            "recognised": float(right.mean()),
            "recogniser_accuracy": float(self.recognised(real, real_label).mean()),
            "recognised_by_class": {
                str(c): float(right[classes == c].mean()) for c in np.unique(classes)
            },
        }


def _flat(images: NDArray[np.floating]) -> NDArray[np.float32]:
    return np.asarray(images, np.float32).reshape(len(images), -1)
