"""Reshape, a NIR node of our own: NIR has no way from a vector to a map."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import nir
import numpy as np

from snnvae.errors import GraphError
from snnvae.primitives.nir_nodes import register


@dataclass(eq=False)
class Reshape(nir.NIRNode):
    """The same values, in C order, in another shape.

    :param input_shape: shape of the input, without batch and time
    :param output_shape: shape of the output, of as many values
    """

    input_shape: np.ndarray
    output_shape: np.ndarray

    def __post_init__(self) -> None:
        before, after = (
            tuple(int(n) for n in np.atleast_1d(shape))
            for shape in (self.input_shape, self.output_shape)
        )
        if prod(before) != prod(after) or min((*before, *after), default=1) < 1:
            raise GraphError(f"cannot reshape {before} to {after}: not as many values")
        self.input_shape, self.output_shape = np.array(before), np.array(after)
        self.input_type = {"input": np.array(before)}
        self.output_type = {"output": np.array(after)}


register(Reshape)
