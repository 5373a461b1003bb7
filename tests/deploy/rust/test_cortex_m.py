"""The crate on emulated Cortex-M cores, under the harness in C: the same spikes and membranes."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest

from snnvae import zoo
from snnvae.deploy.c import cortex_m
from snnvae.deploy.c import package as in_c
from snnvae.deploy.compile import compile_graph
from snnvae.deploy.microcontroller.network import Network
from snnvae.deploy.run import run
from snnvae.deploy.rust import compiler, package
from snnvae.export.nir_file import read_nir
from snnvae.hardware_sim.make_stimulus import build_stimulus

TARGETS = {"cortex-m0plus": "thumbv6m-none-eabi", "cortex-m4": "thumbv7em-none-eabi"}
GLUE = Path(__file__).parents[2] / "support" / "as_c.rs"
LINKED = ("-Wl,--gc-sections,-u,net_reset,-u,net_step", "libas_c.a", "-DNET_TRACE")


def target(core: str) -> str:
    """The compiler's name of a core; a skip where something is not installed."""
    lacks = cortex_m.missing()
    if lacks is not None:
        pytest.skip(f"{lacks} is not installed")
    name = TARGETS[core]
    told = subprocess.run(
        [*compiler.require(), "--print", "target-libdir", "--target", name],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    if not list(Path(told.strip()).glob("libcore*.rlib")):
        pytest.skip(f"rustc is not installed for it: rustup target add {name}")
    return name


@pytest.mark.parametrize("core", TARGETS)
def test_a_model_of_the_zoo_draws_and_fires_as_here(core: str, tmp_path: Path) -> None:
    name = target(core)
    program = compile_graph(read_nir(zoo.path("digits-fsvae")), "fixed").program
    network = Network.of(program)
    (tmp_path / "src").mkdir()
    own = {**package.code(network), "src/as_c.rs": GLUE.read_text("utf8")}
    for path, text in own.items():
        (tmp_path / path).write_text(text, "utf8")
    flags = ["--edition", "2021", "--target", name, "-C", "opt-level=2", "-C", "panic=abort"]
    for crate in (
        ["--crate-name", "net", "--crate-type", "rlib", "-o", "libnet.rlib", "src/lib.rs"],
        ["--crate-type", "staticlib", "--extern", "net=libnet.rlib", "--cfg", 'feature="watched"',
         "-o", "libas_c.a", "src/as_c.rs"],
    ):  # fmt: skip
        subprocess.run([*compiler.require(), *flags, *crate], cwd=tmp_path, check=True)
    harness = in_c.code(network, draws_itself=True)
    harness = {path: harness[path] for path in harness if path not in ("net.c", "net_tables.h")}
    elf = cortex_m.build(tmp_path, harness, core, LINKED)
    cortex_m.run(elf, core, ["-n", "2", "-s", "9", "-o", "."])
    wanted = run(program, build_stimulus(program, range(2), seed=9))
    for n, layer in enumerate(program.layers):
        kind = "spikes" if layer.neuron.spiking else "final"
        values = (wanted.spikes if layer.neuron.spiking else wanted.final)[layer.name]
        found = np.load(tmp_path / f"layer_{n}_{kind}.npy").reshape(values.shape)
        np.testing.assert_array_equal(found, values, err_msg=layer.name)
