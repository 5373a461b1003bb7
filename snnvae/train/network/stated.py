"""A graph that says by itself what options said of it."""

from __future__ import annotations

import copy
from typing import Any

import nir

from snnvae.deploy.settings import METADATA_KEY, METADATA_VERSION, as_python, resolve
from snnvae.errors import ConfigError
from snnvae.options import Options


def stated(graph: nir.NIRGraph, options: Options) -> nir.NIRGraph:
    """A copy whose metadata holds the conventions, steps and analog inputs of the options.

    ConfigError for what no metadata can say, and what `resolve` raises.
    """
    if options.delay_edges or options.loop_latency != "process":
        raise ConfigError(
            "a file cannot say which edge of a loop carries a step; put a Delay node of dt there"
        )
    found = resolve(graph, options)
    same = copy.deepcopy(graph)
    own: dict[str, Any] = as_python((same.metadata or {}).get(METADATA_KEY, {}))
    own |= {"version": METADATA_VERSION, "steps": found.steps}
    known = {**vars(found.conventions), "loop_bias": found.loop_bias}
    own |= {key: value for key, value in known.items() if value is not None}
    for name in found.analog:
        own["inputs"] = {**own.get("inputs", {})}
        own["inputs"][name] = {**own["inputs"].get(name, {}), "analog": True}
    if options.scales:
        own["scales"] = dict(options.scales)
    same.metadata = {**(same.metadata or {}), METADATA_KEY: own}
    return same
