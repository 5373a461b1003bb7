"""Our NIR node, written and read by NIR itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nir
import numpy as np
import pytest

from snnvae.errors import GraphError
from snnvae.primitives import NirConvTranspose2d
from snnvae.primitives.nir_nodes import register, register_nodes


def node(**changes: Any) -> NirConvTranspose2d:
    values = {
        "input_shape": (3, 5),
        "weight": np.arange(2 * 3 * 3 * 2, dtype=np.float32).reshape(2, 3, 3, 2),
        "stride": (2, 1),
        "padding": (1, 0),
        "output_padding": (1, 0),
        "dilation": (1, 2),
        "groups": 2,
        "bias": np.arange(6.0),
    }
    return NirConvTranspose2d(**{**values, **changes})


def test_its_shapes() -> None:
    """(N − 1)·s − 2p + d·(k − 1) + extra + 1: 2·2 − 2 + 2 + 1 + 1 = 6 and 4 + 2 + 1 = 7."""
    assert node().input_type["input"].tolist() == [2, 3, 5]
    assert node().output_type["output"].tolist() == [6, 6, 7]


def test_one_number_stands_for_both_axes() -> None:
    both = node(stride=2, padding=1, output_padding=1, dilation=1)
    assert (both.stride, both.padding, both.output_padding, both.dilation) == (
        (2, 2),
        (1, 1),
        (1, 1),
        (1, 1),
    )


def test_nir_writes_and_reads_it(tmp_path: Path) -> None:
    register_nodes()
    original = node()
    nodes = {
        "in": nir.Input(original.input_type),
        "up": original,
        "out": nir.Output({"output": original.output_type["output"]}),
    }
    nir.write(tmp_path / "g.nir", nir.NIRGraph(nodes, [("in", "up"), ("up", "out")]))
    again = nir.read(tmp_path / "g.nir").nodes["up"]
    assert type(again) is NirConvTranspose2d
    for name in ("input_shape", "stride", "padding", "output_padding", "dilation", "groups"):
        assert getattr(again, name) == getattr(original, name)
    for name in ("weight", "bias"):
        np.testing.assert_array_equal(getattr(again, name), getattr(original, name))
        assert getattr(again, name).dtype == getattr(original, name).dtype
    np.testing.assert_array_equal(again.output_type["output"], original.output_type["output"])


def test_registering_twice_is_harmless() -> None:
    before = list(vars(nir.ir)["__all_ir"])
    register(NirConvTranspose2d)
    assert vars(nir.ir)["__all_ir"] == before
    assert before.count("ConvTranspose2d") == 1


@pytest.mark.parametrize("stride", [(1, 2, 3), 1.5, "two"])
def test_what_is_no_pair_of_whole_numbers_is_refused(stride: Any) -> None:
    with pytest.raises(GraphError, match="whole number"):
        node(stride=stride)
