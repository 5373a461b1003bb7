"""snnvae: from a trained spiking network to neuromorphic hardware, spike for spike."""

from typing import Any

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name == "register_nodes":
        from snnvae.primitives.nir_nodes import register_nodes

        return register_nodes
    raise AttributeError(f"module 'snnvae' has no attribute {name!r}")
