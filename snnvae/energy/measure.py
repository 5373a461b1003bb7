"""measure: what a run did, everything that prices are put on, block of samples by block."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from snnvae.draws.draw import HostWork
from snnvae.energy.ann.activity import active_macs
from snnvae.energy.host_work import host_work
from snnvae.errors import DataError
from snnvae.hardware_sim.activity import Firing, Watch
from snnvae.hardware_sim.counter import Counter
from snnvae.hardware_sim.counts import Counts
from snnvae.hardware_sim.placement_summary import PlacementSummary
from snnvae.program import Program
from snnvae.progress import Progress
from snnvae.recording import Recording


@dataclass(frozen=True, eq=False)
class Measured:
    """A run in numbers, without prices.

    active: multiply-accumulates of the ANN twin whose input is not zero, by connection, per sample;
    None where the recording lacks the analog inputs. info: what the recording says of itself;
    hashes: SHA-256 of the files that it came from.
    """

    program: Program
    counts: Counts
    active: Mapping[str, np.ndarray] | None
    firing: Mapping[str, Firing]
    host: HostWork | None
    placement: PlacementSummary | None = None
    info: Mapping[str, Any] = field(default_factory=dict)
    hashes: Mapping[str, str] = field(default_factory=dict)


def measure(
    program: Program,
    recording: Recording | Iterable[Recording],
    *,
    cache_constant: bool = True,
    placement: PlacementSummary | None = None,
    hashes: Mapping[str, str] | None = None,
    progress: Progress | None = None,
) -> Measured:
    """Count a recorded run of `program`, given whole or as blocks of its samples.

    cache_constant: as in `Counter`; placement: where the program lies on a chip. One block is
    held at a time, so memory does not grow with the samples, but for 8 bytes per count and sample.
    DataError where the recording is not of this program.
    """
    blocks = (recording,) if isinstance(recording, Recording) else recording
    routes = None if placement is None else placement.routes
    counter = Counter(program, cache_constant=cache_constant, routes=routes)
    visited = counter.visited
    watch, parts, active = Watch(), list[Counts](), list[dict[str, np.ndarray]]()
    info: Mapping[str, Any] = {}
    for block in blocks:
        parts.append(counter.count(block, progress))
        watch.add(block)
        if all(port.name in block.analog for port in program.inputs if port.analog):
            active.append(active_macs(program, block, visited))
        info = info or block.info
    if not parts:
        raise DataError("the recording holds no samples; record a run again")
    counts = Counts.joined(parts)
    return Measured(
        program=program,
        counts=counts,
        active=_joined(active) if len(active) == len(parts) else None,
        firing=watch.firing(),
        host=host_work(program, counts.steps),
        placement=placement,
        info=info,
        hashes=hashes or {},
    )


def _joined(parts: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
