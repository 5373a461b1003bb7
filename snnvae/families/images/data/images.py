"""A data set once it is read: bytes that become float32 in [−1, 1] when asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # the command line lists the data sets before it needs NumPy
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Images:
    """Images (N, C, H, W) kept as bytes; indexed like an array, they come scaled.

    images[i] = pixels[i] · 2/levels − 1, float32

    pixels  grey or colour values from 0 to levels, in memory or mapped from a file
    levels  steps from black to white
    """

    pixels: NDArray[np.uint8]
    levels: int = 255

    def __len__(self) -> int:
        return len(self.pixels)

    @property
    def shape(self) -> tuple[int, ...]:
        """(N, C, H, W)."""
        return self.pixels.shape

    def __getitem__(self, chosen: Any) -> NDArray[np.float32]:
        import numpy as np

        table = (np.arange(256) * (2 / self.levels) - 1).astype(np.float32)
        return table[self.pixels[chosen]]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return self[:] if dtype is None else self[:].astype(dtype, copy=False)


@dataclass(frozen=True, eq=False)
class Split:
    """Images (N, C, H, W) to train on and to judge by, with their classes (N,).

    notes  what was taken for what, and what was left out, a line each
    """

    train: Images
    test: Images
    train_labels: NDArray[np.int64]
    test_labels: NDArray[np.int64]
    notes: tuple[str, ...] = ()
