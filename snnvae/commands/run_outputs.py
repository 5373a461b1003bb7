"""Writes what a run made, as arrays and pictures, into its result folder, block after block."""

from __future__ import annotations

from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from types import TracebackType
from typing import IO

import numpy as np

from snnvae import images
from snnvae.files import open_aside
from snnvae.recording import Recording

FEWEST_SHOWN = 64
"""Samples that a picture shows however little memory there is."""


class OutputWriter(AbstractContextManager["OutputWriter"]):
    """Outputs as arrays, images as pictures too; beside the originals, if there are any.

    Arrays are written as they come. For the pictures the samples are kept, `shown` of them at most
    (None: all); columns: of the picture of all; by default as many as rows. `written` and `figures`
    are whole when the block has ended well.
    """

    def __init__(self, out: Path, columns: int | None = None, shown: int | None = None) -> None:
        self.figures: dict[str, float] = {}
        self.written: list[Path] = []
        self.shown, self.samples = shown, 0
        self._out, self._columns = out, columns
        self._stack = ExitStack()
        self._arrays: dict[str, _Array] = {}
        self._tiles: dict[str, list[tuple[np.ndarray, np.ndarray | None]]] = {}
        self._errors: dict[str, list[tuple[float, int]]] = {}

    def append(self, recording: Recording, originals: np.ndarray | None = None) -> None:
        """The outputs of the next samples, and the images that they are copies of."""
        rest = None if self.shown is None else max(0, self.shown - self.samples)
        for name, values in recording.outputs.items():
            if name not in self._arrays:
                kind = "images" if images.is_image(values) else "outputs"
                stem = kind if len(recording.outputs) == 1 else f"{kind}-{name}"
                path = self._out / f"{stem}.npy"
                file = self._stack.enter_context(open_aside(path))
                self._arrays[name] = _Array(path, file, values)
            self._arrays[name].append(values)
            if not images.is_image(values):
                continue
            shown, them = values[:rest], None
            if originals is not None and originals.shape == values.shape:
                them = originals[:rest].copy()
                error = images.mse(originals, values), len(values)
                self._errors.setdefault(name, []).append(error)
            # Copies, or all of a block would be kept.
            self._tiles.setdefault(name, []).append((shown.copy(), them))
        self.samples += len(next(iter(recording.outputs.values()), ()))

    @property
    def notes(self) -> list[str]:
        """What the pictures leave out."""
        if not self._tiles or self.shown is None or self.samples <= self.shown:
            return []
        return [f"pictures show the first {self.shown} of {self.samples} samples"]

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None:
            self._stack.__exit__(kind, error, trace)
            return
        with self._stack:
            for array in self._arrays.values():
                array.finish()
        for name, array in self._arrays.items():
            self.written.append(array.path)
            if name in self._tiles:
                self._draw(name, array.path.with_suffix(".png"))

    def _draw(self, name: str, path: Path) -> None:
        tiles = self._tiles[name]
        values = np.concatenate([copies for copies, _ in tiles])
        self.written.append(path)
        images.save_grid(values, path, self._columns)
        if name not in self._errors:
            return
        errors, counts = zip(*self._errors[name], strict=True)
        self.figures["reconstruction MSE"] = (
            errors[0] if len(errors) == 1 else float(np.average(errors, weights=counts))
        )
        originals = np.concatenate([them for _, them in tiles if them is not None])
        self.written.append(self._out / "reconstructions.png")
        images.save_grid(images.pairs(originals, values), self.written[-1], columns=16)


class _Array:
    """A .npy file whose number of rows is known at its end."""

    def __init__(self, path: Path, file: IO[bytes], like: np.ndarray) -> None:
        self.path, self._file, self._rows = path, file, 0
        self._shape, self._dtype = like.shape[1:], like.dtype
        self._head()

    def append(self, values: np.ndarray) -> None:
        self._rows += len(values)
        self._file.write(np.ascontiguousarray(values).tobytes())

    def finish(self) -> None:
        self._file.seek(0)
        self._head()

    def _head(self) -> None:
        """NumPy leaves room in it for any number of rows."""
        shape = (self._rows, *self._shape)
        descr = np.lib.format.dtype_to_descr(self._dtype)
        header = {"descr": descr, "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(self._file, header)
