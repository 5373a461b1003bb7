"""The table of supported primitives, from the registry: docs/primitives.md.

``python -m snnvae.primitives.table docs/primitives.md`` writes it; a test holds the two together.
"""

from __future__ import annotations

import inspect
import sys
from pathlib import Path

from snnvae import primitives
from snnvae.files import write_text
from snnvae.primitive import Synapse
from snnvae.primitives.neuron import FloatNeuron


def markdown() -> str:
    """Every NIR node: what it becomes and its equation, or why it is refused."""
    registered: list[type[Synapse] | type[FloatNeuron]] = []
    registered += [*primitives.SYNAPSES, *primitives.NEURONS]
    lines = [
        "# Primitives",
        "",
        "Made by `python -m snnvae.primitives.table docs/primitives.md`.",
        "",
        "| NIR node | becomes | what it computes |",
        "|---|---|---|",
    ]
    lines += [
        f"| {node.__name__} | {cls.__name__} | {_summary(cls)} |"
        for cls in registered
        for node in cls.nir_types
    ]
    lines += [
        f"| {node.__name__} | part of the wiring | {STRUCTURE[node.__name__]} |"
        for node in primitives.STRUCTURE
    ]
    return "\n".join(lines) + "\n"


def _summary(cls: type) -> str:
    """First line of a docstring: the equation."""
    return inspect.cleandoc(cls.__doc__ or "").splitlines()[0].replace("|", "\\|")


STRUCTURE = {
    "Input": "a stream of spikes, or of analog values that the host turns into currents",
    "Output": "names the layer whose spikes or last membrane the user wants",
    "Flatten": "the order of values stays; only the shape changes",
    "Reshape": "as Flatten, to any shape; a node of our own",
    "Delay": "a connection that carries the past; a multiple of dt",
    "NIRGraph": "its nodes become part of the outer graph",
}

if __name__ == "__main__":
    write_text(Path(sys.argv[1]), markdown())
