"""The conventions of the tools that write NIR files, for what their files do not say.

docs/conventions.md says where each comes from, and what a tool's own files lose.
"""

from __future__ import annotations

from collections.abc import Mapping

PRESETS: Mapping[str, Mapping[str, str | float]] = {
    # v += dt/τ·(v_leak − v + x), IF: v += x; a module's state starts at v_leak.
    "norse": {
        "dt": 1e-3,
        "integrator": "euler",
        "reset": "zero",
        "initial": "v_leak",
        "spike": "above",
        "if_gain": "one",
        "loop_bias": "at-once",
    },
    # v = β·v + x − threshold·(fired in the last step); τ = dt/(1 − β), r = τ/dt. It has no IF.
    "snntorch": {
        "dt": 1e-4,
        "integrator": "euler",
        "reset": "subtract-delayed",
        "initial": "zero",
        "spike": "above",
        "if_gain": "one",
        "loop_bias": "at-once",
    },
    # v = α·v + (1 − α)·x with α = exp(−1/τ): τ counts steps, so a step is 1. IAF: v += x.
    "sinabs": {
        "dt": 1.0,
        "integrator": "exponential",
        "reset": "subtract",
        "initial": "zero",
        "spike": "reached",
        "if_gain": "one",
        "loop_bias": "delayed",
    },
    # v += (x − (v − v_reset))/τ with τ·dt in the file; IF: v += x, which it writes as r = 1/dt.
    "spikingjelly": {
        "dt": 1e-4,
        "integrator": "euler",
        "reset": "zero",
        "initial": "v_reset",
        "spike": "reached",
        "if_gain": "dt",
        "loop_bias": "at-once",
    },
    # u = β·(u + x); v = α·v + u; then v −= threshold for each spike. r is e^(−dt/τ)·τ/dt for all.
    "rockpool": {
        "dt": 1e-3,
        "integrator": "exponential-decay",
        "reset": "subtract",
        "initial": "zero",
        "spike": "reached",
        "if_gain": "one",
        "gain": "decayed",
        "loop_bias": "at-once",
    },
    # v = β·v + x − threshold·(fired in the last step), τ = dt/(1 − β) with dt = 1, r = β.
    "spyx": {
        "dt": 1.0,
        "integrator": "euler",
        "reset": "subtract-delayed",
        "initial": "zero",
        "spike": "above",
        "if_gain": "one",
        "gain": "one",
        "loop_bias": "at-once",
    },
    # u = (1 − du)·u + x; v = (1 − dv)·v + u + bias. Lava's steps have no length: --dt must say it.
    "lava": {
        "integrator": "euler",
        "reset": "zero",
        "initial": "zero",
        "spike": "above",
        "if_gain": "one",
        "loop_bias": "at-once",
    },
}
