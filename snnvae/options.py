"""The compiler's options and their choices. Imports nothing heavy: the command line lists them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import get_args

from snnvae.conventions import Gain, IfGain, InitialState, Integrator, ResetMode, SpikeRule
from snnvae.errors import ConfigError

DEFAULT_STEPS = 16
SHORTEST, LONGEST = 1e-30, 1e30
"""Of a time step, in seconds."""
LOOP_LATENCIES = ("process", "accept")
SCALE_PER = ("layer", "channel")
CHOICES: dict[str, tuple[str, ...]] = {
    "reset": get_args(ResetMode),
    "initial": get_args(InitialState),
    "integrator": get_args(Integrator),
    "spike": get_args(SpikeRule),
    "if_gain": get_args(IfGain),
    "gain": get_args(Gain),
    "loop_bias": ("at-once", "delayed"),
}
"""The conventions that NIR leaves open."""
CALIBRATIONS = ("max", "percentile", "mse")
"""How fixed-point scales are chosen from a stimulus."""

Scales = Mapping[str, float | Sequence[float]]


@dataclass(frozen=True)
class Options:
    """The user's overrides; None takes the file's word.

    conventions: the tool that wrote the file, whose conventions hold where neither another option
    nor the file says otherwise (`snnvae.deploy.presets`). loop_latency: "process" runs a loop that
    is shorter than hardware allows in one process; "accept" lengthens it to what hardware takes.
    scale_per: one fixed-point scale per "layer" or per "channel"; scales: given ones, by layer.
    saturate: what fixed point cannot hold takes the nearest value, and the report says so; else it
    is refused.
    """

    dt: float | None = None
    steps: int | None = None
    reset: str | None = None
    initial: str | None = None
    analog: tuple[str, ...] = ()
    delay_edges: tuple[tuple[str, str], ...] = ()
    integrator: str | None = None
    spike: str | None = None
    if_gain: str | None = None
    gain: str | None = None
    loop_bias: str | None = None
    conventions: str | None = None
    loop_latency: str = "process"
    scale_per: str = "layer"
    scales: Scales = field(default_factory=dict)
    saturate: bool = False


def check_dt(dt: object) -> None:
    """ConfigError unless it is a time step in seconds, by which numbers stay numbers."""
    if not isinstance(dt, (int, float)) or not SHORTEST <= dt <= LONGEST:
        raise ConfigError(
            f"dt = {dt!r} is not a positive number of seconds ({SHORTEST:g} to {LONGEST:g}); "
            "pass `dt`"
        )
