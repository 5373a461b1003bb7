"""What NIR does not say, from the graph's metadata or the user's options: never guessed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod
from typing import Any, cast, get_args

import nir
import numpy as np

from snnvae.errors import ConfigError, GraphError
from snnvae.primitive import Conventions, InitialState, ResetMode
from snnvae.program import Input, Readout

METADATA_KEY = "snnvae"
METADATA_VERSION = 1
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
    """Options and metadata, resolved."""

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
    if metadata and metadata.get("version") != METADATA_VERSION:
        raise GraphError(
            f"metadata '{METADATA_KEY}' has version {metadata.get('version')}, this snnvae reads "
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
    initial = options.initial or metadata.get("initial", "v_leak")
    if not isinstance(reset, str) or reset not in get_args(ResetMode):
        raise ConfigError(f"reset = {reset!r}: choose --reset {' or '.join(get_args(ResetMode))}")
    if not isinstance(initial, str) or initial not in get_args(InitialState):
        choices = " or ".join(get_args(InitialState))
        raise ConfigError(f"initial = {initial!r}: choose --initial {choices}")
    steps = options.steps if options.steps is not None else metadata.get("steps", DEFAULT_STEPS)
    if not isinstance(steps, int) or steps < 1:
        raise ConfigError(f"steps = {steps!r} is not a positive whole number; pass --steps")
    _check_groups(metadata, graph)
    names = {name for name, node in graph.nodes.items() if isinstance(node, nir.Input)}
    for name in options.analog:
        if name not in names:
            raise ConfigError(f"--analog {name}: the graph's inputs are {sorted(names)}")
    conventions = Conventions(float(dt), cast(ResetMode, reset), cast(InitialState, initial))
    return Settings(conventions, steps, options.delay_edges, metadata, options.analog)


def _check_groups(metadata: Mapping[str, Any], graph: nir.NIRGraph) -> None:
    """GraphError unless 'inputs', 'readouts' and 'sampler' hold what the readers above expect."""
    for name, rule in _members(metadata, "inputs"):
        where = f"metadata 'inputs' of '{name}'"
        _require(all(_is_flag(rule.get(k, False)) for k in ("analog", "constant")), where)
        low, high = rule.get("low", -1.0), rule.get("high", 1.0)
        _require(_is_number(low) and _is_number(high) and low < high, where)
    for name, rule in _members(metadata, "readouts"):
        where = f"metadata 'readouts' of '{name}'"
        _require(_is_flag(rule.get("tanh", False)), where)
        if "shape" in rule:
            shape = np.asarray(rule["shape"])
            _require(shape.dtype.kind in "iu" and shape.ndim <= 1 and (shape > 0).all(), where)
            size = _size(graph, name)
            _require(size in (None, shape.prod()), f"{where}: its shape {shape.tolist()}")
    if "sampler" in metadata:
        sampler = metadata["sampler"]
        _require(isinstance(sampler, dict) and _fits(sampler, graph), "metadata 'sampler'")


def _members(metadata: Mapping[str, Any], key: str) -> list[tuple[str, dict[str, Any]]]:
    """The named groups within a group of the metadata."""
    group = metadata.get(key, {})
    whole = isinstance(group, dict) and all(isinstance(rule, dict) for rule in group.values())
    _require(whole, f"metadata '{key}'")
    return list(group.items())


def _fits(sampler: Mapping[str, Any], graph: nir.NIRGraph) -> bool:
    """Whether the sampler of a kind that feeds an input draws what that input takes."""
    kind = sampler.get("kind")
    if not isinstance(kind, str):
        return False
    size = _size(graph, sampler.get("input"))
    if kind == "fsvae":
        counts = [sampler.get("latents"), sampler.get("k")]
        return all(isinstance(n, int) and n > 0 for n in counts) and size == prod(counts)
    if kind == "esvae-prior":
        weight, bias = np.asarray(sampler.get("weight")), np.asarray(sampler.get("bias"))
        numeric = weight.dtype.kind in "fiu" and bias.dtype.kind in "fiu"
        shaped = numeric and weight.ndim == 2 and weight.shape[0] == size and bias.shape == (size,)
        return bool(shaped and np.isfinite(weight).all() and np.isfinite(bias).all())
    return True


def _size(graph: nir.NIRGraph, name: object) -> int | None:
    """Values of an input or output node; None if there is no such node."""
    node = graph.nodes.get(name) if isinstance(name, str) else None
    if not isinstance(node, (nir.Input, nir.Output)):
        return None
    return int(np.prod(next(iter(node.output_type.values()))))


def _is_flag(value: object) -> bool:
    return isinstance(value, (bool, int))


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and bool(np.isfinite(value))


def _require(good: bool, what: str) -> None:
    if not good:
        raise GraphError(f"{what} makes no sense; export the file again")


def plain(value: Any) -> Any:
    """Metadata as NIR's reader gives it → Python scalars, strings, dicts and arrays."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, bytes):
        return value.decode("utf8", "replace")
    if isinstance(value, np.generic) or (isinstance(value, np.ndarray) and value.ndim == 0):
        return value.item()
    return value
