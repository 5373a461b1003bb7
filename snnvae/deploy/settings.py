"""What NIR does not say, from the graph's metadata or the user's options: never guessed.

NIR itself defines the reset (to v_reset); subtraction must be asked for. The number of steps is
no matter of meaning: 16 where neither file, option nor data says it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, cast, get_args

import nir
import numpy as np

from snnvae.deploy.metadata import check_metadata
from snnvae.errors import ConfigError, GraphError
from snnvae.primitive import Conventions, InitialState, ResetMode
from snnvae.program import Input, Readout

METADATA_KEY = "snnvae"
METADATA_VERSION = 1
OPTIONS_KEY, CONVENTIONS_KEY = "options", "conventions"
"""What a program's metadata adds to the file's: the options, and what holds with its source."""
DEFAULT_STEPS = 16


@dataclass(frozen=True)
class Options:
    """The user's overrides; None takes the file's word."""

    dt: float | None = None
    steps: int | None = None
    reset: str | None = None
    initial: str | None = None
    analog: tuple[str, ...] = ()
    delay_edges: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Settings:
    """Options and metadata, resolved; `metadata` also says who decided what."""

    conventions: Conventions
    steps: int
    delay_edges: tuple[tuple[str, str], ...]
    metadata: Mapping[str, Any] = field(default_factory=dict)
    analog: tuple[str, ...] = ()

    def input_port(self, name: str, shape: tuple[int, ...]) -> Input:
        """The input of that name, analog where the file or the user says so."""
        described = self.metadata.get("inputs", {}).get(name, {})
        analog = name in self.analog or bool(described.get("analog", False))
        return Input(
            name,
            shape,
            analog=analog,
            constant=analog and bool(described.get("constant", False)),
            low=float(described.get("low", -1.0)),
            high=float(described.get("high", 1.0)),
        )

    def readout(self, output: str, layer: str) -> Readout:
        """How the output's last membrane becomes a value."""
        described = self.metadata.get("readouts", {}).get(output, {})
        shape = described.get("shape")
        return Readout(
            layer,
            tanh=bool(described.get("tanh", False)),
            shape=None if shape is None else tuple(int(n) for n in np.atleast_1d(shape)),
        )


def resolve(graph: nir.NIRGraph, options: Options) -> Settings:
    """Settings of a graph; ConfigError where something that matters is nowhere stated."""
    metadata = plain((graph.metadata or {}).get(METADATA_KEY, {}))
    if not isinstance(metadata, dict):
        raise GraphError(f"metadata '{METADATA_KEY}' is not a group; export the file again")
    version = metadata.get("version")
    if metadata and (not isinstance(version, int) or version != METADATA_VERSION):
        raise GraphError(
            f"metadata '{METADATA_KEY}' has version {version!r}, this snnvae reads "
            f"{METADATA_VERSION}; export the file again with this version"
        )
    dt = options.dt if options.dt is not None else metadata.get("dt")
    if dt is None:
        raise ConfigError(
            "the file does not say its time step dt, and NIR has no default; "
            "pass --dt in seconds (Norse: 1e-3, snnTorch: 1e-4)"
        )
    if not isinstance(dt, (int, float)) or not np.isfinite(dt) or dt <= 0:
        raise ConfigError(f"dt = {dt!r} is not a positive number of seconds; pass --dt")
    reset = options.reset or metadata.get("reset", "zero")
    initial = options.initial or metadata.get("initial")
    if not isinstance(reset, str) or reset not in get_args(ResetMode):
        raise ConfigError(f"reset = {reset!r}: choose --reset {' or '.join(get_args(ResetMode))}")
    if initial is not None and initial not in get_args(InitialState):
        choices = " or ".join(get_args(InitialState))
        raise ConfigError(f"initial = {initial!r}: choose --initial {choices}")
    steps = options.steps if options.steps is not None else metadata.get("steps", DEFAULT_STEPS)
    if not isinstance(steps, int) or steps < 1:
        raise ConfigError(f"steps = {steps!r} is not a positive whole number; pass --steps")
    check_metadata(metadata, graph)
    names = {name for name, node in graph.nodes.items() if isinstance(node, nir.Input)}
    for name in options.analog:
        if name not in names:
            raise ConfigError(f"--analog {name}: the graph's inputs are {sorted(names)}")
    conventions = Conventions(
        float(dt), cast(ResetMode, reset), cast("InitialState | None", initial)
    )
    stated = {
        "dt": f"{dt:g} s ({_source(options.dt, metadata, 'dt')})",
        "reset": f"{reset} ({_source(options.reset, metadata, 'reset', 'as NIR defines it')})",
        "initial": f"{initial or 'v_leak = v_reset'} "
        f"({_source(options.initial, metadata, 'initial', 'no choice to make')})",
        "steps": f"{steps} ({_source(options.steps, metadata, 'steps', 'by default')})",
    }
    own = {**metadata, OPTIONS_KEY: asdict(options), CONVENTIONS_KEY: stated}
    return Settings(conventions, steps, options.delay_edges, own, options.analog)


def _source(option: object, metadata: Mapping[str, Any], key: str, otherwise: str = "") -> str:
    """Who said it."""
    if option is not None:
        return "option"
    return "file" if key in metadata else otherwise


def plain(value: Any) -> Any:
    """Metadata as NIR's reader gives it → Python scalars, strings, dicts and arrays."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, bytes):
        return value.decode("utf8", "replace")
    if isinstance(value, np.generic) or (isinstance(value, np.ndarray) and value.ndim == 0):
        return value.item()
    return value
