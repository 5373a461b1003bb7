"""Leaves reports for people after each epoch: metrics, TensorBoard events, pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from snnvae.errors import OutputError
from snnvae.files import WrittenFile, said_of, write_text
from snnvae.images import grid, save_grid
from snnvae.strict_json import json_text
from snnvae.train.family import Picture

if TYPE_CHECKING:
    from tensorboardX import SummaryWriter

METRICS, EVENTS, PICTURES = "metrics.jsonl", "events", "pictures"
_SCHEME = "snnvae"
"""Before the path of an events file: TensorBoard then opens it by us."""


class EpochReports:
    """Writes into a run's folder. metrics.jsonl has a line for each epoch and is written whole."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._events: SummaryWriter | None = None
        self._files = _EventsFiles()

    @property
    def events(self) -> SummaryWriter:
        """TensorBoard's file, begun with the first epoch."""
        if self._events is None:
            from tensorboardX import SummaryWriter
            from tensorboardX.record_writer import register_writer_factory

            register_writer_factory(_SCHEME, self._files)
            self._events = SummaryWriter(f"{_SCHEME}:{self.folder / EVENTS}")
        return self._events

    def write(
        self,
        records: Sequence[Mapping[str, Any]],
        pictures: Sequence[Picture] = (),
    ) -> None:
        """The last of `records` is the epoch's."""
        record = records[-1]
        epoch = int(record["epoch"])
        write_text(self.folder / METRICS, "".join(json_text(r) + "\n" for r in records))
        for name, value in record.items():
            if name == "rates":
                for layer, rate in value.items():
                    self.events.add_scalar(f"rates/{layer}", rate, epoch)
            elif name != "epoch" and isinstance(value, (int, float)):
                self.events.add_scalar(name, value, epoch)
        for each in pictures:
            save_grid(
                each.images, self.folder / PICTURES / f"{each.name}-{epoch:04d}.png", each.columns
            )
            picture = np.asarray(grid(each.images, each.columns))
            form = "HW" if picture.ndim == 2 else "HWC"
            self.events.add_image(each.name, picture, epoch, dataformats=form)
        self.events.flush()
        self._files.check()

    def close(self) -> None:
        """Ends the events file."""
        if self._events is not None:
            self._events.close()
            self._files.check()


class _EventsFiles:
    """Opens TensorBoard's files.

    What fails is told by `check`: the thread that writes them would die of it, and the training
    wait for that thread for ever.
    """

    def __init__(self) -> None:
        self._opened: list[_EventsFile] = []

    def directory_check(self, path: str) -> None:
        """Makes the folder of the files."""
        Path(path.removeprefix(f"{_SCHEME}:")).mkdir(parents=True, exist_ok=True)

    def open(self, path: str) -> _EventsFile:
        """A new file."""
        self._opened.append(_EventsFile(Path(path.removeprefix(f"{_SCHEME}:"))))
        return self._opened[-1]

    def check(self) -> None:
        """OutputError where one of them could not be written."""
        for file in self._opened:
            if file.failure is not None:
                raise OutputError(f"cannot write {file.path}: {said_of(file.failure)}")


class _EventsFile:
    def __init__(self, path: Path) -> None:
        path.touch()
        self.path, self._file = path, WrittenFile(path)

    @property
    def failure(self) -> OSError | None:
        return self._file.failure

    def write(self, data: bytes) -> None:
        if self.failure is None:
            with suppress(OSError):
                self._file.write(data)

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        self._file.close()
