"""Every class of NIR is supported, or refused with something to do about it."""

from __future__ import annotations

import nir
import nir.ir
import pytest

from snnvae import primitives

CLASSES = [getattr(nir.ir, name) for name in vars(nir.ir)["__all_ir"]]


def homes(kind: type[nir.NIRNode]) -> list[str]:
    found = {
        "synapse": any(kind in s.nir_types for s in primitives.SYNAPSES),
        "neuron": any(kind in n.nir_types for n in primitives.NEURONS),
        "structure": kind in primitives.STRUCTURE,
        "unsupported": kind in primitives.UNSUPPORTED,
    }
    return [home for home, lives_here in found.items() if lives_here]


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_a_nir_class_has_one_home(kind: type[nir.NIRNode]) -> None:
    assert len(homes(kind)) == 1


def test_nothing_else_has_one() -> None:
    listed = {
        *primitives.STRUCTURE,
        *primitives.UNSUPPORTED,
        *(kind for s in primitives.SYNAPSES for kind in s.nir_types),
        *(kind for n in primitives.NEURONS for kind in n.nir_types),
    }
    assert listed == set(CLASSES)


def test_a_refusal_says_what_to_do_in_one_line() -> None:
    for remedy in primitives.UNSUPPORTED.values():
        assert len(remedy.split()) > 3
        assert "\n" not in remedy
