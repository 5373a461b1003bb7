"""What a model keeps of its data: the attributes of the classes, and the scale of the values."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from snnvae.families.attributes.data.described import Described
from snnvae.layers.model import Trainable


class Known(Trainable):
    """table (C, A): attributes by class; low, high (D,): what the values −1 and 1 stand for."""

    table: Tensor
    low: Tensor
    high: Tensor

    def __init__(self, config: Any) -> None:
        super().__init__(config)
        self.register_buffer("table", torch.zeros(config.classes, config.attributes))
        self.register_buffer("low", -torch.ones(config.inputs))
        self.register_buffer("high", torch.ones(config.inputs))

    def keep(self, data: Described) -> None:
        """Takes over the attributes and the scale of the data that it is to be trained on."""
        for name in ("table", "low", "high"):
            getattr(self, name).copy_(torch.from_numpy(getattr(data, name)))

    def fits(self, data: Described) -> bool:
        """Tells whether data have the attributes and the scale that it knows."""
        return all(
            torch.equal(getattr(self, name).cpu(), torch.from_numpy(getattr(data, name)).float())
            for name in ("table", "low", "high")
        )

    @property
    def is_graded(self) -> bool:
        """Tells whether any attribute holds in part."""
        return bool(((self.table > 0) & (self.table < 1)).any())
