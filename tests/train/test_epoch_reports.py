"""Reports after each epoch, where the disk has no room for them."""

from __future__ import annotations

from pathlib import Path

import pytest
from little_room import little_room

from snnvae.errors import OutputError
from snnvae.train.epoch_reports import EVENTS, EpochReports


def test_no_room_for_tensorboard_is_an_error_and_no_endless_wait(tmp_path: Path) -> None:
    reports = EpochReports(tmp_path)

    def train() -> None:
        for epoch in range(200):
            # The line of metrics stays short; TensorBoard's file grows.
            reports.write([{"epoch": epoch, **{f"figure {i}": 0.5 for i in range(20)}}])
        reports.close()

    with little_room(20_000), pytest.raises(OutputError, match=r"cannot write .*tfevents.*too la"):
        train()
    assert (tmp_path / "metrics.jsonl").stat().st_size < 1000
    with pytest.raises(OutputError, match="tfevents"):
        reports.close()
    (file,) = (tmp_path / EVENTS).iterdir()
    assert file.stat().st_size <= 20_000
