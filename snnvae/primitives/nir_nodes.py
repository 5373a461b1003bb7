"""NIR nodes of our own, and their registration with NIR's reader.

NIR 1.0.8 reads only the classes of a whitelist in `nir.ir`. `register_nodes` adds ours, so that
`nir.read` opens files that hold them; importing this module alone changes nothing of NIR's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import nir
import nir.ir
import numpy as np

from snnvae.primitives.numbers import whole_numbers


@dataclass(eq=False)
class ConvTranspose2d(nir.NIRNode):
    r"""Transposed convolution in 2d, as torch defines it.

    ``y[o, y·s − p + d·j] += Σ_i w[i, o, j] x[i, y]`` per axis, plus the bias; per axis
    ``N_out = (N_in − 1)·stride − 2·padding + dilation·(k − 1) + output_padding + 1``.

    :param input_shape: spatial shape of the input (N_y, N_x)
    :param weight: (C_in, C_out/groups, k_y, k_x)
    :param stride: (s_y, s_x)
    :param padding: (p_y, p_x)
    :param output_padding: rows and columns added at the bottom and the right
    :param dilation: (d_y, d_x)
    :param groups: number of groups
    :param bias: (C_out,)
    """

    input_shape: Any
    weight: np.ndarray
    stride: Any
    padding: Any
    output_padding: Any
    dilation: Any
    groups: int
    bias: np.ndarray

    def __post_init__(self) -> None:
        for name in ("input_shape", "stride", "padding", "output_padding", "dilation"):
            setattr(self, name, whole_numbers(getattr(self, name), 2))
        self.groups = int(self.groups)
        spatial = [
            (n - 1) * s - 2 * p + d * (k - 1) + e + 1
            for n, s, p, d, k, e in zip(
                *(self.input_shape, self.stride, self.padding, self.dilation),
                self.weight.shape[2:],
                self.output_padding,
                strict=True,
            )
        ]
        self.input_type = {"input": np.array([self.weight.shape[0], *self.input_shape])}
        channels = self.weight.shape[1] * self.groups
        self.output_type = {"output": np.array([channels, *spatial])}


@dataclass(eq=False)
class SparseAffine(nir.NIRNode):
    """A linear map and a bias, synapse by synapse: ``y[o] = Σ_i w[o, i] x[i] + b[o]``.

    Input and output are counted in C order; the map is stored as compressed sparse rows.

    :param input_shape: shape of the input
    :param output_shape: shape of the output
    :param weight: weights of the synapses, output by output
    :param indices: the input of each synapse
    :param indptr: where the synapses of each output begin, and the end
    :param bias: one value per output
    """

    input_shape: tuple[int, ...]
    output_shape: tuple[int, ...]
    weight: np.ndarray
    indices: np.ndarray
    indptr: np.ndarray
    bias: np.ndarray

    def __post_init__(self) -> None:
        self.input_type = {"input": np.atleast_1d(np.array(self.input_shape))}
        self.output_type = {"output": np.atleast_1d(np.array(self.output_shape))}


@dataclass(eq=False)
class Relay(nir.NIRNode):
    """Passes on the sum of what it receives in the same step.

    :param shape: shape of input and output
    """

    shape: tuple[int, ...]

    def __post_init__(self) -> None:
        self.input_type = {"input": np.atleast_1d(np.array(self.shape))}
        self.output_type = {"output": np.atleast_1d(np.array(self.shape))}


@dataclass(eq=False)
class Reshape(nir.NIRNode):
    """The same values, in C order, in another shape: NIR has no way from a vector to a map.

    :param input_shape: shape of the input
    :param output_shape: shape of the output, of as many values
    """

    input_shape: tuple[int, ...]
    output_shape: tuple[int, ...]

    def __post_init__(self) -> None:
        self.input_type = {"input": np.atleast_1d(np.array(self.input_shape))}
        self.output_type = {"output": np.atleast_1d(np.array(self.output_shape))}


def register(node_class: type[nir.NIRNode]) -> None:
    """Let NIR's reader know a node class. Harmless when repeated."""
    whitelist = vars(nir.ir)["__all_ir"]
    if node_class.__name__ not in whitelist:
        whitelist.append(node_class.__name__)
    setattr(nir.ir, node_class.__name__, node_class)


OWN_NODES = (ConvTranspose2d, SparseAffine, Relay, Reshape)


def register_nodes() -> None:
    """Let `nir.read` open files that hold our nodes, as `snnvae.read` does by itself.

    >>> import nir, snnvae as sv
    >>> sv.register_nodes()
    >>> len(nir.read(sv.zoo.path("digits-esvae")).nodes)
    10
    """
    for node_class in OWN_NODES:
        register(node_class)
