"""Weights, kernels, pools and shapes: each option by itself, in front of neurons that count."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import nir
import numpy as np
from numpy.typing import NDArray

from snnvae.conform.suite.case import Case, Drawn, chain
from snnvae.conform.suite.neurons import neuron

STEPS = 12
_LINE = (2, 9)
_MAP = (2, 6, 7)


def cases() -> Iterator[Case]:
    """Linear, Affine, Scale, Conv1d, Conv2d, SumPool2d, AvgPool2d, Flatten."""
    yield from _dense()
    yield from _conv1d()
    yield from _conv2d()
    yield from _pools()
    yield from _shapes()


def _case(
    name: str, about: str, shape: tuple[int, ...], out: tuple[int, ...], *nodes: nir.NIRNode,
    threshold: float = 1.205078125, rate: float = 0.5,
) -> Case:  # fmt: skip
    name = f"weights/{name}"
    data = Drawn(name).spikes(STEPS, *shape, rate=rate)
    last = neuron("IF", out, v_threshold=threshold)
    return Case(name, about, chain(shape, *nodes, last, out=out), {"input": data})


def _dense() -> Iterator[Case]:
    for rows, columns in ((1, 1), (1, 5), (5, 1), (4, 6)):
        drawn = Drawn(f"dense-{rows}-{columns}")
        weight = drawn.weights(rows, columns, low=0.25 if columns == 1 else -0.5)
        bias = drawn.weights(rows, low=0.0, high=0.5)
        size = f"{rows}x{columns}"
        yield _case(
            f"Linear-{size}", f"{rows} rows of {columns} weights", (columns,), (rows,),
            nir.Linear(weight),
        )  # fmt: skip
        yield _case(
            f"Affine-{size}", f"{rows} rows of {columns} weights and a bias", (columns,), (rows,),
            nir.Affine(weight, bias),
        )  # fmt: skip
    drawn = Drawn("dense")
    sparse = drawn.weights(4, 6) * drawn.spikes(4, 6, rate=0.3)
    yield _case("Linear-sparse", "most weights are 0", (6,), (4,), nir.Linear(sparse), rate=0.9)
    only = nir.Affine(np.zeros((3, 4), np.float32), drawn.weights(3, low=0.25))
    yield _case("Affine-bias-only", "no weights: a bias alone drives", (4,), (3,), only)
    minus = nir.Affine(drawn.weights(4, 6, low=0.0), drawn.weights(4, low=-0.75, high=-0.25))
    yield _case("Affine-bias-negative", "a bias that holds back", (6,), (4,), minus, rate=0.8)
    two = (nir.Linear(drawn.weights(5, 6)), nir.Linear(drawn.weights(4, 5, low=-0.25)))
    yield _case("Linear-twice", "two weights in a row, nothing between", (6,), (4,), *two)
    biased = (
        nir.Affine(drawn.weights(5, 6), drawn.weights(5)),
        nir.Affine(drawn.weights(4, 5), drawn.weights(4)),
    )
    yield _case("Affine-twice", "a bias through a second matrix", (6,), (4,), *biased)
    yield _case("Scale-vector", "a factor per neuron", (4,), (4,), nir.Scale(
        np.array([0.25, 0.5, 1.0, 2.0], np.float32)))  # fmt: skip
    yield _case("Scale-map", "a factor per place of a map", (2, 2, 3), (2, 2, 3), nir.Scale(
        drawn.weights(2, 2, 3, low=0.25)))  # fmt: skip
    yield _case(
        "Scale-Linear", "a factor, then weights", (6,), (4,),
        nir.Scale(drawn.weights(6, low=0.25)), nir.Linear(drawn.weights(4, 6)),
    )  # fmt: skip


def _conv1d() -> Iterator[Case]:
    options: dict[str, tuple[str, dict[str, Any]]] = {
        "plain": ("no padding, stride 1", {}),
        "stride": ("stride 2", {"stride": 2}),
        "padding": ("zeros on either side", {"padding": 2}),
        "dilation": ("a kernel with holes", {"dilation": 2}),
        "groups": ("two groups", {"groups": 2}),
        "depthwise": ("a kernel for each channel", {"groups": 2, "channels": 2}),
        "same": ("padding by name, an odd kernel", {"padding": "same"}),
        "same-even": ("padding by name, an even kernel", {"padding": "same", "kernel": 4}),
        "valid": ("no padding, by name", {"padding": "valid"}),
        "bias": ("a bias per channel", {"bias": True}),
        "kernel-1": ("a kernel of one place", {"kernel": 1}),
        "all": ("stride, padding, dilation and bias", {
            "stride": 2, "padding": 3, "dilation": 2, "bias": True}),
    }  # fmt: skip
    for name, (about, chosen) in options.items():
        node = _kernel(f"Conv1d-{name}", 1, **chosen)
        out = _through(node, _LINE)
        yield _case(f"Conv1d-{name}", about, _LINE, out, node)


def _conv2d() -> Iterator[Case]:
    options: dict[str, tuple[str, dict[str, Any]]] = {
        "plain": ("no padding, stride 1", {}),
        "oblong": ("a kernel that is not square", {"kernel": (2, 3)}),
        "oblong-padded": ("and padding that is not", {"kernel": (1, 5), "padding": (0, 2)}),
        "stride": ("stride 2, as a number", {"stride": 2}),
        "stride-each": ("a stride per axis", {"stride": (1, 2)}),
        "padding": ("padding 1, as a number", {"padding": 1}),
        "padding-each": ("a padding per axis", {"padding": (2, 1)}),
        "dilation": ("dilation 2", {"dilation": 2}),
        "dilation-each": ("a dilation per axis", {"dilation": (1, 2)}),
        "groups": ("two groups", {"groups": 2}),
        "depthwise": ("a kernel for each channel", {"groups": 2, "channels": 2}),
        "same": ("padding by name, an odd kernel", {"padding": "same"}),
        "same-even": ("padding by name, an even kernel", {"padding": "same", "kernel": (2, 4)}),
        "same-dilated": ("padding by name, with holes", {"padding": "same", "dilation": 2}),
        "valid": ("no padding, by name", {"padding": "valid"}),
        "bias": ("a bias per channel", {"bias": True}),
        "kernel-1": ("a kernel of one place", {"kernel": (1, 1)}),
        "whole": ("a kernel as large as the map", {"kernel": (6, 7)}),
        "one-channel": ("one channel out", {"channels": 1}),
        "all": ("stride, padding, dilation, groups and bias", {
            "stride": (2, 1), "padding": (1, 2), "dilation": (1, 2), "groups": 2, "bias": True}),
    }  # fmt: skip
    for name, (about, chosen) in options.items():
        node = _kernel(f"Conv2d-{name}", 2, **chosen)
        threshold = 7.189453125 if name == "whole" else 1.205078125
        yield _case(f"Conv2d-{name}", about, _MAP, _through(node, _MAP), node, threshold=threshold)
    first, second = _kernel("Conv2d-twice-0", 2), _kernel("Conv2d-twice-1", 2, kernel=(2, 2), of=4)
    out = _through(second, _through(first, _MAP))
    yield _case("Conv2d-twice", "two kernels in a row", _MAP, out, first, second, threshold=2.4)
    behind = _kernel("Conv2d-behind", 2, of=4)
    between = neuron("IF", _through(first, _MAP))
    out = _through(behind, _through(first, _MAP))
    yield _case("Conv2d-layers", "neurons between", _MAP, out, first, between, behind)


def _kernel(
    name: str,
    axes: int,
    *,
    kernel: Any = 3,
    channels: int = 4,
    of: int = 2,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
    bias: bool = False,
) -> nir.NIRNode:
    drawn = Drawn(name)
    size = (kernel,) * axes if isinstance(kernel, int) else kernel
    weight = drawn.weights(channels, of // groups, *size, low=-0.25, high=0.5)
    added: NDArray[np.float32] = drawn.weights(channels, low=0.0, high=0.5) * bias
    shape = None
    if axes == 1:
        return nir.Conv1d(shape, weight, stride, padding, dilation, groups, added)
    return nir.Conv2d(shape, weight, stride, padding, dilation, groups, added)


def _through(node: nir.NIRNode, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape behind a kernel or a pool; the input's is written into a kernel on the way."""
    axes = len(shape) - 1
    size = np.shape(node.weight)[2:] if hasattr(node, "weight") else np.ravel(node.kernel_size)

    def each(values: Any) -> NDArray[np.int64]:
        return np.broadcast_to(np.ravel(values), (axes,)).astype(np.int64)

    spans = each(getattr(node, "dilation", 1)) * (np.array(size) - 1)
    if isinstance(node.padding, str):
        around = spans if node.padding == "same" else 0 * spans
    else:
        around = 2 * each(node.padding)
    outs = (np.array(shape[1:]) + around - spans - 1) // each(node.stride) + 1
    channels = len(node.weight) if hasattr(node, "weight") else shape[0]
    if hasattr(node, "weight"):
        node.input_shape = shape[1] if axes == 1 else shape[1:]
        node.__post_init__()
    return (channels, *outs.tolist())


def _pools() -> Iterator[Case]:
    options: dict[str, tuple[str, tuple[Any, Any, Any]]] = {
        "plain": ("windows side by side", ((2, 2), (2, 2), (0, 0))),
        "overlap": ("windows that overlap", ((3, 3), (1, 1), (0, 0))),
        "gap": ("windows with gaps", ((1, 2), (2, 3), (0, 0))),
        "oblong": ("windows that are not square", ((3, 2), (3, 2), (0, 0))),
        "padding": ("zeros around, which count", ((2, 2), (2, 2), (1, 1))),
        "padding-each": ("a padding per axis", ((3, 2), (2, 2), (1, 0))),
        "whole": ("one window: the whole map", ((6, 7), (6, 7), (0, 0))),
    }
    for kind in ("SumPool2d", "AvgPool2d"):
        for name, (about, sizes) in options.items():
            node = getattr(nir, kind)(*(np.array(size) for size in sizes))
            out = _through(node, _MAP)
            threshold = {"SumPool2d": 1.205078125, "AvgPool2d": 0.6931}[kind]
            threshold = 1.3 * (42 if kind == "SumPool2d" else 1) if name == "whole" else threshold
            yield _case(f"{kind}-{name}", about, _MAP, out, node, threshold=threshold)
    kernel = _kernel("SumPool2d-Conv2d", 2, of=2)
    pool = nir.SumPool2d(np.array((2, 2)), np.array((2, 2)), np.array((0, 0)))
    pooled = _through(pool, _MAP)
    yield _case(
        "SumPool2d-Conv2d", "a pool, then a kernel", _MAP, _through(kernel, pooled), pool, kernel,
        threshold=2.408203125,
    )  # fmt: skip


def _shapes() -> Iterator[Case]:
    drawn = Drawn("shapes")
    whole = nir.Flatten({"input": np.array(_MAP)}, 0, -1)
    size = int(np.prod(_MAP))
    weight = nir.Linear(drawn.weights(4, size, low=-0.25, high=0.25))
    yield _case("Flatten-map", "a map as a vector", _MAP, (size,), whole)
    yield _case("Flatten-Linear", "a map as a vector, then weights", _MAP, (4,), whole, weight)
    for first, last, out in ((1, -1, (2, 42)), (0, 1, (12, 7)), (1, 2, (2, 42)), (2, 2, _MAP)):
        node = nir.Flatten({"input": np.array(_MAP)}, first, last)
        name = f"Flatten-{first}-{'last' if last == -1 else last}"
        yield _case(name, f"axes {first} to {last} become one", _MAP, out, node)
    kernel = _kernel("Flatten-Conv2d", 2)
    behind = _through(kernel, _MAP)
    flat = nir.Flatten({"input": np.array(behind)}, 0, -1)
    many = int(np.prod(behind))
    dense = nir.Linear(drawn.weights(3, many, low=-0.25, high=0.25))
    yield _case(
        "Conv2d-Flatten-Linear",
        "a kernel, a vector of it, weights",
        _MAP,
        (3,),
        kernel,
        flat,
        dense,
    )
