"""Readouts with a gradient, those of `evaluate` without the first spike; imports nothing heavy."""

from __future__ import annotations

from typing import Literal, get_args

TrainedReadout = Literal["count", "rate", "last", "mean", "max"]
TRAINED_READOUTS: tuple[TrainedReadout, ...] = get_args(TrainedReadout)
