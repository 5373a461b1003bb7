"""The ANN twin of a known network: the VAE at 32², one channel, L = 128."""

from __future__ import annotations

import numpy as np
import pytest

from snnvae.hardware_sim.energy.ann import ann_twin
from snnvae.primitive import Synapse
from snnvae.primitives import LIF, Conv2d, ConvTranspose2d, LeakyIntegrator, Linear
from snnvae.program import Connection, Input, Layer, Program
from snnvae.recording import Recording

ZERO, ONE = np.zeros(()), np.ones(())
STRIDE, PAD, DILATION = (2, 2), (1, 1), (1, 1)


def down(c_in: int, c_out: int, size: int) -> Conv2d:
    weight = np.ones((c_out, c_in, 3, 3))
    half = size // 2
    return Conv2d((c_in, size, size), (c_out, half, half), weight, STRIDE, PAD, DILATION, 1)


def up(c_in: int, c_out: int, size: int, stride: int = 2) -> ConvTranspose2d:
    weight = np.ones((c_out, c_in, 3, 3))
    out = size * stride
    shapes = (c_in, size, size), (c_out, out, out)
    return ConvTranspose2d(*shapes, weight, (stride, stride), PAD, DILATION, 1)


def dense(n_in: tuple[int, ...], n_out: tuple[int, ...]) -> Linear:
    return Linear(n_in, n_out, np.ones((int(np.prod(n_out)), int(np.prod(n_in)))))


def vae() -> Program:
    """Encoder, two heads, decoder. Which latent feeds the decoder is no work of the network's."""
    chain: list[tuple[str, str, str, Synapse]] = [
        ("conv1", "image", "e1", down(1, 32, 32)),
        ("conv2", "e1", "e2", down(32, 64, 16)),
        ("conv3", "e2", "e3", down(64, 128, 8)),
        ("conv4", "e3", "e4", down(128, 256, 4)),
        ("mu", "e4", "μ", dense((256, 2, 2), (128,))),
        ("sigma", "e4", "σ", dense((256, 2, 2), (128,))),
        ("widen", "z", "d0", dense((128,), (256, 2, 2))),
        ("up1", "d0", "d1", up(256, 128, 2)),
        ("up2", "d1", "d2", up(128, 64, 4)),
        ("up3", "d2", "d3", up(64, 32, 8)),
        ("up4", "d3", "d4", up(32, 32, 16)),
        ("last", "d4", "pixels", up(32, 1, 32, stride=1)),
    ]
    neuron = LIF(dv=0.75 * ONE, threshold=ONE)
    readout = LeakyIntegrator(ZERO, ZERO, 0.2 * ONE)
    return Program(
        precision="float",
        dt=1e-3,
        steps=16,
        inputs=(Input("image", (1, 32, 32), analog=True, constant=True), Input("z", (128,))),
        layers=tuple(
            Layer(target, synapse.out_shape, readout if target == "pixels" else neuron)
            for _, _, target, synapse in chain
        ),
        connections=tuple(
            Connection(name, source, target, synapse, on_host=source == "image")
            for name, source, target, synapse in chain
        ),
        outputs={"x": "pixels"},
        readouts={},
    )


def naive(synapse: Synapse) -> int:
    """Borders ignored: every tap of every position, as most counters do."""
    if isinstance(synapse, Linear):
        return synapse.weight.size
    transposed = isinstance(synapse, ConvTranspose2d)
    _, height, width = synapse.in_shape if transposed else synapse.out_shape
    return synapse.weight.size * height * width


def test_the_ann_vae_costs_8_796_320_macs_and_not_10_199_040() -> None:
    program = vae()
    assert ann_twin(program).macs == 8_796_320
    assert sum(naive(c.synapse) for c in program.connections) == 10_199_040


def test_weights_adds_and_activations_of_the_ann_vae() -> None:
    twin = ann_twin(vae())
    encoder = 9 * (32 + 32 * 64 + 64 * 128 + 128 * 256)
    decoder = 9 * (256 * 128 + 128 * 64 + 64 * 32 + 32 * 32 + 32)
    assert twin.weights == encoder + 3 * 1024 * 128 + decoder
    neurons = 8192 + 4096 + 2048 + 1024 + 256 + 1024 + 2048 + 4096 + 8192 + 32768 + 1024
    assert twin.adds == neurons + (neurons - 1024)  # the readout has no activation function
    # All are written; the input, the latent and all but the heads and the pixels are read again.
    assert twin.activations == neurons + (neurons - 256 - 1024) + 1024 + 128


def test_a_loop_counts_once_and_zeros_of_a_linear_map_not_at_all(
    run: tuple[Program, Recording],
) -> None:
    program, _ = run
    macs = {c.name: c.macs for c in ann_twin(program).connections}
    assert macs == {"conv": 200, "fc": 192, "in": 6, "loop": 36, "out": 24}


@pytest.mark.parametrize(
    ("reuse", "terms"), [(False, {"mac", "add"}), (True, {"mac", "add", "weight", "activation"})]
)
def test_quantities(reuse: bool, terms: set[str], run: tuple[Program, Recording]) -> None:
    assert set(ann_twin(run[0]).quantities(reuse)) == terms
