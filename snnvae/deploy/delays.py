"""Delays in logical steps: those of a graph's Delay nodes, and the step that a loop carries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from snnvae.deploy import loops
from snnvae.deploy.settings import Settings
from snnvae.deploy.wiring import Path
from snnvae.errors import ConfigError, GraphError
from snnvae.program import Input

LONGEST = 1_000_000
"""Steps: an engine keeps so many of what it delays."""

Way = tuple[str | None, tuple[str, ...], str]
"""A weight node, the nodes behind it and the target: what adds one bias."""


@dataclass(frozen=True)
class Delays:
    """steps: of each path. bias: of each weight node's bias, by its way to a target."""

    steps: tuple[int, ...]
    bias: Mapping[Way, int]


def resolve_delays(
    paths: Sequence[Path], neurons: Sequence[str], inputs: Sequence[Input], settings: Settings
) -> Delays:
    """Delay nodes as steps; in a loop without one, the step that NIR leaves out.

    GraphError for a delay that is no multiple of dt; ConfigError for a --delay-edge that is no path
    and where nobody said when a loop's bias begins.
    """
    dt = settings.conventions.dt
    steps = [_steps(path.delay, dt, path) for path in paths]
    forced = set(settings.delay_edges)
    known = {(p.source, p.target) for p in paths}
    for edge in sorted(forced - known):
        raise ConfigError(f"`delay_edges` {edge[0]},{edge[1]}: no such path between neurons")
    immediate = [
        (p.source, p.target)
        for n, p in zip(steps, paths, strict=True)
        if n == 0 and (p.source, p.target) not in forced
    ]
    names = (*(i.name for i in inputs), *neurons)
    carried = forced | loops.implicit_delays(names, [i.name for i in inputs], immediate)
    implicit = [n == 0 and (p.source, p.target) in carried for n, p in zip(steps, paths)]
    return Delays(
        tuple(n + int(late) for n, late in zip(steps, implicit)),
        _bias_delays(paths, implicit, settings),
    )


def _bias_delays(
    paths: Sequence[Path], implicit: Sequence[bool], settings: Settings
) -> dict[Way, int]:
    """Steps of each weight node's bias: what delays it has behind it, and perhaps the loop's."""
    ways: dict[Way, list[tuple[Path, bool]]] = {}
    for path, late in zip(paths, implicit, strict=True):
        if path.bias is not None:
            way = (path.synapse_node, path.route, path.target)
            ways.setdefault(way, []).append((path, late))
    return {
        # Where another source reaches the same weights at once, so does the bias.
        way: _steps(path.bias_delay, settings.conventions.dt, path)
        + int(all(late for _, late in sources) and _bias_is_late(path, settings))
        for way, sources in ways.items()
        for path, _ in sources[:1]
    }


def _steps(delay: float, dt: float, path: Path) -> int:
    count = round(delay / dt)
    where = f"the delay of {delay:g} s between '{path.source}' and '{path.target}'"
    if delay < 0:
        raise GraphError(f"{where} is negative; a delay can only carry the past")
    # A delay of many steps need not be a multiple to more digits than float64 has.
    if abs(delay - count * dt) > max(1e-6 * dt, 4 * np.spacing(delay)):
        raise GraphError(
            f"{where} is not a multiple of dt = {dt:g} s; pass another `dt` or mend the file"
        )
    if count > LONGEST:
        raise GraphError(
            f"{where} is {count:,} steps, of which {LONGEST:,} can be held; pass another `dt` or "
            "mend the file"
        )
    return count


def _bias_is_late(path: Path, settings: Settings) -> bool:
    if not np.any(path.bias):
        return False
    if settings.loop_bias is None:
        raise ConfigError(
            f"the bias of '{path.synapse_node}', in the loop from '{path.source}' to "
            f"'{path.target}', could be there from the first step on or only once spikes can have "
            "come round, and the file does not say; pass `loop_bias` at-once or delayed"
        )
    return settings.loop_bias == "delayed"
