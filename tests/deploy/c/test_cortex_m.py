"""The C on emulated Cortex-M cores: the same spikes and membranes as here, and its instructions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from in_code import random_program
from thorough import often

from snnvae import zoo
from snnvae.deploy.c import cortex_m, package
from snnvae.deploy.compile import compile_graph
from snnvae.deploy.microcontroller.network import Network
from snnvae.deploy.run import run
from snnvae.errors import BackendError
from snnvae.export.nir_file import read_nir
from snnvae.hardware_sim import reference
from snnvae.hardware_sim.make_stimulus import build_stimulus
from snnvae.program import Program
from snnvae.recording import Recording
from snnvae.stimulus import Stimulus

pytestmark = pytest.mark.skipif(
    cortex_m.missing() is not None, reason=f"{cortex_m.missing()} is not installed"
)


def assert_written(folder: Path, program: Program, wanted: Recording, *, every: bool) -> None:
    for n, layer in enumerate(program.layers):
        kinds = {"spikes": wanted.spikes.get(layer.name), "final": wanted.final.get(layer.name)}
        if every:
            kinds["membrane"] = wanted.membranes[layer.name]
        for kind, values in kinds.items():
            if values is not None:
                found = np.load(folder / f"layer_{n}_{kind}.npy").reshape(values.shape)
                np.testing.assert_array_equal(found, values, err_msg=f"{layer.name} {kind}")


@pytest.mark.parametrize("core", cortex_m.BOARDS)
def test_a_model_of_the_zoo_draws_and_fires_as_here(core: str, tmp_path: Path) -> None:
    program = compile_graph(read_nir(zoo.path("digits-fsvae")), "fixed").program
    made = package.code(Network.of(program), draws_itself=True)
    path = cortex_m.build(tmp_path, made, core, ("-DNET_TRACE", "-Wall", "-Wextra", "-Werror"))
    ran = cortex_m.run(path, core, ["-n", "2", "-s", "9", "-o", "."])
    assert ran.instructions is None
    wanted = run(program, build_stimulus(program, range(2), seed=9))
    assert_written(tmp_path, program, wanted, every=False)


def on_a_chip(program: Program, stimulus: Stimulus, folder: Path) -> None:
    """With membranes, of inputs that are given; where no host computes currents."""
    network = Network.of(program)
    path = cortex_m.build(folder, package.code(network), "cortex-m3", ("-DNET_TRACE",))
    arguments = ["-t", str(stimulus.steps), "-m", "-o", "."]
    for port in network.spike_inputs:
        name = f"spikes_{network.names[port.name]}"
        np.save(folder / f"{name}.npy", np.ascontiguousarray(stimulus.streams[port.name]))
        arguments.append(f"{name}={name}.npy")
    cortex_m.run(path, "cortex-m3", arguments)
    assert_written(folder, program, reference.run(program, stimulus, membranes=True), every=True)


FEW_FILES = (3, 4, 7, 9, 10, 13, 14, 17, 19, 24, 25, 28, 31, 32, 33, 34, 35, 38, 40, 42, 44, 45)
"""Graphs whose host computes no currents, and whose layers need no more files than newlib opens."""


@pytest.mark.parametrize("seed", often(FEW_FILES, FEW_FILES[:2]))
def test_random_graphs(seed: int, tmp_path: Path) -> None:
    on_a_chip(*random_program(seed), tmp_path)


def test_instructions_are_counted(tmp_path: Path) -> None:
    """More where more fires; the same each time."""
    program = compile_graph(read_nir(zoo.path("glyphs-attribute-vae")), "fixed").program
    network = Network.of(program)
    path = cortex_m.build(tmp_path, package.code(network), "cortex-m4", ("-DNET_CLOCK",))
    counts = []
    for rate in (0.0, 1.0, 1.0):
        arguments = ["-t", "4"]
        for port in network.spike_inputs:
            name = f"spikes_{network.names[port.name]}"
            np.save(tmp_path / f"{name}.npy", np.full((1, 4, *port.shape), bool(rate)))
            arguments.append(f"{name}={name}.npy")
        counts.append(cortex_m.run(path, "cortex-m4", arguments).instructions or 0)
    assert 4 * 640 * 5 < counts[0] < counts[1] == counts[2]


def test_what_fails_is_said_in_a_line(tmp_path: Path) -> None:
    with pytest.raises(BackendError, match=r"arm-none-eabi-gcc failed: .*error"):
        cortex_m.build(tmp_path, {"net.c": "int net = ;"}, "cortex-m3")
