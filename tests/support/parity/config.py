"""Settings of the parity networks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from snnvae.train.settings import Settings, setting, whole

MODELS = ("parity-net",)
METRICS: tuple[str, ...] = ()
PUBLISHED: tuple[str, ...] = ()


@dataclass(frozen=True)
class Config(Settings):
    """bits: of a word; hidden: neurons between."""

    spiking_models = trainable_models = MODELS

    bits: int = setting(3, "Bits of a word.", whole())
    hidden: int = setting(12, "Neurons between.", whole())

    @property
    def family(self) -> Any:
        """The parities."""
        from parity.family import FAMILY

        return FAMILY

    @property
    def sizes(self) -> tuple[str, ...]:
        """All."""
        return ("model", "bits", "hidden")
