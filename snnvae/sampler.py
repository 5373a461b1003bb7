"""What a file says of its host's draws: which inputs the host feeds, and how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Sampler:
    """How the host draws what enters a program, as the file's metadata states it.

    kind: "fsvae", "esvae-prior", "esvae-posterior", "class" (nothing is drawn, but the class is
    shown), or any other, of which nothing is known. input: the one that the draws feed.
    latents, k: FSVAE's, a one-hot choice of k for each latent. weight (L, L), bias (L,): ESVAE's
    prior, rates ``sigmoid(W n + b)`` of normal n; class_weight (L, classes): a class's part of b.
    classes, class_input: how many a conditional model knows, and the input that shows them.
    """

    kind: str
    input: str | None = None
    latents: int = 0
    k: int = 0
    weight: np.ndarray | None = field(default=None, repr=False)
    bias: np.ndarray | None = field(default=None, repr=False)
    class_weight: np.ndarray | None = field(default=None, repr=False)
    classes: int = 0
    class_input: str | None = None

    @classmethod
    def read(cls, stated: Mapping[str, Any]) -> Sampler:
        """From the metadata's group `sampler`, checked before; what is not known is left out."""
        known = {f.name for f in fields(cls)}
        return cls(**{key: value for key, value in stated.items() if key in known})

    @property
    def fed(self) -> frozenset[str]:
        """The inputs that take no data, since the host feeds them."""
        return frozenset(name for name in (self.input, self.class_input) if name is not None)
