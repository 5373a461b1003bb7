"""What Norse means and NIR does not say: the conventions that a graph's metadata states."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from snnvae.deploy.settings import METADATA_KEY, METADATA_VERSION
from snnvae.errors import UnsupportedError
from snnvae.export.norse.cells import Neurons


def metadata(
    neurons: Sequence[tuple[str, Neurons]], *, steps: int, analog: bool
) -> dict[str, dict[str, Any]]:
    """Norse's conventions; UnsupportedError where the cells do not agree on one.

    Forward Euler, spikes above the threshold, membranes that start at v_leak (IAF, which has none,
    at v_reset), IF that adds R in each step whatever dt, biases from the first step on.
    """
    if not neurons:
        raise UnsupportedError("the module has no Norse neurons, so it has no time step")
    timed = [(name, n.dt) for name, n in neurons if not n.timeless]
    own: dict[str, Any] = {
        "version": METADATA_VERSION,
        "dt": _common("dt", timed or [(name, n.dt) for name, n in neurons]),
        "steps": steps,
        "initial": "v_leak",
        "reset": _common("reset method", [(name, n.reset) for name, n in neurons], "zero"),
        "integrator": "euler",
        "if_gain": "one",
        "spike": "above",
        "loop_bias": "at-once",
    }
    if analog:
        own["inputs"] = {"input": {"analog": True}}
    return {METADATA_KEY: own}


def _common(what: str, stated: Sequence[tuple[str, Any]], otherwise: Any = None) -> Any:
    """The one value that all cells state which have one."""
    first: dict[Any, str] = {}
    for name, value in stated:
        if value is not None:
            first.setdefault(value, name)
    if len(first) > 1:
        found = ", ".join(f"{value} in '{name}'" for value, name in sorted(first.items()))
        raise UnsupportedError(f"the cells differ in their {what}: {found}; make them equal")
    return next(iter(first), otherwise)
