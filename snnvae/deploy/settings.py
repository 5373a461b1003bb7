"""Settles what NIR does not say, from the graph's metadata or the user's options: never guessed.

NIR itself defines the reset (to v_reset); subtraction must be asked for. The number of steps is
no matter of meaning: 16 where neither file, option nor data says it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import nir
import numpy as np

from snnvae.conventions import BY_DEFAULT, Conventions, Stated
from snnvae.deploy.metadata import check_metadata
from snnvae.deploy.presets import PRESETS
from snnvae.errors import ConfigError, GraphError
from snnvae.options import (
    CHOICES,
    DEFAULT_STEPS,
    LOOP_LATENCIES,
    SCALE_PER,
    Options,
    Scales,
    check_dt,
)
from snnvae.program import Input, Readout

METADATA_KEY = "snnvae"
METADATA_VERSION = 1
DEFAULTS = {"reset": "zero", "integrator": "euler", "spike": "above", "gain": "stated"}
"""As NIR's own equations say it. The others have none: where one matters it must be stated."""
_SHOWN = {
    "reset": "",
    "initial": "v_leak = v_reset",
    "integrator": "",
    "spike": "",
    "if_gain": "not needed",
    "loop_bias": "not needed",
}


@dataclass(frozen=True)
class Settings:
    """Options and metadata, resolved. stated: what holds, and who said so.

    loop_bias: where a loop carries the step that NIR leaves out, the bias of its weights is there
    from the first step on ("at-once"), or late as its spikes are ("delayed"); None: nobody said.
    """

    conventions: Conventions
    steps: int
    delay_edges: tuple[tuple[str, str], ...]
    loop_bias: str | None = None
    loop_latency: str = "process"
    scale_per: str = "layer"
    scales: Scales = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    stated: Mapping[str, Stated] = field(default_factory=dict)
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
        """Says how the output's last membrane becomes a value."""
        described = self.metadata.get("readouts", {}).get(output, {})
        shape = described.get("shape")
        return Readout(
            layer,
            tanh=bool(described.get("tanh", False)),
            shape=None if shape is None else tuple(int(n) for n in np.atleast_1d(shape)),
        )


def resolve(graph: nir.NIRGraph, options: Options) -> Settings:
    """Settings of a graph; ConfigError where something that matters is nowhere stated."""
    metadata = as_python((graph.metadata or {}).get(METADATA_KEY, {}))
    if not isinstance(metadata, dict):
        raise GraphError(f"metadata '{METADATA_KEY}' is not a group; export the file again")
    version = metadata.get("version")
    if metadata and (not isinstance(version, int) or version != METADATA_VERSION):
        raise GraphError(
            f"metadata '{METADATA_KEY}' has version {version!r}, this snnvae reads "
            f"{METADATA_VERSION}; export the file again with this version"
        )
    chosen = Choice(options, metadata)
    dt = chosen("dt")
    if dt is None:
        raise ConfigError(
            "the file does not say its time step dt, and NIR has no default; "
            "pass `dt` in seconds (Norse: 1e-3, snnTorch: 1e-4)"
        )
    check_dt(dt)
    steps = options.steps if options.steps is not None else metadata.get("steps", DEFAULT_STEPS)
    if not isinstance(steps, int) or steps < 1:
        raise ConfigError(f"steps = {steps!r} is not a positive whole number; pass `steps`")
    check_metadata(metadata, graph)
    names = {name for name, node in graph.nodes.items() if isinstance(node, nir.Input)}
    for name in options.analog:
        if name not in names:
            raise ConfigError(f"`analog` {name}: the graph's inputs are {sorted(names)}")
    for key, choices in {"loop_latency": LOOP_LATENCIES, "scale_per": SCALE_PER}.items():
        if getattr(options, key) not in choices:
            raise ConfigError(
                f"{key} = {getattr(options, key)!r}: choose `{key}` {' or '.join(choices)}"
            )
    values = {key: chosen(key) for key in CHOICES}
    stated = {
        "dt": Stated(f"{dt:g} s", chosen.source("dt")),
        **{
            key: Stated(str(values[key] or otherwise), chosen.source(key))
            for key, otherwise in _SHOWN.items()
        },
        "steps": Stated(str(steps), chosen.source("steps")),
    }
    if values["gain"] != "stated":
        stated["gain"] = Stated(values["gain"], chosen.source("gain"))
    loop_bias = values.pop("loop_bias")
    return Settings(
        conventions=Conventions(float(dt), **values),
        steps=steps,
        delay_edges=options.delay_edges,
        loop_bias=loop_bias,
        loop_latency=options.loop_latency,
        scale_per=options.scale_per,
        scales=options.scales or metadata.get("scales", {}),
        metadata=metadata,
        stated=stated,
        analog=options.analog,
    )


class Choice:
    """The choice for a convention: the option, else the file, else the named tool, else NIR."""

    def __init__(self, options: Options, metadata: Mapping[str, Any]) -> None:
        self._tool = options.conventions
        if self._tool is not None and self._tool not in PRESETS:
            choices = ", ".join(PRESETS)
            raise ConfigError(f"`conventions` {self._tool}: choose from {choices}")
        preset = PRESETS[self._tool] if self._tool else {}
        self._places = {
            "option": {k: v for k, v in vars(options).items() if v is not None},
            "file": metadata,
            f"conventions {self._tool}": preset,
            BY_DEFAULT: DEFAULTS,
        }

    def source(self, key: str) -> str:
        """Tells who said it."""
        return next((place for place, said in self._places.items() if key in said), BY_DEFAULT)

    def __call__(self, key: str) -> Any:
        """The value, checked; None where nobody said."""
        value = next((said[key] for said in self._places.values() if key in said), None)
        choices = CHOICES.get(key)
        if choices and value is not None and not (isinstance(value, str) and value in choices):
            text = " or ".join(choices)
            raise ConfigError(f"{key} = {value!r}: choose `{key}` {text}")
        return value


def as_python(value: Any) -> Any:
    """Metadata as NIR's reader gives it → Python scalars, strings, dicts and arrays."""
    if isinstance(value, dict):
        return {key: as_python(item) for key, item in value.items()}
    if isinstance(value, bytes):
        return value.decode("utf8", "replace")
    if isinstance(value, np.generic) or (isinstance(value, np.ndarray) and value.ndim == 0):
        return value.item()
    return value
