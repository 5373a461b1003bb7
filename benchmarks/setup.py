"""Setup: how much a benchmark does."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Setup:
    """samples: of a batch in the emulator. repeats: rounds of a timing. small: the digits' FSVAE of
    the zoo in place of the benchmark network."""

    samples: int = 64
    repeats: int = 5
    small: bool = False

    @classmethod
    def quick(cls) -> Setup:
        """To see that everything runs; the figures mean nothing."""
        return cls(samples=4, repeats=1, small=True)
