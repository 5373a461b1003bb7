"""Every kind of synapse adds what its definition says, in the engine's order of neurons."""

from __future__ import annotations

from math import prod

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnvae.hardware_sim.fast.layout import Layout
from snnvae.hardware_sim.fast.wires import KernelWire, LinearWire, SparseWire, new_currents, wire
from snnvae.primitive import Synapse
from snnvae.primitives import Conv1d, Conv2d, ConvTranspose2d, Linear, OneToOne, Sparse
from snnvae.program import Connection

RNG = np.random.default_rng(5)


def weights(*shape: int) -> np.ndarray:
    return RNG.integers(-127, 128, shape) * 2


def conv(
    kind: type, channels: tuple[int, int], size: int, kernel: int, groups: int = 1, **own: int
):
    c_in, c_out = channels
    stride, padding, dilation = own.get("stride", 1), own.get("padding", 0), own.get("dilation", 1)
    axes = 1 if kind is Conv1d else 2
    span = dilation * (kernel - 1)
    after = (size + 2 * padding - span - 1) // stride + 1
    if kind is ConvTranspose2d:
        after = (size - 1) * stride - 2 * padding + span + 1 + own.get("rest", 0)
    shapes = (c_in, *(size,) * axes), (c_out, *(after,) * axes)
    w = weights(c_out, c_in // groups, *(kernel,) * axes)
    steps = ((stride,) * axes, (padding,) * axes, (dilation,) * axes)
    return kind(*shapes, w, *steps, groups)


CASES: dict[str, tuple[Synapse, type]] = {
    "linear": (Linear((37,), (300,), weights(300, 37)), LinearWire),
    "linear over a map": (Linear((3, 4, 5), (2, 3, 3), weights(18, 60)), LinearWire),
    "point": (conv(Conv2d, (20, 33), 1, 3, padding=1), LinearWire),
    "kernel": (conv(Conv2d, (20, 33), 6, 3, padding=1), KernelWire),
    "strided": (conv(Conv2d, (3, 16), 7, 3, stride=2, padding=1), KernelWire),
    "dilated": (conv(Conv2d, (4, 40), 7, 2, dilation=2), KernelWire),
    "few channels": (conv(Conv2d, (12, 2), 6, 3, padding=1), KernelWire),
    "one channel": (conv(ConvTranspose2d, (32, 1), 6, 3, padding=1), KernelWire),
    "transposed": (conv(ConvTranspose2d, (32, 48), 4, 3, stride=2, padding=1, rest=1), KernelWire),
    "one axis": (conv(Conv1d, (5, 24), 9, 4, stride=2, padding=1), KernelWire),
    "groups": (conv(Conv2d, (8, 32), 5, 3, 2, padding=1), KernelWire),
    "by channel": (conv(Conv2d, (8, 8), 5, 3, 8, padding=1), SparseWire),
    "one to one": (OneToOne((3, 4, 4), (3, 4, 4), weights(3, 4, 4)), SparseWire),
    "sparse": (
        Sparse((50,), (2, 3, 4), weights(24 * 5), RNG.integers(0, 50, 24 * 5), np.arange(25) * 5),
        SparseWire,
    ),
}


def added(synapse: Synapse, x: np.ndarray, dtype: type, delay: int = 1) -> np.ndarray:
    """x (B, T, *in_shape) through a wire, with rows of other steps before."""
    source, target = Layout(synapse.in_shape), Layout(synapse.out_shape)
    made = wire(Connection("w", "a", "b", synapse), source, target, 1.0, dtype)
    rows = np.ones((len(x), x.shape[1] + delay, source.size), np.uint8)
    rows[:, delay:] = 0
    source.inward(x, rows[:, delay:])
    currents = new_currents(len(x), x.shape[1], target.size, dtype)
    made.add(rows, delay, currents)
    out = np.zeros((*x.shape[:2], *synapse.out_shape), dtype)
    target.outward(currents, out)
    unused = np.delete(currents, target.places, axis=2)
    assert not unused.any()
    return out


@pytest.mark.parametrize("rate", [0.02, 0.3, 1.0])
@pytest.mark.parametrize("dtype", [np.int32, np.int64])
@pytest.mark.parametrize("name", CASES)
def test_sums_are_the_definition_s(name: str, dtype: type, rate: float) -> None:
    synapse, kind = CASES[name]
    x = RNG.random((2, 3, *synapse.in_shape)) < rate
    made = wire(
        Connection("w", "a", "b", synapse),
        Layout(synapse.in_shape),
        Layout(synapse.out_shape),
        1.0,
        dtype,
    )
    assert type(made) is kind
    wanted = synapse.apply(x.reshape(-1, *synapse.in_shape).astype(np.int64))
    np.testing.assert_array_equal(added(synapse, x, dtype), wanted.reshape(2, 3, *wanted.shape[1:]))


@pytest.mark.parametrize("name", CASES)
def test_rows_of_single_neurons_hold_their_synapses(name: str) -> None:
    synapse, _ = CASES[name]
    synapse = synapse.with_weight(synapse.weight / 7)
    source, target = Layout(synapse.in_shape), Layout(synapse.out_shape)
    made = wire(Connection("w", "a", "b", synapse), source, target, 2.0**-20, np.int32)
    x = RNG.random((1, 4, *synapse.in_shape)) < 0.4
    rows = np.zeros((1, 4, source.size), np.uint8)
    source.inward(x, rows)
    chosen = RNG.permutation(prod(synapse.out_shape))[:5]
    out = np.zeros((4, len(chosen)))
    made.exact(rows[0], 0, chosen, out)
    wanted = synapse.apply(x[0].astype(float)).reshape(4, -1)[:, chosen]
    np.testing.assert_allclose(out, wanted, atol=1e-11)  # weights off any grid: sums round


@given(st.data())
def test_any_geometry(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from([Conv1d, Conv2d, ConvTranspose2d]))
    number = st.integers
    kernel, stride = data.draw(number(1, 4)), data.draw(number(1, 3))
    dilation, padding = data.draw(number(1, 2)), data.draw(number(0, 2))
    size = data.draw(number(1, 7))
    channels = data.draw(number(1, 20)), data.draw(number(1, 20))
    span = dilation * (kernel - 1)
    after = size + 2 * padding - span
    if kind is ConvTranspose2d:
        after = (size - 1) * stride - 2 * padding + span + 1
    if after < 1:
        return
    synapse = conv(kind, channels, size, kernel, stride=stride, padding=padding, dilation=dilation)
    x = np.random.default_rng(data.draw(number(0, 99))).random((1, 2, *synapse.in_shape)) < 0.4
    wanted = synapse.apply(x[0].astype(np.int64))
    np.testing.assert_array_equal(added(synapse, x, np.int32)[0], wanted)
