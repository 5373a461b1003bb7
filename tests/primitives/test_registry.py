"""Every class of NIR is supported."""

from __future__ import annotations

import nir
import nir.ir
import pytest

from snnvae import primitives
from snnvae.primitives.nir_nodes import OWN_NODES, register_nodes

register_nodes()
CLASSES = [getattr(nir.ir, name) for name in vars(nir.ir)["__all_ir"]]


def homes(kind: type[nir.NIRNode]) -> list[str]:
    found = {
        "synapse": any(kind in s.nir_types for s in primitives.SYNAPSES),
        "neuron": any(kind in n.nir_types for n in primitives.NEURONS),
        "structure": kind in primitives.STRUCTURE,
    }
    return [home for home, lives_here in found.items() if lives_here]


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_a_nir_class_has_one_home(kind: type[nir.NIRNode]) -> None:
    assert len(homes(kind)) == 1


def test_nothing_else_has_one() -> None:
    assert set(OWN_NODES) < set(CLASSES)
    listed = {
        *primitives.STRUCTURE,
        *(kind for s in primitives.SYNAPSES for kind in s.nir_types),
        *(kind for n in primitives.NEURONS for kind in n.nir_types),
    }
    assert listed == set(CLASSES)
