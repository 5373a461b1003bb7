"""Leaves reports for people after each epoch: metrics, TensorBoard events, pictures."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from snnvae.files import write_text
from snnvae.images import grid, save_grid
from snnvae.train.family import Picture

if TYPE_CHECKING:
    from tensorboardX import SummaryWriter

METRICS, EVENTS, PICTURES = "metrics.jsonl", "events", "pictures"


class EpochReports:
    """Writes into a run's folder. metrics.jsonl has a line for each epoch and is written whole."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._events: SummaryWriter | None = None

    @property
    def events(self) -> SummaryWriter:
        """TensorBoard's file, begun with the first epoch."""
        if self._events is None:
            from tensorboardX import SummaryWriter

            self._events = SummaryWriter(str(self.folder / EVENTS))
        return self._events

    def write(
        self,
        records: Sequence[Mapping[str, Any]],
        pictures: Sequence[Picture] = (),
    ) -> None:
        """The last of `records` is the epoch's."""
        record = records[-1]
        epoch = int(record["epoch"])
        write_text(self.folder / METRICS, "".join(json.dumps(r) + "\n" for r in records))
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

    def close(self) -> None:
        """Ends the events file."""
        if self._events is not None:
            self._events.close()
