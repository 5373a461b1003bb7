"""A torch module that a user names, and its graph."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from snnvae.commands.options import numbers
from snnvae.errors import ConfigError

if TYPE_CHECKING:
    import nir


def traced_module(
    spec: str,
    weights: Path | None,
    input_shape: str | None,
    *,
    steps: int | None,
    analog: bool,
    over_time: bool,
) -> tuple[Any, nir.NIRGraph]:
    """The module, with the file's weights if there is one, and what `from_norse` makes of it."""
    from snnvae.export import from_norse
    from snnvae.export.user_module import build_module, load_weights
    from snnvae.extras import require

    if input_shape is None:
        raise ConfigError(
            f"{spec} needs --input-shape: its input's sizes without batch and time, such as 2,34,34"
        )
    shape = numbers("--input-shape", input_shape, "2,34,34")
    require("torch", "norse")
    module = build_module(spec)
    if weights is not None:
        load_weights(module, weights)
    graph = from_norse(module, shape, steps=steps, analog=analog, over_time=over_time or None)
    return module, graph
