"""The conventions of the tools that write NIR files, for what their files do not say."""

from __future__ import annotations

from collections.abc import Mapping

PRESETS: Mapping[str, Mapping[str, str | float]] = {
    "norse": {
        "dt": 1e-3,
        "integrator": "euler",
        "reset": "zero",
        "initial": "v_leak",
        "spike": "above",
        "if_gain": "one",
        "loop_bias": "at-once",
    },
    "snntorch": {
        "dt": 1e-4,
        "integrator": "euler",
        "reset": "subtract-delayed",
        "initial": "zero",
        "spike": "above",
        "if_gain": "one",
        "loop_bias": "at-once",
    },
    "sinabs": {
        "dt": 1e-4,
        "integrator": "exponential",
        "reset": "subtract",
        "initial": "zero",
        "spike": "reached",
        "if_gain": "one",
        "loop_bias": "delayed",
    },
    "spikingjelly": {
        "dt": 1e-4,
        "integrator": "euler",
        "reset": "zero",
        "initial": "v_reset",
        "spike": "reached",
        "if_gain": "one",
        "loop_bias": "at-once",
    },
    "lava": {
        "integrator": "euler",
        "reset": "zero",
        "initial": "zero",
        "spike": "above",
        "if_gain": "one",
        "loop_bias": "at-once",
    },
}
