"""The site of a program on a chip, as far as counting and timing need to know it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Route:
    """A route says where the spikes of a connection's sources go on a chip,
    int64 per source neuron (N,).

    cores: cores that a spike is sent to; hops_x, hops_y: tiles that these messages cross
    east-west and north-south, None where the way is not known.
    """

    cores: np.ndarray
    hops_x: np.ndarray | None = None
    hops_y: np.ndarray | None = None


Routes = Mapping[str, Route]
"""By connection name; connections that carry no spikes have none."""


@dataclass(frozen=True, eq=False)
class PlacementSummary:
    """A placement in short. hops_unknown: why hops are not counted, empty where they are; broken:
    rules of the chip that the program breaks."""

    chip: str
    cores: int
    chips: int
    routes: Routes
    hops_unknown: str = ""
    broken: int = 0
