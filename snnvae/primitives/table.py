"""The table of supported primitives, from the registry: docs/primitives.md.

``python -m snnvae.primitives.table docs/primitives.md`` writes it; a test holds the two together.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from snnvae import primitives
from snnvae.files import write_text
from snnvae.primitive import Synapse
from snnvae.primitives.neuron import FloatNeuron
from snnvae.table import Table

COLUMNS = ("NIR node", "becomes", "what it computes")

INTRODUCTION = """\
# Primitives

Made by `python -m snnvae.primitives.table docs/primitives.md`.

Every node of NIR 1.0.8 is supported, and four of our own (ConvTranspose2d, SparseAffine, Reshape,
Relay), which `nir.read` opens after `snnvae.register_nodes()`. All of them run in float and in
fixed point, in the emulator and in Lava's batched mode. The column *stock Lava* names the process
of Lava's own that stands for a node in stock mode.
"""
ABOUT_WEIGHTS = """
A DelaySparse stands where a shorter branch must wait (62 steps at most). Fixed point: even integers
of 8 bits in [−256, 254]; behind a layer without spikes, graded spikes of 18 bits and a shift of −7
to 8. Nodes in a row are multiplied into one.
"""
ABOUT_NEURONS = """
`integrator="exponential"` puts 1 − exp(−dt/τ) in place of dt/τ, `exponential-decay` in the decay
only. No LIFReset resets by subtraction, fires at v = v_threshold (`spike="reached"`), starts other
than at v_reset, or sends its membrane to further layers: stock mode refuses such a layer by name.
Fixed point: decays of 12 bits, membranes and currents of 24 bits (clipped, and wrapped once),
thresholds of 17 bits, biases of 13 bits with an exponent of 0 to 7. Parameters may differ from
neuron to neuron; a Loihi 2 process has one decay and one threshold for all, so there this is
refused.
"""


def markdown() -> str:
    """Lists every NIR node: what it becomes, its equation, how it runs and what limits it."""
    weights = [(*row, "float, fixed", "Sparse") for row in _rows(primitives.SYNAPSES)]
    neurons = [
        (*row, _output(cls), "float, fixed", "LIFReset")
        for cls in primitives.NEURONS
        for row in _rows([cls])
    ]
    structure = [(n.__name__, STRUCTURE[n.__name__]) for n in primitives.STRUCTURE]
    parts = [
        INTRODUCTION,
        "## Weights\n",
        _table((*COLUMNS, "precision", "stock Lava"), weights),
        ABOUT_WEIGHTS,
        "## Neurons\n",
        _table((*COLUMNS, "output", "precision", "stock Lava"), neurons),
        ABOUT_NEURONS,
        "## Structure\n",
        _table(("NIR node", "what becomes of it"), structure),
    ]
    return "\n".join(parts) + "\n"


def _table(columns: Sequence[str], rows: Sequence[tuple[str, ...]]) -> str:
    return Table(columns, rows).as_markdown(marked=True)


def _rows(classes: Iterable[type[Synapse] | type[FloatNeuron]]) -> list[tuple[str, str, str]]:
    return [
        (node.__name__, cls.__name__, _summary(cls)) for cls in classes for node in cls.nir_types
    ]


def _output(cls: type[FloatNeuron]) -> str:
    return "spikes" if "spike where" in _summary(cls) or "as LIF" in _summary(cls) else "membrane"


def _summary(cls: type) -> str:
    """First line of a docstring: the equation."""
    return inspect.cleandoc(cls.__doc__ or "").splitlines()[0]


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
