"""Instructions of a Cortex-M, counted by QEMU: events beside dense loops, and of each part."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from benchmarks.c_dense import dense
from benchmarks.result import Aim, Result
from benchmarks.setup import Setup
from snnvae import zoo
from snnvae.deploy.c import cortex_m, package
from snnvae.deploy.compile import compile_graph
from snnvae.deploy.microcontroller.network import Network
from snnvae.export.nir_file import read_nir
from snnvae.primitive import Synapse
from snnvae.primitives import Conv2d, FixedNeuron, Linear, Sparse
from snnvae.primitives.parameters import FixedBias
from snnvae.program import Connection, Input, Layer, Program, Readout

SAMPLES, STEPS = 2, 4
NEVER = np.asarray((1 << 17) - 1)
"""A threshold that no membrane here reaches."""


def c_cortex_m(setup: Setup) -> Result:
    """The digits' FSVAE on a Cortex-M4 beside dense loops; per addition and per neuron on two
    cores."""
    program = compile_graph(read_nir(zoo.path("digits-fsvae")), "fixed").program
    network, steps = Network.of(program), SAMPLES * program.steps
    drawn = package.code(network, draws_itself=True)
    events = _drawn(drawn, "cortex-m4") / steps
    loops = _drawn(dense(network), "cortex-m4") / steps
    details = {}
    for core in ("cortex-m0plus", "cortex-m4"):
        details[f"a step, {core}"] = _drawn(drawn, core) / steps
        details |= {f"{what}, {core}": n for what, n in parts(core).items()}
    return Result(
        "c_cortex_m",
        "C on a Cortex-M4, digits-fsvae",
        events,
        "dense loops in C",
        loops,
        "instructions/step",
        loops / events,
        Aim(2),
        "instructions counted by QEMU, of the same spikes",
        details,
    )


def parts(core: str) -> dict[str, float]:
    """Instructions of an addition in each kind of connection, and of a neuron's update."""
    rng = np.random.default_rng(0)
    few = (rng.random((128, 128)) < 0.1) * rng.integers(1, 128, (128, 128)) * 2
    maps = ((16, 8, 8), (16, 8, 8)), ((16, 8, 8), (1, 8, 8))
    own: dict[str, Synapse] = {
        "dense": Linear((128,), (128,), 2 * rng.integers(-127, 127, (128, 128))),
        "list": Sparse.of(Linear((128,), (128,), few)),
    }
    for name, (source, target) in zip(("kernel, 16 channels", "kernel, 1 channel"), maps):
        weight = 2 * rng.integers(-127, 127, (target[0], source[0], 3, 3))
        own[name] = Conv2d(source, target, weight, (1, 1), (1, 1), (1, 1), 1)
    found: dict[str, float] = {}
    for name, synapse in own.items():
        program = _one(synapse)
        additions = Network.of(program).parts[0].operations
        silent, all_fire = (_given(program, fires, core) for fires in (False, True))
        found[f"addition, {name}"] = (all_fire - silent) / additions
        if name == "dense":
            found["update of a LIF"] = silent / program.layers[0].size
    return found


def _one(synapse: Synapse) -> Program:
    """A layer behind an input."""
    neuron = FixedNeuron(
        "LIF", dv=np.asarray(1024), bias=FixedBias(np.asarray(1), 0), start=np.asarray(0),
        threshold=NEVER,
    )  # fmt: skip
    layer = Layer("layer", synapse.out_shape, neuron)
    wire = Connection("w", "in", "layer", synapse)
    ports = (Input("in", synapse.in_shape),)
    outputs = {"out": "layer"}
    return Program(
        "fixed", 1e-3, STEPS, ports, (layer,), (wire,), outputs, {"out": Readout("layer")}
    )


def _given(program: Program, fires: bool, core: str) -> float:
    """Instructions of a step in which all inputs fire, or none."""
    network = Network.of(program)
    name = f"spikes_{network.names['in']}"
    array = np.full((1, STEPS, *program.inputs[0].shape), fires)
    return _run(package.code(network), core, [f"{name}=in.npy"], {"in.npy": array}) / STEPS


def _drawn(code: Mapping[str, str], core: str) -> float:
    return _run(code, core, ["-n", str(SAMPLES)], {})


def _run(
    code: Mapping[str, str], core: str, arguments: list[str], arrays: Mapping[str, np.ndarray]
) -> float:
    with tempfile.TemporaryDirectory() as folder:
        path = cortex_m.build(Path(folder), code, core, ("-DNET_CLOCK",))
        for name, array in arrays.items():
            np.save(path.parent / name, array)
        found = cortex_m.run(path, core, arguments).instructions
        assert found is not None
        return float(found)
